//! What the next recording says that it continues.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::format::{Continues, Role};

use super::error::ArchiveError;
use super::folder::segment_names;
use super::listing::read_segments;
use super::name::SegmentName;
use super::recording::{Entry, continued};
use super::segment::segments;

/// How many of the newest segments are read; streams that begin in the same second are distinguished by what they
/// continue.
const NEWEST: usize = 16;

/// The stream that was recorded last in `place`, a file or an archive folder, and the hash of its last close record. In
/// a folder only streams of this camera and role count. `None` when there is nothing yet.
///
/// # Errors
///
/// It cannot be read, or a file is no stream.
pub fn continued_stream(place: &Path, camera: &str, role: Role) -> Result<Option<Continues>, ArchiveError> {
    let path = || place.to_owned();
    let meta = match fs::metadata(place) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ArchiveError::Read { path: path(), source }),
    };
    if !meta.is_dir() {
        let mut file = File::open(place).map_err(|source| ArchiveError::Open { path: path(), source })?;
        let found = segments(&mut file).map_err(|source| ArchiveError::Continue { path: path(), source })?;
        return Ok(found.last().map(continued));
    }
    let mut newest: Vec<SegmentName> = segment_names(place)?.into_iter().filter(|n| n.is_of(camera, role)).collect();
    newest.sort_by_key(|n| (n.time.clone(), n.epoch));
    let newest = newest.split_off(newest.len().saturating_sub(NEWEST));
    let found = read_segments(place, newest.into_iter())?;
    let of_camera = found.recordings.iter().find(|r| r.camera == camera && r.role == role);
    Ok(of_camera.and_then(|r| last(&r.entries)).map(|e| continued(&e.segment)))
}

/// The last segment of the last stream. Where streams began at one time, the one that no other continues.
fn last(entries: &[Entry<PathBuf>]) -> Option<&Entry<PathBuf>> {
    let mut last = entries.last()?;
    for _ in 0..entries.len() {
        let later =
            |e: &&Entry<PathBuf>| e.segment.stream.continues.is_some_and(|c| c.stream == last.segment.stream.id);
        match entries.iter().rfind(later) {
            Some(next) => last = next,
            None => break,
        }
    }
    Some(last)
}
