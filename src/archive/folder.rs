//! A folder of segments: the names in it, and whether a segment is being written.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::storage::{bucket, location};

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
    names_on_disk(folder).map_err(|source| ArchiveError::Read { path: folder.to_owned(), source })
}

/// The names of all segments in a folder of the disk, by name.
pub(super) fn names_on_disk(folder: &Path) -> io::Result<Vec<SegmentName>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().and_then(SegmentName::parse));
    }
    names.sort_by_cached_key(SegmentName::to_string);
    Ok(names)
}

/// Whether a process is writing to the segment.
pub(super) fn is_being_written(file: &File) -> bool {
    if let Err(rustix::io::Errno::WOULDBLOCK) = flock(file, FlockOperation::NonBlockingLockShared) {
        return true;
    }
    let _ = flock(file, FlockOperation::Unlock);
    false
}
