//! The signatures of a whole file, checked before anything of it is used.

use std::io::{Read, Seek, SeekFrom};

use crate::format::Reader;
use crate::keys::Signers;
use crate::seal::SignatureCheck;
use crate::storage::Input;

use super::RewrapError;

/// Reads a file to its end, checks that one of `accepted` has signed every epoch of it, and goes back to where it was.
///
/// # Errors
///
/// The input is a pipe; it is not signed, or by another signer; a wrong signature or other damage.
pub fn check_signed(input: &mut Input, accepted: &Signers) -> Result<(), RewrapError> {
    if !input.is_seekable() {
        return Err(RewrapError::SignedPipe);
    }
    let begin = input.stream_position()?;
    check_all(&mut *input, accepted)?;
    input.seek(SeekFrom::Start(begin))?;
    Ok(())
}

fn check_all(input: impl Read, accepted: &Signers) -> Result<(), RewrapError> {
    let (mut reader, mut check) = (Reader::new(input), SignatureCheck::demanding(accepted.clone()));
    while let Some(record) = reader.next()? {
        check.read(&record, reader.raw(), reader.record_offset())?;
    }
    Ok(())
}
