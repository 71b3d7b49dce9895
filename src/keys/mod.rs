//! Who: certificates, CMS messages, private keys.
//!
//! | file | idea |
//! |---|---|
//! | [`certificate`] | what one certificate says |
//! | [`usability`] | whether a certificate may be encrypted to, and why not |
//! | [`recipients`] | a set of certificates: the usable ones and those left out |
//! | [`cms`] | the message that carries a secret to recipients (RFC 5083 AuthEnvelopedData) |
//! | [`identity`] | an owner of a private key, whatever holds it |
//! | [`key_file`] | an identity out of a key file |
//! | [`signer`] | signatures: made with a key file, checked with a certificate |
//! | [`generate`] | a new key and its certificate |
//!
//! Nothing here opens a file, prompts or prints: bytes come in, bytes go out.

pub mod certificate;
pub mod cms;
pub mod error;
pub mod generate;
pub mod identity;
pub mod key_file;
mod pem;
pub mod public_key;
pub mod recipients;
pub mod signer;
pub mod usability;

pub use certificate::{Certificate, certificates_in};
pub use cms::{check_message, open_message, seal_message};
pub use error::{KeyError, OpenError};
pub use generate::{Algorithm, GenerateOptions, Generated, generate};
pub use identity::{Identity, IdentityError};
pub use key_file::KeyFile;
pub use public_key::{KeyType, PublicKey};
pub use recipients::{LeftOut, Recipient, RecipientSet};
pub use signer::{SignatureScheme, Signer, verify_signature};
pub use usability::{Unusable, Warning};
