//! Static Diffie-Hellman around a device that does the bare operation: the point is checked before the device sees it.

use super::public_key::is_point;
use super::{IdentityError, KeyType, PublicKey};

/// Checks a point before the private key sees it: an uncompressed one on the key's curve, and not at infinity (SEC 1,
/// 3.2.2.1). Gives the length of the shared secret in bytes.
///
/// Errors: [`IdentityError::Refused`], also for a key that is not on P-256 or P-384.
pub fn check(key: &PublicKey, point: &[u8]) -> Result<usize, IdentityError> {
    let length = match key.key_type() {
        KeyType::P256 => 32,
        KeyType::P384 => 48,
        _ => return Err(IdentityError::Refused),
    };
    if is_point(key.key_type(), point) { Ok(length) } else { Err(IdentityError::Refused) }
}
