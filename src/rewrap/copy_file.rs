//! Copies a file to a file: keys records are replaced, and the system copies what is between them, sharing blocks where
//! it can.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::base::Stop;
use crate::format::FormatError;
use crate::seal::{Change, Plan, SeenLists, Step, keys_in_file};
use crate::storage::{Input, StreamOutput};

use super::error::RewrapError;
use super::keys_record::new_keys;

/// The maximum number of bytes that the system copies in one call: a request to stop is noticed between two calls.
const MAX_CHUNK: u64 = 256 << 20;

/// Copies a file whose keys records keep their size. Gives the lists of recipients that are in the copy.
///
/// # Errors
///
/// As those of [`super::copy`].
pub(super) fn copy_file(
    input: &mut Input,
    output: &mut StreamOutput,
    change: &Change<'_>,
    plan: &Plan,
    stop: Option<&Stop>,
) -> Result<SeenLists, RewrapError> {
    if let (Some(length), Some(output)) = (input.length(), output.file_below()?) {
        output.expect_length(length);
    }
    let (mut at, mut lists) = (0, SeenLists::default());
    for Step { place, keys_hash, opening, .. } in &plan.steps {
        pass(input, output, at, Some(place.offset), stop)?;
        let keys = keys_in_file(input.file_below(), *place)?;
        let new = new_keys(change, &keys, opening, &place.stream_hash, keys_hash, &mut lists)?;
        if new.len() as u64 != keys.record_len() {
            return Err(RewrapError::FileChanged);
        }
        output.write_all(&new)?;
        at = place.offset + new.len() as u64;
    }
    pass(input, output, at, None, stop)?;
    Ok(lists)
}

/// Copies the bytes from offset `from` up to `to`, or up to the end.
fn pass(
    input: &mut Input,
    output: &mut StreamOutput,
    mut from: u64,
    to: Option<u64>,
    stop: Option<&Stop>,
) -> Result<(), RewrapError> {
    loop {
        let want = to.map_or(MAX_CHUNK, |to| to.saturating_sub(from)).min(MAX_CHUNK);
        if want == 0 {
            return Ok(());
        }
        if stop.is_some_and(Stop::is_set) {
            return Err(RewrapError::Stopped);
        }
        let file = input.file_below();
        file.seek(SeekFrom::Start(from))?;
        let copied = match (file.as_file(), output.file_below()?) {
            // left to the system
            (Some(file), Some(output)) => output.add(|output| io::copy(&mut file.take(want), output)),
            _ => io::copy(&mut file.take(want), output),
        };
        let copied = match copied {
            // a part may be copied: the input stands after it
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {
                from = file.stream_position()?;
                continue;
            }
            copied => copied?,
        };
        from += copied;
        input.show_progress(from);
        if copied < want {
            return match to {
                None => Ok(()),
                Some(_) => Err(FormatError::Truncated { offset: from }.into()),
            };
        }
    }
}
