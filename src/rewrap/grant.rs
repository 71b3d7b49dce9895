//! Makes grants of the epochs from a time to a time.

use std::io::{Read, Seek, SeekFrom};

use crate::format::{FormatError, Grant, seek_index};
use crate::keys::Identity;
use crate::seal::{Granter, SealError};

use super::error::RewrapError;
use super::grant_job::{GrantJob, GrantSummary};
use super::grant_scan::{GrantScan, Position};

/// Makes the grants that the job asks for: for the sidecar, or for [`copy_with_grants`](crate::seal::copy_with_grants).
///
/// Reads `input` once, and no frame of it is opened. In a file (`is_file`) with an index it reads only the part that is
/// asked for. Of an input that is truncated, the whole epochs before that can be granted.
///
/// # Errors
///
/// Nothing is shown at that time; there is no such track; some epochs cannot be granted with these keys; the input is
/// damaged.
pub fn make_grants(
    input: &mut (impl Read + Seek),
    is_file: bool,
    identities: Vec<Box<dyn Identity>>,
    job: &GrantJob,
) -> Result<(Vec<Grant>, GrantSummary), RewrapError> {
    let mut scan = GrantScan::new(job);
    let begin = if is_file { input.stream_position().ok() } else { None };
    let index = match begin {
        Some(0) => seek_index(input).ok().flatten(),
        _ => None,
    };
    if let Some(at) = begin {
        input.seek(SeekFrom::Start(at))?;
    }
    let mut identities = identities;
    if let Some(index) = index {
        let mut granter = Granter::new(&mut *input, identities, job.tracks);
        if scan.read_by_index(&mut granter, &index) {
            return granted(scan, &granter);
        }
        // what the index says is a hint: without it everything is read
        identities = granter.into_identities();
        input.seek(SeekFrom::Start(0))?;
        scan = GrantScan::new(job);
    }
    let mut granter = Granter::new(&mut *input, identities, job.tracks);
    loop {
        match granter.next() {
            Ok(Some(epoch)) => {
                if scan.add(granter.stream(), epoch)? == Position::After && is_file {
                    break;
                }
            }
            Ok(None) => break,
            Err(e @ SealError::Format(FormatError::Truncated { .. })) if scan.has_found() => {
                scan.cut = Some(e.to_string());
                break;
            }
            Err(e) => return Err(e.into()),
        }
    }
    granted(scan, &granter)
}

/// Seals what was found to every grantee.
fn granted<R: Read>(scan: GrantScan<'_>, granter: &Granter<R>) -> Result<(Vec<Grant>, GrantSummary), RewrapError> {
    let job = scan.job;
    let mut found = scan.finish(granter)?;
    let mut grants = Vec::new();
    for epochs in &mut found.epochs {
        for grantee in &job.grantees {
            grants.extend(epochs.seal_to(grantee)?);
        }
    }
    Ok((grants, found.summary))
}
