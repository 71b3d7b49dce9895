//! The commands of a PIV card (SP 800-73-4, part 2) that listing and decrypting take, within one transaction.

use std::cell::Cell;

use zeroize::Zeroizing;

use super::exchange::{Answer, OK, Patience, Transmit, exchange};
use super::slot::algorithm;
use super::{Slot, SlotCertificate, object, tlv};
use crate::keys::{DeviceError, KeyType};

const APPLICATION: [u8; 9] = [0xa0, 0, 0, 3, 8, 0, 0, 0x10, 0];
/// Reference of the card application's PIN.
const PIN: u8 = 0x80;
/// Length of a PIN as it is sent, in bytes, filled up with FF.
const PIN_BLOCK: usize = 8;
const DYNAMIC_AUTHENTICATION: u8 = 0x7c;
const RESPONSE: u8 = 0x82;

/// What a key is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyInput {
    /// A number below the modulus, to be raised to the private exponent: decryption and signature alike.
    Challenge = 0x81,
    /// The other one's point.
    Point = 0x85,
}

/// How many wrong PINs the card will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// The number of tries; 0 is blocked.
    Left(u32),
    /// The PIN has been given already, and the card does not report how many tries are left.
    Verified,
}

/// A PIV card within a transaction.
pub struct Piv<'a> {
    card: &'a dyn Transmit,
    reader: &'a str,
    verified: Cell<bool>,
}

impl<'a> Piv<'a> {
    /// Speaks through `card`, which is in the reader of that name.
    pub fn new(card: &'a dyn Transmit, reader: &'a str) -> Self {
        Piv { card, reader, verified: Cell::new(false) }
    }

    /// Whether a PIN was accepted here and not taken back.
    pub fn is_verified(&self) -> bool {
        self.verified.get()
    }

    /// Any command of class 00: INS, P1, P2, data. The answer's data may be secret.
    pub fn command(&self, head: [u8; 3], data: &[u8], patience: Patience) -> Result<Answer, DeviceError> {
        exchange(self.card, head, data, true, patience)
    }

    /// Selects the PIV application. Errors: [`DeviceError::NotPiv`].
    pub fn select(&self) -> Result<(), DeviceError> {
        match self.command([0xa4, 4, 0], &APPLICATION, Patience::Short)?.status {
            OK => Ok(()),
            _ => Err(DeviceError::NotPiv(self.reader.to_owned())),
        }
    }

    /// A data object, with its outer tag 53; `None` when there is none, or not without a PIN.
    pub fn object(&self, tag: &[u8; 3]) -> Result<Option<Zeroizing<Vec<u8>>>, DeviceError> {
        let answer = self.command([0xcb, 0x3f, 0xff], &tlv::element(0x5c, tag), Patience::Short)?;
        match answer.status {
            OK => Ok(Some(answer.data)),
            // not there; not there either, with other words; not for everybody
            0x6a82 | 0x6a88 | 0x6985 | 0x6982 => Ok(None),
            status => Err(unexpected("a data object", status)),
        }
    }

    /// What is in a slot's certificate object; `None` for an empty slot.
    pub fn certificate(&self, slot: Slot) -> Result<Option<SlotCertificate>, DeviceError> {
        let Some(found) = self.object(&slot.object())? else { return Ok(None) };
        let certificate = object::certificate(&found).transpose();
        Ok(certificate.map(|certificate| SlotCertificate { slot, certificate }))
    }

    /// The certificates of the slots, in the order of [`Slot::PRIMARY`] and then from 82 on.
    ///
    /// With `all` every slot is asked. Else the search through the retired ones ends when as many were found as the key
    /// history object reports, if there is one.
    pub fn certificates(&self, all: bool) -> Result<Vec<SlotCertificate>, DeviceError> {
        let mut found = Vec::new();
        for slot in Slot::PRIMARY {
            found.extend(self.certificate(slot)?);
        }
        let listed =
            if all { None } else { self.object(&object::KEY_HISTORY)?.and_then(|o| object::retired_certificates(&o)) };
        let mut retired = 0;
        for slot in Slot::retired() {
            if listed.is_some_and(|listed| retired >= listed) {
                break;
            }
            let certificate = self.certificate(slot)?;
            retired += usize::from(certificate.is_some());
            found.extend(certificate);
        }
        Ok(found)
    }

