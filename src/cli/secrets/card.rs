//! Smart cards at the command line: finds them, asks for their PIN, shows what is waited for.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::devices::card::{Card, Listed, PinPrompt, Search, SlotCertificate, cards, list};
use crate::keys::{DeviceError, Identity};

use super::card_prompt::CardPrompt;
use crate::base::text;
use crate::cli::Session;
use crate::cli::flags::{CardFlags, CardPlaceFlags, PinFlags};

/// The private keys of the cards that are there or come in time; the PIN is not asked for yet.
///
/// # Errors
///
/// [`DeviceError`]: no daemon, reader, card, or certificate that can be used. A [`crate::cli::Failure`]: the PIN's file
/// cannot be read.
pub fn identities(flags: &CardFlags, pin: &PinFlags, session: &Session) -> anyhow::Result<Vec<Box<dyn Identity>>> {
    let prompt = prompt(pin, flags.pin_last_try, flags.place.wait, session)?;
    let found = cards(&search(&flags.place, false), &prompt)?;
    let mut keys: Vec<Box<dyn Identity>> = Vec::new();
    for card in &found {
        keys.extend(card.identities().into_iter().map(|key| Box::new(key) as Box<dyn Identity>));
    }
    let damaged = found.iter().filter_map(|card| damaged(card));
    if keys.is_empty() {
        let names: Vec<_> = found.iter().map(|card| card.reader()).collect();
        let none = DeviceError::NoCertificate(names.join("\" and \""));
        return Err({ damaged }.next().unwrap_or(none).into());
    }
    // nothing of them is needed, where something else opens the stream
    damaged.for_each(|e| session.warn(e.to_string()));
    Ok(keys)
}

/// What is wrong with the first certificate of the card that cannot be read.
pub fn damaged(card: &Card) -> Option<DeviceError> {
    card.certificates().iter().find_map(|c| broken(card.reader(), c))
}

/// What is wrong with this one; `None` when nothing is.
pub fn broken(reader: &str, c: &SlotCertificate) -> Option<DeviceError> {
    let why = c.certificate.as_ref().err()?;
    Some(DeviceError::BadCertificate { reader: reader.to_owned(), slot: c.slot.to_string(), why: why.clone() })
}

/// Every reader with its card, all slots read.
///
/// # Errors
///
/// [`DeviceError`]: no daemon, or no such reader.
pub fn everything(flags: &CardPlaceFlags, session: &Session) -> anyhow::Result<Vec<Listed>> {
    let prompt = prompt(&PinFlags::default(), false, flags.wait, session)?;
    Ok(list(&search(flags, true), &prompt)?)
}

/// The cards that are there or come in time, all slots read. PINs come from where `pin` says.
///
/// # Errors
///
/// As [`identities`].
pub fn present(flags: &CardPlaceFlags, pin: &PinFlags, session: &Session) -> anyhow::Result<Vec<Rc<Card>>> {
    let prompt = prompt(pin, false, flags.wait, session)?;
    Ok(cards(&search(flags, true), &prompt)?)
}

fn search(flags: &CardPlaceFlags, all_slots: bool) -> Search {
    Search { reader: flags.reader.clone(), wait: flags.wait, all_slots }
}

fn prompt(
    pin: &PinFlags,
    last_try: bool,
    wait: Duration,
    session: &Session,
) -> anyhow::Result<Rc<RefCell<dyn PinPrompt>>> {
    Ok(Rc::new(RefCell::new(CardPrompt::open(pin, last_try, text::human_duration(wait), session)?)))
}
