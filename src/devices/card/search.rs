//! The cards that are in the readers, or come in time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::service::{Reader, Service};
use super::{Card, PinPrompt, SlotCertificate, Waiting};
use crate::keys::DeviceError;

/// Between two looks at the readers, where the daemon does not report a change.
const LOOK: Duration = Duration::from_millis(250);

/// Which cards, and how long to wait for them.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Only in readers whose name contains this, however it is written.
    pub reader: Option<String>,
    /// How long to wait for a reader, a card, another program that holds the card, and for somebody to touch it.
    pub wait: Duration,
    /// Ask every slot, also where the card reports that nothing is there.
    pub all_slots: bool,
}

impl Search {
    fn wants(&self, reader: &Reader) -> bool {
        let name = reader.name.to_lowercase();
        self.reader.as_ref().is_none_or(|part| name.contains(&part.to_lowercase()))
    }
}

/// A reader and what is in it.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub reader: String,
    /// The card, or why there is none to talk to.
    pub card: Result<Rc<Card>, DeviceError>,
}

/// Every reader and its card as they are now, in the daemon's order.
///
/// Errors: no daemon, or no reader, or none that is wanted.
pub fn list(search: &Search, prompt: &Rc<RefCell<dyn PinPrompt>>) -> Result<Vec<Listed>, DeviceError> {
    let service = Service::new(search.wait);
    let readers = wanted(&service, search, prompt)?;
    Ok(readers.into_iter().map(|reader| listed(reader, search, prompt)).collect())
}

/// The PIV cards in the readers; waits for the first one.
///
/// Errors: the daemon's; in time came no reader, no card, or none that is a PIV card; what the only card failed with.
pub fn cards(search: &Search, prompt: &Rc<RefCell<dyn PinPrompt>>) -> Result<Vec<Rc<Card>>, DeviceError> {
    let service = Service::new(search.wait);
    let begun = Instant::now();
    loop {
        let error = match wanted(&service, search, prompt) {
            Ok(readers) => {
                let vacant = readers.iter().any(|r| !r.present);
                let (cards, error) = opened(readers, search, prompt);
                if !cards.is_empty() {
                    return Ok(cards);
                }
                // where there is no room for another card, nothing is waited for
                if !vacant && !is_passing(&error) {
                    return Err(error);
                }
                error
            }
            Err(error) if is_passing(&error) => error,
            Err(error) => return Err(error),
        };
        let left = search.wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(error);
        }
        let what = match &error {
            DeviceError::NoReader | DeviceError::UnknownReader(_) => Waiting::Reader,
            DeviceError::Busy => Waiting::OtherProgram,
            _ => Waiting::Card,
        };
        if !prompt.borrow_mut().waiting(what) {
            return Err(DeviceError::Interrupted);
        }
        service.pause(left.min(LOOK), &mut *prompt.borrow_mut())?;
    }
}

/// What goes away when somebody plugs something in, or ends a program.
fn is_passing(error: &DeviceError) -> bool {
    use DeviceError::*;
    matches!(error, NoReader | UnknownReader(_) | NoCard | Removed | Busy)
}

fn wanted(service: &Service, search: &Search, prompt: &Rc<RefCell<dyn PinPrompt>>) -> Result<Vec<Reader>, DeviceError> {
    let readers = service.readers(&mut *prompt.borrow_mut())?;
    if readers.is_empty() {
        return Err(DeviceError::NoReader);
    }
    let wanted: Vec<Reader> = readers.into_iter().filter(|reader| search.wants(reader)).collect();
    match (&search.reader, wanted.is_empty()) {
        (Some(name), true) => Err(DeviceError::UnknownReader(name.clone())),
        _ => Ok(wanted),
    }
}

/// The cards that opened; and what the first of the others failed with, an empty reader last.
fn opened(readers: Vec<Reader>, search: &Search, prompt: &Rc<RefCell<dyn PinPrompt>>) -> (Vec<Rc<Card>>, DeviceError) {
    let (mut cards, mut error) = (Vec::new(), None);
    for listed in readers.into_iter().map(|reader| listed(reader, search, prompt)) {
        match listed.card {
            Ok(card) => cards.push(card),
            Err(DeviceError::NoCard) => {}
            Err(e) => {
                error.get_or_insert(e);
            }
        }
    }
    (cards, error.unwrap_or(DeviceError::NoCard))
}

fn listed(reader: Reader, search: &Search, prompt: &Rc<RefCell<dyn PinPrompt>>) -> Listed {
    let card = if reader.present {
        let service = Service::of(&reader.name, search.wait);
        Card::open(service, search.all_slots, Rc::clone(prompt)).map(Rc::new)
    } else {
        Err(DeviceError::NoCard)
    };
    Listed { reader: reader.name, card }
}

impl Listed {
    /// The certificates of the card; none where there is no card.
    pub fn certificates(&self) -> &[SlotCertificate] {
        self.card.as_ref().map_or(&[], |card| card.certificates())
    }
}
