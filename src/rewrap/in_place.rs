//! Recipients changed inside a file.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::archive::ListJournal;
use crate::base::Report;
use crate::base::text::{count, quoted_path};
use crate::format::FormatError;
use crate::seal::{Change, SealError, rewrap_in_place};

use super::error::RewrapError;
use super::kept::KeptRecipients;

/// Changes the recipients of every session of the file at `path`. It is locked while that is done. The lists that are
/// there then are noted in the journal.
///
/// # Errors
///
/// It cannot be opened for writing, another rewrap has it, the list does not fit, no identity opens a session, a list
/// is forged, the stream is plain or damaged: nothing is changed then. [`RewrapError::OnlyClaimed`]: the other sessions
/// are changed.
pub fn in_place(
    path: &Path,
    change: &Change<'_>,
    journal: Option<&mut ListJournal>,
    report: &Report,
) -> Result<(), RewrapError> {
    let name = quoted_path(path);
    let cannot = |source| RewrapError::Change { name: name.clone(), source };
    let mut file = File::options().read(true).write(true).open(path).map_err(cannot)?;
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(RewrapError::NotFile(name));
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| RewrapError::Locked(name.clone()))?;
    let mut kept = KeptRecipients::new(report);
    let done = rewrap_in_place(&mut file, change, |step, keys| kept.add_step(change, step, keys));
    let done = done.map_err(|e| match e {
        SealError::Format(FormatError::Io(e)) => cannot(e),
        e => e.into(),
    })?;
    if done.open {
        report.warn(format!("{name} has no end yet: key sessions that begin later are the recorder's to seal"));
    }
    let already = match done.already {
        0 => String::new(),
        n => format!(", {n} had them already"),
    };
    report.note(format!("{name}: {} with new recipients{already}", count(done.changed as u64, "key session")));
    if let Some(journal) = journal {
        journal.add(&done.lists, report);
    }
    match done.claimed {
        0 => Ok(()),
        n => Err(RewrapError::OnlyClaimed { sessions: n as u64 }),
    }
}
