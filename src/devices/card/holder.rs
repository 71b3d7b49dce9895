//! One card in a reader: what is on it, and its PIN for as long as the command runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::piv::{KeyInput, check_pin};
use super::service::Service;
use super::{PinPrompt, PinRequest, Piv, Slot, SlotCertificate, Tries};
use crate::keys::{Certificate, DeviceError};

/// Maximum number of results that are kept. Whoever seeks in a stream comes past the same key session again and again.
const RESULTS: usize = 256;

/// What a key did: slot, input, output.
type Done = (Slot, Vec<u8>, Zeroizing<Vec<u8>>);

/// A PIV card. Its PIN is asked for at the first operation of a key that needs it, and kept in memory that is wiped;
/// the card itself forgets it at the end of every transaction.
pub struct Card {
    service: Service,
    prompt: Rc<RefCell<dyn PinPrompt>>,
    certificates: Vec<SlotCertificate>,
    pin: RefCell<Option<Zeroizing<Vec<u8>>>>,
    /// Why the PIN was not accepted: it is not tried again, a wrong one would be counted each time.
    refused: RefCell<Option<DeviceError>>,
    results: RefCell<VecDeque<Done>>,
    /// The connection on which it was seen that this is the card.
    connection: Cell<u64>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("reader", &self.reader()).finish_non_exhaustive()
    }
}

impl Card {
    /// Reads the certificates of the card that `service` leads to; `all` as for [`Piv::certificates`].
    pub(super) fn open(service: Service, all: bool, prompt: Rc<RefCell<dyn PinPrompt>>) -> Result<Self, DeviceError> {
        let certificates = service.talk(&mut *prompt.borrow_mut(), move |piv, _| {
            piv.select()?;
            piv.certificates(all)
        })?;
        let connection = Cell::new(service.connection());
        Ok(Card {
            service,
            prompt,
            certificates,
            pin: RefCell::new(None),
            refused: RefCell::new(None),
            results: RefCell::default(),
            connection,
        })
    }

    /// Name of the reader that the card is in.
    pub fn reader(&self) -> &str {
        self.service.reader()
    }

    /// What was found in its slots, the empty ones left out.
    pub fn certificates(&self) -> &[SlotCertificate] {
        &self.certificates
    }

    /// Talks to the card within one transaction, with the PIV application selected. A PIN that `talk` gave is taken
    /// back at its end.
    ///
    /// Errors: those of `talk`; a card that is gone, held by others or silent.
    pub fn transaction<T: Send + 'static>(
        &self,
        talk: impl FnOnce(&Piv<'_>) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        self.service.talk(&mut *self.prompt.borrow_mut(), move |piv, _| {
            piv.select()?;
            talk(piv)
        })
    }

    /// The same with the PIN, asked for unless it is known, given first.
    ///
    /// Errors: as [`Card::transaction`], and everything about the PIN.
    pub fn with_pin<T: Send + 'static>(
        &self,
        talk: impl Fn(&Piv<'_>) -> Result<T, DeviceError> + Send + Clone + 'static,
    ) -> Result<T, DeviceError> {
        self.verified(None, talk)
    }

    /// One bare operation of the key of `slot`, with the PIN where it is needed. The same input is given to the card
    /// once.
    pub(super) fn operate(
        &self,
        slot: Slot,
        certificate: &Certificate,
        kind: KeyInput,
        input: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        if let Some((.., output)) = self.results.borrow().iter().find(|(s, i, _)| *s == slot && i == input) {
            return Ok(output.clone());
        }
        let (key_type, theirs) = (certificate.key_type().clone(), input.to_vec());
        let operation = move |piv: &Piv<'_>| piv.operate(slot, &key_type, kind, &theirs);
        let here = (slot, certificate.clone());
        let output = if slot.needs_pin() { self.verified(Some(here), operation) } else { self.transaction(operation) }?;
        let mut results = self.results.borrow_mut();
        if results.len() == RESULTS {
            results.pop_front();
        }
        results.push_back((slot, input.to_vec(), output.clone()));
        Ok(output)
    }

    /// PIN and operation in one transaction. After a card was put in anew, it must still have `here`: a PIN is not for
    /// another card, which would count it as a wrong one.
    fn verified<T: Send + 'static>(
        &self,
        here: Option<(Slot, Certificate)>,
        talk: impl Fn(&Piv<'_>) -> Result<T, DeviceError> + Send + Clone + 'static,
    ) -> Result<T, DeviceError> {
        let here = here
            .or_else(|| self.certificates.iter().find_map(|c| Some((c.slot, c.certificate.as_ref().ok()?.clone()))));
        let mut wrong = None;
        loop {
            let pin = self.pin(wrong).map_err(|e| self.remember(e))?;
            let (here, talk, known) = (here.clone(), talk.clone(), self.connection.get());
            let result = self.service.talk(&mut *self.prompt.borrow_mut(), move |piv, connection| {
                piv.select()?;
                if let Some((slot, certificate)) = here.filter(|_| connection != known) {
                    let found = piv.certificate(slot)?.and_then(|c| c.certificate.ok());
                    if found.as_ref() != Some(&certificate) {
                        return Err(DeviceError::OtherCard);
                    }
                }
                piv.verify(&pin)?;
                talk(piv)
            });
            match result {
                Err(DeviceError::WrongPin { left }) => {
                    *self.pin.borrow_mut() = None;
                    wrong = Some(left);
                }
                Err(e @ (DeviceError::Blocked | DeviceError::MalformedPin(_))) => {
                    *self.pin.borrow_mut() = None;
                    return Err(self.remember(e));
                }
                result => {
                    if result.is_ok() {
                        self.connection.set(self.service.connection());
                    }
                    return result;
                }
            }
        }
    }

    /// Keeps what is said of the PIN.
    fn remember(&self, error: DeviceError) -> DeviceError {
        use DeviceError::*;
        if matches!(error, WrongPin { .. } | Blocked | MalformedPin(_) | LastTry | NoPin) {
            *self.refused.borrow_mut() = Some(error.clone());
        }
        error
    }

    /// The PIN of this run; asked for with the number of tries that are left, so that nobody spends the last one
    /// unawares.
    fn pin(&self, wrong: Option<u32>) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        if let Some(error) = &*self.refused.borrow() {
            return Err(error.clone());
        }
        if let Some(pin) = &*self.pin.borrow() {
            return Ok(pin.clone());
        }
        let left = match wrong {
            Some(left) => Some(left),
            None => match self.transaction(|piv| {
                // another program may have left the card open, and then it does not report it
                if piv.tries()? == Tries::Verified {
                    piv.log_out()?;
                }
                piv.tries()
            })? {
                Tries::Left(0) => return Err(DeviceError::Blocked),
                Tries::Left(left) => Some(left),
                Tries::Verified => None,
            },
        };
        let request = PinRequest { reader: self.reader(), left, wrong: wrong.is_some() };
        let pin = self.prompt.borrow_mut().pin(request)?;
        check_pin(&pin)?;
        *self.pin.borrow_mut() = Some(pin.clone());
        Ok(pin)
    }
}
