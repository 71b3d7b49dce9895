//! A keys record with new recipients.

use crate::format::Keys;
use crate::seal::{Change, Opening, SealError, SeenLists};

/// The bytes of the keys record with its new recipients; the list is added to `lists`. `keys_hash` is the SHA-256 of
/// the record as the recorder wrote it.
///
/// # Errors
///
/// The new list is too long, or a recipient cannot be sealed to.
pub(super) fn new_keys(
    change: &Change<'_>,
    keys: &Keys,
    opening: &Opening,
    stream_hash: &[u8; 32],
    keys_hash: &[u8; 32],
    lists: &mut SeenLists,
) -> Result<Vec<u8>, SealError> {
    let new = change.keys(keys, opening, stream_hash, keys_hash)?;
    lists.add(*stream_hash, new.session, new.current().generation);
    new.to_record().map_err(|_| SealError::TooManyRecipients)
}