    /// How many tries there are for the PIN. Spends none.
    pub fn tries(&self) -> Result<Tries, DeviceError> {
        let status = exchange(self.card, [0x20, 0, PIN], &[], false, Patience::Short)?.status;
        match status {
            OK => Ok(Tries::Verified),
            0x63c0..=0x63cf => Ok(Tries::Left(u32::from(status & 0xf))),
            0x6983 | 0x6984 => Ok(Tries::Left(0)),
            status => Err(unexpected("the number of tries for the PIN", status)),
        }
    }

    /// Gives the PIN: 6 to 8 bytes.
    ///
    /// Errors: [`DeviceError::MalformedPin`], which costs no try; [`DeviceError::WrongPin`], [`DeviceError::Blocked`].
    pub fn verify(&self, pin: &[u8]) -> Result<(), DeviceError> {
        check_pin(pin)?;
        // all the room at once: a vector that grows leaves copies behind
        let mut block = Zeroizing::new(Vec::with_capacity(PIN_BLOCK));
        block.extend_from_slice(pin);
        block.resize(PIN_BLOCK, 0xff);
        let status = exchange(self.card, [0x20, 0, PIN], &block, false, Patience::Short)?.status;
        match status {
            OK => {
                self.verified.set(true);
                Ok(())
            }
            0x6983 | 0x6984 | 0x63c0 => Err(DeviceError::Blocked),
            0x63c1..=0x63cf => Err(DeviceError::WrongPin { left: u32::from(status & 0xf) }),
            0x6a80 => Err(DeviceError::MalformedPin("the card does not take its form".into())),
            status => Err(unexpected("the PIN", status)),
        }
    }

    /// Takes the PIN back; false when the card cannot do that, and must be reset.
    pub fn log_out(&self) -> Result<bool, DeviceError> {
        let done = exchange(self.card, [0x20, 0xff, PIN], &[], false, Patience::Short)?.status == OK;
        if done {
            self.verified.set(false);
        }
        Ok(done)
    }

    /// The bare operation of a slot's private key (GENERAL AUTHENTICATE): RSA gives the number, an elliptic curve the
    /// shared x coordinate. The input must have been checked: cards fail in odd ways on a number that is not below the
    /// modulus, and a point off the curve draws the key out.
    ///
    /// Errors: [`DeviceError::NoKey`]; [`DeviceError::NotAllowed`] when the PIN or a touch is missing.
    pub fn operate(
        &self,
        slot: Slot,
        key_type: &KeyType,
        kind: KeyInput,
        input: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        let algorithm = algorithm(key_type).ok_or_else(|| DeviceError::Nonsense("an unknown kind of key".into()))?;
        let input = [&[RESPONSE, 0][..], &tlv::element(kind as u8, input)].concat();
        let request = tlv::element(DYNAMIC_AUTHENTICATION, &input);
        let answer = self.command([0x87, algorithm, slot.reference()], &request, Patience::Key)?;
        match answer.status {
            OK => {
                let inner = tlv::find(DYNAMIC_AUTHENTICATION.into(), &answer.data);
                let result = inner.and_then(|inner| tlv::find(RESPONSE.into(), inner));
                let result = result.ok_or_else(|| DeviceError::Nonsense("a key operation without a result".into()))?;
                Ok(Zeroizing::new(result.to_vec()))
            }
            0x6982 => Err(DeviceError::NotAllowed(slot.to_string())),
            // none there; another kind than the certificate says; in the words of three cards
            0x6985 | 0x6a80 | 0x6a86 | 0x6a88 => Err(DeviceError::NoKey(slot.to_string())),
            status => Err(unexpected("its key operation", status)),
        }
    }
}

/// What a PIN may be, checked before a try is spent on it.
pub fn check_pin(pin: &[u8]) -> Result<(), DeviceError> {
    match pin {
        [_, _, _, _, _, _] | [_, _, _, _, _, _, _] | [_, _, _, _, _, _, _, _] => {}
        _ => return Err(DeviceError::MalformedPin("it must have 6 to 8 characters".into())),
    }
    if pin.iter().all(u8::is_ascii_graphic) {
        Ok(())
    } else {
        Err(DeviceError::MalformedPin("it has characters that no card takes".into()))
    }
}

fn unexpected(about: &str, status: u16) -> DeviceError {
    DeviceError::Nonsense(format!("status {status:04x} about {about}"))
}
