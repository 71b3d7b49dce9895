//! The message that carries a secret to recipients: DER AuthEnvelopedData (RFC 5652, 5083, 5084) in one narrow profile.
//!
//! - Content: AES-256-GCM, 12-byte nonce, 16-byte tag, no attributes, no originator information.
//! - RSA recipients: RSAES-OAEP with SHA-256, MGF1 with SHA-256, empty label (RFC 3560, 4055).
//! - Elliptic-curve recipients: an ephemeral key for each, dhSinglePass-stdDH-sha256kdf (P-256 as written here) or
//!   -sha384kdf (P-384 as written here), aes256-wrap with absent parameters (RFC 5753).
//! - Recipients are named by issuer and serial number, one RecipientInfo each.
//!
//! [`sign_detached`] makes a detached signature of a file instead: SignedData (RFC 5652).
//!
//! Nothing else is accepted. What `seal_message` writes, `openssl cms -decrypt -inform DER` opens.

mod key_agreement;
mod message;
mod open;
mod profile;
mod seal;
mod sign;

pub use open::{check_message, open_message};
pub use seal::seal_message;
pub use sign::sign_detached;

/// The largest message that is read or written, in bytes.
pub const MAX_MESSAGE: usize = 1 << 20;
/// The most recipients of one message.
pub const MAX_RECIPIENTS: usize = 1024;
/// The largest content of one message, in bytes.
pub const MAX_CONTENT: usize = 256 << 10;
