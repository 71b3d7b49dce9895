//! A folder of segments: the names in it, and whether a segment is being written.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::storage::{GuardedFolder, bucket, location};

use super::error::ArchiveError;
use super::name::SegmentName;

/// The names of all segments in a folder, on a disk or on storage, by name.
///
/// # Errors
///
/// The folder cannot be read.
pub fn segment_names(folder: &Path) -> Result<Vec<SegmentName>, ArchiveError> {
    if location::is_storage(folder) {
        return Ok(bucket::names(folder)?.iter().filter_map(|name| SegmentName::parse(name)).collect());
    }
    let names = GuardedFolder::open(folder).and_then(|folder| segment_names_of(&folder));
    names.map_err(|source| ArchiveError::Read { path: folder.to_owned(), source })
}

/// The names of all segments in a folder of the disk, by name.
pub(super) fn segment_names_of(folder: &GuardedFolder) -> io::Result<Vec<SegmentName>> {
    let names = folder.names()?;
    Ok(names.iter().filter_map(|name| name.to_str().and_then(SegmentName::parse)).collect())
}

/// Whether a process is writing to the segment.
pub(super) fn is_being_written(file: &File) -> bool {
    if let Err(rustix::io::Errno::WOULDBLOCK) = flock(file, FlockOperation::NonBlockingLockShared) {
        return true;
    }
    let _ = flock(file, FlockOperation::Unlock);
    false
}
