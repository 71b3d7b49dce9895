//! Recipients changed inside a file.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::kept::Kept;
use crate::base::Report;
use crate::base::text;
use crate::base::text::count;
use crate::cli::Failure;
use crate::seal::{Change, rewrap_in_place};

/// Changes the recipients of every session of the file at `path`. It is locked while that is done.
///
/// # Errors
///
/// It cannot be opened for writing, another rewrap has it, or the list does not fit (1); a session that no identity opens, or a
/// plain stream (4); damage (3). Nothing is changed then.
pub fn in_place(path: &Path, change: &Change<'_>, report: &Report) -> anyhow::Result<()> {
    let name = text::quoted_path(path);
    let cannot = |e: std::io::Error| Failure::failed(format!("cannot change {name}: {}", text::io_reason(&e)));
    let mut file = File::options().read(true).write(true).open(path).map_err(cannot)?;
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(Failure::usage(format!("{name} is not a file")).into());
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| Failure::failed(format!("{name} is locked: another rewrap is at work on it")))?;
    let mut kept = Kept::new(report);
    let done = rewrap_in_place(&mut file, change, |step, keys| kept.see(change, step, keys))?;
    if done.open {
        report.warn(format!("{name} has no end yet: key sessions that begin later are the recorder's to seal"));
    }
    let already = match done.already {
        0 => String::new(),
        n => format!(", {n} had them already"),
    };
    report.note(format!("{name}: {} with new recipients{already}", count(done.changed as u64, "key session")));
    Ok(())
}
