//! An identity out of a slot of a card.

use std::fmt;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::piv::KeyInput;
use super::{Card, Slot, SlotCertificate};
use crate::keys::{Certificate, DeviceError, Identity, IdentityError, PublicKey, ecdh, oaep};

/// A private key on a card: RSA of 2048, 3072 or 4096 bits, P-256 or P-384. All identities of a card share its
/// [`Card`], which asks for the PIN at the first operation, once.
pub struct CardIdentity {
    card: Rc<Card>,
    slot: Slot,
    certificate: Certificate,
}

impl Card {
    /// An identity for each slot whose key could open something.
    pub fn identities(self: &Rc<Self>) -> Vec<CardIdentity> {
        let of = |c: &SlotCertificate| {
            Some(CardIdentity { card: Rc::clone(self), slot: c.slot, certificate: c.usable()?.clone() })
        };
        self.certificates().iter().filter_map(of).collect()
    }
}

impl CardIdentity {
    /// The slot.
    pub fn slot(&self) -> Slot {
        self.slot
    }
}

impl fmt::Debug for CardIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardIdentity").field("slot", &self.slot).field("certificate", &self.certificate).finish()
    }
}

impl Identity for CardIdentity {
    fn public_key(&self) -> &PublicKey {
        self.certificate.public_key()
    }

    fn description(&self) -> Option<String> {
        let c = &self.certificate;
        let (reader, slot) = (self.card.reader(), self.slot);
        Some(format!("\"{}\" (serial {}, {}, slot {slot} in \"{reader}\")", c.subject(), c.serial_hex(), c.key_type()))
    }

    fn is_on_device(&self) -> bool {
        true
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        oaep::decrypt(self.public_key(), ciphertext, |number| {
            self.card.operate(self.slot, &self.certificate, KeyInput::Challenge, number)
        })
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let length = ecdh::check(self.public_key(), point)?;
        let shared = self.card.operate(self.slot, &self.certificate, KeyInput::Point, point)?;
        if shared.len() == length {
            Ok(shared)
        } else {
            Err(DeviceError::Nonsense(format!("a shared secret of {} bytes", shared.len())).into())
        }
    }
}
