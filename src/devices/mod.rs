//! Devices that hold private keys which never leave them: smart cards, and tokens behind a PKCS #11 library.
//!
//! | file | idea |
//! |---|---|
//! | [`card`] | identities on smart cards |
//! | `pkcs11` | identities in a token (feature `pkcs11`) |
//!
//! Nothing here opens a file or prints: what a device says is [`DeviceError`](crate::keys::DeviceError)'s or
//! [`TokenError`](crate::keys::TokenError)'s to report.

pub mod card;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
