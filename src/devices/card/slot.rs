//! Where a PIV card keeps a key and its certificate.

use std::fmt;
use std::str::FromStr;

use crate::keys::{Certificate, KeyType};

/// A slot: the reference of an asymmetric key (SP 800-73-4, part 1, table 4b). Displayed as two hexadecimal digits,
/// "9d".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// PIV authentication, to log in with.
    pub const AUTHENTICATION: Slot = Slot(0x9a);
    /// Digital signature; asks for the PIN before each use.
    pub const SIGNATURE: Slot = Slot(0x9c);
    /// Key management: the slot that is made for decryption.
    pub const KEY_MANAGEMENT: Slot = Slot(0x9d);
    /// Card authentication; asks for no PIN.
    pub const CARD_AUTHENTICATION: Slot = Slot(0x9e);

    /// The four slots with a purpose, the one for decryption first.
    pub const PRIMARY: [Slot; 4] =
        [Slot::KEY_MANAGEMENT, Slot::AUTHENTICATION, Slot::SIGNATURE, Slot::CARD_AUTHENTICATION];

    /// The twenty slots for keys of former certificates, 82 to 95.
    pub fn retired() -> impl Iterator<Item = Slot> {
        (0x82..=0x95).map(Slot)
    }

    /// The slot with this key reference; `None` for references that are none of the 24.
    pub fn new(reference: u8) -> Option<Slot> {
        Slot::PRIMARY.into_iter().chain(Slot::retired()).find(|slot| slot.0 == reference)
    }

    /// The key reference.
    pub fn reference(self) -> u8 {
        self.0
    }

    /// The tag of the certificate's data object (SP 800-73-4, part 1, table 3).
    pub fn object(self) -> [u8; 3] {
        let last = match self.0 {
            0x9a => 0x05,
            0x9c => 0x0a,
            0x9d => 0x0b,
            0x9e => 0x01,
            retired => retired.wrapping_sub(0x82).wrapping_add(0x0d),
        };
        [0x5f, 0xc1, last]
    }

    /// Whether the card wants the PIN before the key is used.
    pub fn needs_pin(self) -> bool {
        self != Slot::CARD_AUTHENTICATION
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let reference = u8::from_str_radix(text, 16).ok().filter(|_| digits);
        reference.and_then(Slot::new).ok_or_else(|| "the slots are 9a, 9c, 9d, 9e and 82 to 95".into())
    }
}

/// How a card names the algorithm of a key (SP 800-78-4, table 6-2; RSA-3072 and RSA-4096 as YubiKeys do); `None` for
/// keys that no card is asked to use.
pub fn algorithm(key_type: &KeyType) -> Option<u8> {
    match key_type {
        KeyType::Rsa(2048) => Some(0x07),
        KeyType::Rsa(3072) => Some(0x05),
        KeyType::Rsa(4096) => Some(0x16),
        KeyType::P256 => Some(0x11),
        KeyType::P384 => Some(0x14),
        KeyType::Rsa(_) | KeyType::Other(_) => None,
    }
}

/// What stands in a slot's certificate object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotCertificate {
    /// The slot.
    pub slot: Slot,
    /// The certificate, or why it cannot be read.
    pub certificate: Result<Certificate, String>,
}

impl SlotCertificate {
    /// The certificate, if the card can be asked to use its key: RSA of 2048, 3072 or 4096 bits, P-256 or P-384.
    pub fn usable(&self) -> Option<&Certificate> {
        let certificate = self.certificate.as_ref().ok()?;
        let known = algorithm(certificate.key_type()).is_some() && certificate.public_key().is_supported();
        known.then_some(certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_24_slots_have_the_objects_of_the_standard() {
        let object = |text: &str| text.parse::<Slot>().unwrap().object()[2];
        let known = [("9a", 0x05), ("9C", 0x0a), ("9d", 0x0b), ("9e", 0x01), ("82", 0x0d), ("95", 0x20)];
        for (text, last) in known {
            assert_eq!(object(text), last, "{text}");
        }
        assert_eq!(Slot::retired().count(), 20);
        for text in ["", "9", "9b", "81", "96", "+9", "09d", "xx", "f9"] {
            assert!(text.parse::<Slot>().is_err(), "{text}");
        }
    }
}
