//! From file to file: keys records are replaced, and what is between them is the system's to copy, shared blocks and all.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::copy::new_keys;
use crate::base::Stop;
use crate::cli::{Failure, Status};
use crate::format::FormatError;
use crate::seal::{Change, Plan, Step, keys_in_file};
use crate::storage::{Input, StreamOutput};

/// So much is left to the system at once, so that a signal and progress are seen.
const AT_ONCE: u64 = 256 << 20;

/// Copies a file whose keys records keep their size.
///
/// # Errors
///
/// As [`super::copy`].
pub(super) fn quick(
    input: &mut Input,
    output: &mut StreamOutput,
    change: &Change<'_>,
    plan: &Plan,
    stop: Option<&Stop>,
) -> anyhow::Result<()> {
    let mut at = 0;
    for Step { place, keys_hash, secret } in &plan.steps {
        pass(input, output, at, Some(place.offset), stop)?;
        let keys = keys_in_file(input.file_below(), *place)?;
        let new = new_keys(change, &keys, secret.as_ref(), &place.stream_hash, keys_hash)?;
        if new.len() as u64 != keys.record_len() {
            return Err(Failure::failed("the file changed while it was read").into());
        }
        output.write_all(&new)?;
        at = place.offset + new.len() as u64;
    }
    pass(input, output, at, None, stop)
}

/// Copies the bytes from one place to another, or to the end.
fn pass(
    input: &mut Input,
    output: &mut StreamOutput,
    mut from: u64,
    to: Option<u64>,
    stop: Option<&Stop>,
) -> anyhow::Result<()> {
    loop {
        let want = to.map_or(AT_ONCE, |to| to.saturating_sub(from)).min(AT_ONCE);
        if want == 0 {
            return Ok(());
        }
        if stop.is_some_and(Stop::is_set) {
            return Err(Failure::new(Status::Interrupted, "stopped").into());
        }
        let file = input.file_below();
        file.seek(SeekFrom::Start(from))?;
        let copied = match (file.as_file(), output.file_below()?) {
            // left to the system
            (Some(file), Some(output)) => io::copy(&mut file.take(want), output)?,
            _ => io::copy(&mut file.take(want), output)?,
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
