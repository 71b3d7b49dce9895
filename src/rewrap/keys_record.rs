//! A keys record with new recipients.

use crate::format::Keys;
use crate::seal::{Change, SealError, SessionSecret};

/// The bytes of the keys record with its new recipients. `keys_hash` is the SHA-256 of the record as the recorder wrote
/// it.
///
/// # Errors
///
/// The new list is too long, or a recipient cannot be sealed to.
pub(super) fn new_keys(
    change: &Change<'_>,
    keys: &Keys,
    secret: Option<&SessionSecret>,
    stream_hash: &[u8; 32],
    keys_hash: &[u8; 32],
) -> Result<Vec<u8>, SealError> {
    let new = change.keys(keys, secret, stream_hash, keys_hash)?;
    new.to_record().map_err(|_| SealError::TooManyRecipients)
}
