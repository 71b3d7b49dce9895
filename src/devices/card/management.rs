//! The management key of a card (SP 800-73-4, key reference 9B): whoever has it may make keys and write certificates.

use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use des::TdesEde3;
use des::cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::exchange::OK;
use super::{Patience, Piv, tlv};
use crate::keys::DeviceError;

const REFERENCE: u8 = 0x9b;
const TEMPLATE: u8 = 0x7c;
const WITNESS: u8 = 0x80;
const CHALLENGE: u8 = 0x81;
const RESPONSE: u8 = 0x82;

/// What new cards have, YubiKeys and others: as good as none.
const FACTORY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

/// A management key: AES-128, AES-192, AES-256 or triple DES.
#[derive(Clone)]
pub struct ManagementKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for ManagementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ManagementKey(..)")
    }
}

/// What a card may take a key of some length for, and how the standard numbers that (SP 800-78-4, table 6-2).
#[derive(Clone, Copy)]
enum Cipher {
    Aes128 = 0x08,
    Aes192 = 0x0a,
    Aes256 = 0x0c,
    TripleDes = 0x03,
}

impl ManagementKey {
    /// Takes 32, 48 or 64 hexadecimal digits; blanks and colons between them, and around them, do not count.
    ///
    /// Errors: [`DeviceError::MalformedManagementKey`].
    pub fn parse(text: &[u8]) -> Result<Self, DeviceError> {
        let digits = || text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b':');
        let count = digits().count();
        if !matches!(count, 32 | 48 | 64) {
            return Err(DeviceError::MalformedManagementKey("it has another number of digits".into()));
        }
        // all the room at once: a vector that grows leaves copies behind
        let mut key = Zeroizing::new(Vec::with_capacity(count / 2));
        let mut high = None;
        for digit in digits() {
            let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let value =
                value.ok_or(DeviceError::MalformedManagementKey("there is something else than digits in it".into()))?;
            match high.take() {
                None => high = Some(value),
                Some(first) => key.push(first << 4 | value),
            }
        }
        Ok(ManagementKey(key))
    }

    /// The one of new cards, which everybody knows.
    pub fn factory_default() -> Self {
        ManagementKey(Zeroizing::new(FACTORY.to_vec()))
    }

    fn ciphers(&self) -> &'static [Cipher] {
        match self.0.len() {
            16 => &[Cipher::Aes128],
            24 => &[Cipher::Aes192, Cipher::TripleDes],
            _ => &[Cipher::Aes256],
        }
    }

    /// Shows the card that we have its key, and has it show the same (mutual authentication, SP 800-73-4, part 2, A.1).
    /// It counts until the application is selected anew.
    ///
    /// Errors: [`DeviceError::WrongManagementKey`]; cards count no tries.
    pub fn authenticate(&self, piv: &Piv<'_>) -> Result<(), DeviceError> {
        for cipher in self.ciphers() {
            let request = tlv::element(TEMPLATE, &[WITNESS, 0]);
            let answer = piv.command([0x87, *cipher as u8, REFERENCE], &request, Patience::Short)?;
            if answer.status != OK {
                // it is of another kind, in the words of several cards
                continue;
            }
            let sealed = part(&answer.data, WITNESS)?;
            return match cipher {
                Cipher::Aes128 => self.prove::<Aes128>(piv, *cipher, sealed),
                Cipher::Aes192 => self.prove::<Aes192>(piv, *cipher, sealed),
                Cipher::Aes256 => self.prove::<Aes256>(piv, *cipher, sealed),
                Cipher::TripleDes => self.prove::<TdesEde3>(piv, *cipher, sealed),
            };
        }
        Err(DeviceError::WrongManagementKey)
    }

    fn prove<C>(&self, piv: &Piv<'_>, cipher: Cipher, sealed: &[u8]) -> Result<(), DeviceError>
    where
        C: KeyInit + BlockSizeUser + BlockCipherEncrypt + BlockCipherDecrypt,
    {
        let key = C::new_from_slice(&self.0).map_err(|_| DeviceError::WrongManagementKey)?;
        let mut witness = Block::<C>::try_from(sealed)
            .map_err(|_| DeviceError::Nonsense("a witness of another length than a block".into()))?;
        key.decrypt_block(&mut witness);
        let mut challenge: Block<C> = Array::default();
        let random = SystemRandom::new().fill(&mut challenge);
        random.map_err(|_| DeviceError::Nonsense("no random numbers".into()))?;
        let proof = [&tlv::element(WITNESS, &witness)[..], &tlv::element(CHALLENGE, &challenge)].concat();
        let head = [0x87, cipher as u8, REFERENCE];
        let answer = piv.command(head, &tlv::element(TEMPLATE, &proof), Patience::Short)?;
        if answer.status != OK {
            return Err(DeviceError::WrongManagementKey);
        }
        key.encrypt_block(&mut challenge);
        if bool::from(part(&answer.data, RESPONSE)?.ct_eq(&challenge)) {
            Ok(())
        } else {
            Err(DeviceError::WrongManagementKey)
        }
    }
}

fn part(answer: &[u8], tag: u8) -> Result<&[u8], DeviceError> {
    let inner = tlv::find(TEMPLATE.into(), answer);
    let part = inner.and_then(|inner| tlv::find(tag.into(), inner));
    part.ok_or_else(|| DeviceError::Nonsense("an answer about the management key without its part".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hexadecimal_digits_of_three_lengths() {
        let factory = "01:02:03:04:05:06:07:08 0102030405060708\n0102030405060708\n";
        assert_eq!(*ManagementKey::parse(factory.as_bytes()).unwrap().0, FACTORY);
        for wrong in ["", "0102", &"0".repeat(47), &"0".repeat(50), &"g".repeat(48), &"\u{e9}".repeat(24)] {
            let error = ManagementKey::parse(wrong.as_bytes()).unwrap_err();
            assert!(matches!(error, DeviceError::MalformedManagementKey(_)), "{wrong}");
        }
        assert_eq!(format!("{:?}", ManagementKey::factory_default()), "ManagementKey(..)");
    }
}
