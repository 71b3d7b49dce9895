//! `enroll-cert --generate-on-card`: a key that is made on a card and never leaves it, with its certificate.

use std::io::Write;
use std::rc::Rc;

use anyhow::Context;

use crate::base::text;
use crate::cli::flags::{EnrollFlags, ManagementFlags};
use crate::cli::print::print;
use crate::cli::prompt::{NoAnswer, ask_on_terminal};
use crate::cli::secrets::{card, read_secret_file};
use crate::cli::{Failure, Session, Status};
use crate::devices::card::{Card, ManagementKey, NewKey};
use crate::storage::{AtomicFile, Existing};

use super::describe::description;
use super::files::{bad_option, create_with_folder};

/// Makes the key, and writes the certificate to the card and to the file. The card is changed only when everything else
/// is in order: options, file, PIN and management key.
///
/// # Errors
///
/// A [`Failure`]: options that cannot be, or several cards. A file in the way, an occupied slot, everything about the
/// card.
pub fn generate_on_card(flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let options = flags.generate_options();
    let new = NewKey::new(flags.slot, &options, flags.force).map_err(bad_option)?;
    let file = match flags.output_path() {
        Some(path) => Some(create_with_folder(path, Existing::from_force(flags.force))?),
        None => None,
    };
    let key = management_key(&flags.management, session)?;
    let card = only(card::present(&flags.place, &flags.pin, session)?)?;
    let certificate = new.make(&card, &key)?;
    let reader = text::quoted(card.reader());
    let here = || format!("the certificate is on the card, in slot {}, but could not be written", flags.slot);
    write(file, &certificate.to_pem()).with_context(here)?;
    if flags.management.management_key_is_factory_default {
        session.warn("the card has the management key of new cards: whoever has the card can replace its keys");
        session.hint("give it one of its own, after this: yubico-piv-tool -a set-mgm-key");
    }
    let made = description(&certificate, options.now_ns);
    session.note(format!("made in slot {} of the card in {reader}: {made}", flags.slot));
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
            let asked = asked.map_err(|why| match why {
                NoAnswer::NoTerminal => Failure::card("there is no terminal to ask for the management key of the card")
                    .hint("give --management-key-file FILE"),
                NoAnswer::Stopped => Failure::new(Status::Interrupted, "interrupted"),
            })?;
            Ok(ManagementKey::parse(asked.as_bytes())?)
        }
    }
}

/// The one card: a key is not made on any of several.
fn only(cards: Vec<Rc<Card>>) -> anyhow::Result<Rc<Card>> {
    let readers: Vec<_> = cards.iter().map(|card| text::quoted(card.reader())).collect();
    match <[Rc<Card>; 1]>::try_from(cards) {
        Ok([card]) => Ok(card),
        Err(_) => Err(Failure::usage(format!("there are {} cards", readers.len()))
            .hint(format!("choose one: --reader {}", readers.join(", or --reader ")))
            .into()),
    }
}

fn write(file: Option<AtomicFile>, pem: &str) -> anyhow::Result<()> {
    let Some(mut file) = file else { return print(pem) };
    file.file().write_all(pem.as_bytes())?;
    Ok(file.commit()?)
}
