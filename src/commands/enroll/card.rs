//! `enroll-cert --from-card` and `--list`: certificates on smart cards.

use std::rc::Rc;

use serde::Serialize;

use crate::base::json::line;
use crate::base::{text, wall_ns};
use crate::cli::flags::{CardPlaceFlags, EnrollFlags, PinFlags};
use crate::cli::print::print;
use crate::cli::secrets::card::{broken, everything, present};
use crate::cli::{Failure, Session};
use crate::devices::card::{Card, Listed, Slot, SlotCertificate};
use crate::keys::{Certificate, DeviceError, Enrolment};

use super::describe::description;
use super::files::write;
use super::take::{trust, usable};

/// Takes the certificate from the card, checks it and writes it.
///
/// # Errors
///
/// A [`Failure`]: several cards, or an empty slot; no certificate that could be used. No card; reading and writing.
pub fn from_card(flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let cards = present(&flags.place, &PinFlags::default(), session)?;
    let (card, found) = choose(&cards, flags.slot)?;
    let certificate = match (&found.certificate, broken(card.reader(), found)) {
        (Ok(certificate), None) => certificate,
        (_, broken) => return Err(broken.unwrap_or(DeviceError::NoCertificate(card.reader().to_owned())).into()),
    };
    let place = format!("slot {} of {}", flags.slot, text::quoted(card.reader()));
    if found.usable().is_none() {
        let message = format!("the key in {place} is {}, which cannot open streams on a card", certificate.key_type());
        return Err(Failure::refused(message)
            .hint("cards open with RSA of 2048, 3072 or 4096 bits, P-256 and P-384")
            .into());
    }
    let now_ns = wall_ns();
    let enrolment = Enrolment { certificates: vec![certificate.clone()], ..Enrolment::default() };
    let written = usable(certificate, &enrolment, &place, &trust(&flags.trust, now_ns, session)?, now_ns, session)?;
    write(&written, flags.output_path(), flags.force, session)?;
    session.note(format!("enrolled from {place}: {}", description(certificate, now_ns)));
    Ok(())
}

/// The only card with something in the slot.
fn choose(cards: &[Rc<Card>], slot: Slot) -> anyhow::Result<(&Rc<Card>, &SlotCertificate)> {
    let in_slot = |card: &Rc<Card>| card.certificates().iter().position(|c| c.slot == slot);
    let found: Vec<_> =
        cards.iter().filter_map(|card| Some((card, card.certificates().get(in_slot(card)?)?))).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let others: Vec<_> =
                cards.iter().flat_map(|card| card.certificates()).filter(|c| c.usable().is_some()).collect();
            let readers: Vec<_> = cards.iter().map(|card| text::quoted(card.reader())).collect();
            let failure =
                |status: fn(String) -> Failure| status(format!("slot {slot} of {} is empty", readers.join(" and ")));
            Err(match others.as_slice() {
                [] => failure(Failure::refused).hint(
                    "make a key and a certificate there first: enroll-cert --generate-on-card, or the tool of the card",
                ),
                others => {
                    let others: Vec<_> = others.iter().map(|c| format!("--slot {} ({})", c.slot, subject(c))).collect();
                    failure(Failure::usage).hint(format!("choose one: {}", others.join(", ")))
                }
            }
            .into())
        }
        several => {
            let readers: Vec<_> =
                several.iter().map(|(card, _)| format!("--reader {}", text::quoted(card.reader()))).collect();
            Err(Failure::usage(format!("there are {} cards", several.len()))
                .hint(format!("choose one: {}", readers.join(" or ")))
                .into())
        }
    }
}

fn subject(c: &SlotCertificate) -> String {
    c.certificate.as_ref().map_or_else(|why| why.clone(), |c| text::printable(c.subject()))
}

/// The whole answer as JSON. Its keys are documented in the command's manual page: they are a promise.
#[derive(Serialize)]
struct Answer {
    version: u8,
    readers: Vec<OneReader>,
}

#[derive(Serialize)]
struct OneReader {
    reader: String,
    card: bool,
    reason: Option<String>,
    certificates: Vec<One>,
}

#[derive(Serialize)]
struct One {
    slot: String,
    opens: bool,
    usable: bool,
    reason: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    key_type: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    sha256: Option<String>,
}

/// Writes every reader and what is in it to stdout.
///
/// # Errors
///
/// No daemon, no reader, no PIV card.
pub fn list_cards(place: &CardPlaceFlags, json: bool, session: &Session) -> anyhow::Result<()> {
    let readers = everything(place, session)?;
    let now_ns = wall_ns();
    print(&if json {
        line(&Answer { version: 1, readers: readers.iter().map(|r| one_reader(r, now_ns)).collect() })
    } else {
        readers.iter().map(|r| as_text(r, now_ns)).collect()
    })?;
    let mut errors = Vec::new();
    for reader in readers {
        match reader.card {
            Ok(_) => return Ok(()),
            Err(e) => errors.push(e),
        }
    }
    // a reader that is empty says less than one with something wrong in it
    let worst = errors.iter().find(|e| **e != DeviceError::NoCard).or(errors.first());
    Err(worst.cloned().unwrap_or(DeviceError::NoReader).into())
}

fn as_text(listed: &Listed, now_ns: i64) -> String {
    let name = text::printable(&listed.reader);
    let mut out = match &listed.card {
        Ok(card) if card.certificates().is_empty() => format!("{name}: a PIV card without certificates\n"),
        Ok(_) => format!("{name}: a PIV card\n"),
        Err(e) => return format!("{name}: {}\n", text::printable(&e.to_string())),
    };
    for c in listed.certificates() {
        let what = match (&c.certificate, c.usable(), against(c, now_ns)) {
            (Err(why), ..) => format!("cannot be read: {}", text::printable(why)),
            (Ok(it), None, _) => format!("opens nothing (unsupported key): {}", description(it, now_ns)),
            (Ok(it), Some(_), None) => format!("opens streams: {}", description(it, now_ns)),
            (Ok(it), Some(_), Some(why)) => {
                format!("opens streams, not for new ones ({why}): {}", description(it, now_ns))
            }
        };
        out += &format!("  {}  {what}\n", c.slot);
    }
    out
}

/// Why nothing can be encrypted to it; `None` when it can.
fn against(c: &SlotCertificate, now_ns: i64) -> Option<String> {
    match &c.certificate {
        Ok(certificate) => certificate.usability(now_ns).err().map(|why| why.to_string()),
        Err(why) => Some(why.clone()),
    }
}

fn one_reader(listed: &Listed, now_ns: i64) -> OneReader {
    OneReader {
        reader: listed.reader.clone(),
        card: listed.card.is_ok(),
        reason: listed.card.as_ref().err().map(ToString::to_string),
        certificates: listed.certificates().iter().map(|c| one(c, now_ns)).collect(),
    }
}

fn one(c: &SlotCertificate, now_ns: i64) -> One {
    let known = c.certificate.as_ref().ok();
    let reason = against(c, now_ns);
    One {
        slot: c.slot.to_string(),
        opens: c.usable().is_some(),
        usable: reason.is_none(),
        reason,
        subject: known.map(|c| c.subject().to_owned()),
        issuer: known.map(|c| c.issuer().to_owned()),
        serial: known.map(Certificate::serial_hex),
        key_type: known.map(|c| c.key_type().to_string()),
        not_before: known.map(Certificate::not_before_text),
        not_after: known.map(Certificate::not_after_text),
        sha256: known.map(|c| text::hex(&c.fingerprint())),
    }
}
