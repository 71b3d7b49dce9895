//! `enroll-cert --generate-on-card`: a key that is made on a card and never leaves it, with its certificate.

use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context;
use clap::Args;

use crate::base::text;
use crate::cli::secrets::passphrase::ask_on_terminal;
use crate::cli::{
    Failure, Session,
    secrets::{CardPlaceFlags, PinFlags, card, read_secret_file},
};
use crate::keys::card::{Card, ManagementKey, NewKey, Slot};
use crate::keys::{GenerateOptions, KeyError};
use crate::storage::{AtomicFile, Existing};

use super::{create_with_folder, description};

/// Where the card's management key comes from; without any of them it is asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct ManagementFlags {
    /// Read the management key of the card from FILE: 32, 48 or 64 hexadecimal digits
    #[arg(long, value_name = "FILE", requires = "generate_on_card")]
    pub management_key_file: Option<PathBuf>,

    /// The management key is that of new cards, which everybody knows
    #[arg(long, requires = "generate_on_card", conflicts_with = "management_key_file")]
    pub management_key_is_factory_default: bool,
}

/// What to make, and where.
#[derive(Debug, Clone)]
pub struct OnCard {
    /// The slot on the card.
    pub slot: Slot,
    /// Name, kind of key and validity.
    pub options: GenerateOptions,
    /// The certificate's file; `None` is stdout.
    pub output: Option<PathBuf>,
    /// Replace that file, and what is in the slot.
    pub force: bool,
    /// The card.
    pub place: CardPlaceFlags,
    /// Its PIN.
    pub pin: PinFlags,
    /// Its management key.
    pub management: ManagementFlags,
}

/// Makes the key, and writes the certificate to the card and to the file. The card is changed only when everything else is
/// in order: options, file, PIN and management key.
///
/// # Errors
///
/// Options that cannot be, or several cards (2); a file in the way (1); an occupied slot (4); everything about the card (5).
pub fn generate_on_card(job: &OnCard, session: &Session) -> anyhow::Result<()> {
    let new = NewKey::new(job.slot, &job.options, job.force).map_err(|error| match error {
        KeyError::BadOption(why) => Failure::usage(why).into(),
        error => anyhow::Error::from(error),
    })?;
    let file = match &job.output {
        Some(path) => Some(create_with_folder(path, Existing::from_force(job.force))?),
        None => None,
    };
    let key = management_key(&job.management, session)?;
    let card = only(card::present(&job.place, &job.pin, session)?)?;
    let certificate = new.make(&card, &key)?;
    let reader = text::quoted(card.reader());
    let here = || format!("the certificate is on the card, in slot {}, but could not be written", job.slot);
    write(file, &certificate.to_pem()).with_context(here)?;
    if job.management.management_key_is_factory_default {
        session.warn("the card has the management key of new cards: whoever has the card can replace its keys");
        session.hint("give it one of its own, after this: yubico-piv-tool -a set-mgm-key");
    }
    let made = description(&certificate, job.options.now_ns);
    session.note(format!("made in slot {} of the card in {reader}: {made}", job.slot));
    Ok(())
}

fn management_key(flags: &ManagementFlags, session: &Session) -> anyhow::Result<ManagementKey> {
    if flags.management_key_is_factory_default {
        return Ok(ManagementKey::factory_default());
    }
    match &flags.management_key_file {
        Some(path) => {
            let text = read_secret_file(path, session)?;
            Ok(ManagementKey::parse(&text).with_context(|| format!("cannot use {}", text::quoted_path(path)))?)
        }
        None => {
            let asked = ask_on_terminal("management key of the card, in hexadecimal digits: ", session);
            let no_terminal = || {
                Failure::card("there is no terminal to ask for the management key of the card")
                    .hint("give --management-key-file FILE")
            };
            Ok(ManagementKey::parse(asked.ok_or_else(no_terminal)?.as_bytes())?)
        }
    }
}

/// The one card: a key is not made on any of several.
fn only(cards: Vec<Rc<Card>>) -> anyhow::Result<Rc<Card>> {
    let readers: Vec<_> = cards.iter().map(|card| text::quoted(card.reader())).collect();
    match <[Rc<Card>; 1]>::try_from(cards) {
        Ok([card]) => Ok(card),
        Err(_) => Err(Failure::usage(format!("there are {} cards", readers.len()))
            .hint(format!("say which one: --reader {}", readers.join(", or --reader ")))
            .into()),
    }
}

fn write(file: Option<AtomicFile>, pem: &str) -> anyhow::Result<()> {
    match file {
        Some(mut file) => {
            file.file().write_all(pem.as_bytes())?;
            Ok(file.commit()?)
        }
        None => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(pem.as_bytes())?;
            Ok(stdout.flush()?)
        }
    }
}
