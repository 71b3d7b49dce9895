//! The recordings in a folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::text;
use crate::format::FormatError;
use crate::storage::{Handle, location, read_guarded};

use super::error::ArchiveError;
use super::folder::{is_being_written, segment_names};
use super::name::{Form, SegmentName};
use super::recording::{Entry, Recording, recordings};
use super::segment::{Segment, segments};

/// What is in a folder.
#[derive(Debug)]
pub struct Found {
    /// The recordings, by camera and role.
    pub recordings: Vec<Recording<PathBuf>>,
    /// Files with a segment's name that cannot be read as one, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// The recordings in a folder, of the files whose names are `wanted`.
///
/// # Errors
///
/// The folder cannot be read, or there is no segment in it.
pub fn list(folder: &Path, wanted: impl Fn(&SegmentName) -> bool) -> Result<Found, ArchiveError> {
    let found = read_segments(folder, segment_names(folder)?.into_iter().filter(wanted))?;
    if found.recordings.is_empty() && found.unreadable.is_empty() {
        return Err(ArchiveError::NoSegment(folder.to_owned()));
    }
    Ok(found)
}

/// The recordings that the segments of these names make.
pub(super) fn read_segments(folder: &Path, names: impl Iterator<Item = SegmentName>) -> Result<Found, ArchiveError> {
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        let entry = if location::is_storage(folder) { stored(folder, &name)? } else { on_disk(folder, &name) };
        match entry {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => {}
            Err(why) => unreadable.push((folder.join(name.to_string()), why)),
        }
    }
    Ok(Found { recordings: recordings(entries), unreadable })
}

/// A file. `None` where the segment was removed since it was listed, or has no epoch yet; an error says why it cannot
/// be read.
fn on_disk(folder: &Path, name: &SegmentName) -> Result<Option<Entry<PathBuf>>, String> {
    let mut form = name.form;
    let mut path = folder.join(name.to_string());
    let mut opened = read_guarded(&path);
    if form == Form::Part && opened.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotFound) {
        form = Form::Finished;
        path = folder.join(name.with_form(form).to_string());
        opened = read_guarded(&path);
    }
    let mut file = match opened {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(text::io_reason(&e)),
    };
    let bytes = file.metadata().map_or(0, |m| m.len());
    match segments(&mut file) {
        Ok(found) => only(found, path, form, bytes),
        // the first bytes are still to come
        Err(FormatError::Empty) if form == Form::Part => Ok(None),
        Err(e) => Err(e.to_string()),
    }
}

/// An object, which nobody writes to any more. A fault of the storage is an error of the listing; a fault of the
/// segment is one of the entry alone.
fn stored(folder: &Path, name: &SegmentName) -> Result<Result<Option<Entry<PathBuf>>, String>, ArchiveError> {
    let path = folder.join(name.to_string());
    let mut object = Handle::open(&path)?;
    let bytes = object.size().unwrap_or(0);
    match segments(&mut object) {
        Ok(found) => Ok(only(found, path, name.form, bytes)),
        Err(e @ FormatError::Io(_)) => Err(e.into()),
        Err(e) => Ok(Err(e.to_string())),
    }
}

/// The one segment of a file.
fn only(mut found: Vec<Segment>, path: PathBuf, form: Form, bytes: u64) -> Result<Option<Entry<PathBuf>>, String> {
    match (found.pop(), found.len()) {
        (Some(segment), 0) if segment.epochs.is_some() => Ok(Some(Entry { place: path, form, bytes, segment })),
        (_, 0) => Ok(None),
        (_, n) => Err(format!("it holds {} streams, and a segment holds one", n + 1)),
    }
}

/// Whether a process is writing to the segment.
pub fn is_growing(e: &Entry<PathBuf>) -> bool {
    e.form == Form::Part && read_guarded(&e.place).is_ok_and(|f| is_being_written(&f))
}
