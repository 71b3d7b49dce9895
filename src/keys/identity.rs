//! An owner of a private key, whatever holds it: a key file now, a smart card or a security module elsewhere.

use std::rc::Rc;

use thiserror::Error;
use zeroize::Zeroizing;

use super::{DeviceError, PublicKey};

/// Why a private key did not do its operation.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// The input is not for this key, or is forged: one error for all causes.
    #[error("the private key refused its input")]
    Refused,
    /// The device that holds the key did not do it; says nothing about the input.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// The two operations of a private key that opening a message takes. Neither must show by time or error in what way
/// their input is wrong.
pub trait Identity {
    /// The public half; a message's recipient is found by it.
    fn public_key(&self) -> &PublicKey;

    /// Where the key is and whose, for people, if that is of use to whom it does not fit.
    fn description(&self) -> Option<String> {
        None
    }

    /// Whether the key is elsewhere, and each operation takes a device's time, or a person's: then what it gave may be
    /// kept as long as the key could be used. What a key file gives is had again at once, and not kept.
    fn is_on_device(&self) -> bool {
        false
    }

    /// RSAES-OAEP decryption with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017, 7.1.2). Takes a ciphertext
    /// as long as the modulus, gives the plaintext. Errors: wrong length, wrong padding, or not an RSA key.
    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError>;

    /// Static Diffie-Hellman (SEC 1, 3.3.1). Takes an uncompressed point that the caller has checked to be on this
    /// key's curve, gives the shared x coordinate, left-padded to the length of the field. Errors: not an
    /// elliptic-curve key.
    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError>;
}

/// One key for several readers: its pass phrase or PIN is asked for once.
impl<I: Identity + ?Sized> Identity for Rc<I> {
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn description(&self) -> Option<String> {
        (**self).description()
    }

    fn is_on_device(&self) -> bool {
        (**self).is_on_device()
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        (**self).rsa_oaep_sha256(ciphertext)
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        (**self).ecdh(point)
    }
}
