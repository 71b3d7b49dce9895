//! The recordings in a folder.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::recorder::{is_being_written, names};
use super::{Entry, Form, Recording, Segment, SegmentName, recordings, segments};
use crate::base::text;
use crate::cli::Failure;
use crate::format::FormatError;
use crate::storage::handle::Handle;
use crate::storage::{bucket, location};

/// What is in a folder.
#[derive(Debug)]
pub struct Found {
    /// The recordings, by camera and role.
    pub recordings: Vec<Recording<PathBuf>>,
    /// Files with a segment's name that cannot be read as one, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// The recordings in a folder, of the files that `wanted` says.
///
/// # Errors
///
/// The folder cannot be read (1).
pub fn list(folder: &Path, wanted: impl Fn(&SegmentName) -> bool) -> anyhow::Result<Found> {
    look_at(folder, all_names(folder)?.into_iter().filter(wanted))
}

/// The names of all segments in a folder, by name.
pub(super) fn all_names(folder: &Path) -> anyhow::Result<Vec<SegmentName>> {
    match location::is_storage(folder) {
        true => Ok(bucket::names(folder)?.iter().filter_map(|name| SegmentName::parse(name)).collect()),
        false => names(folder).with_context(|| format!("cannot read {}", text::quoted_path(folder))),
    }
}

/// What segments of these names hold.
pub(super) fn look_at(folder: &Path, names: impl Iterator<Item = SegmentName>) -> anyhow::Result<Found> {
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        let entry = match location::is_storage(folder) {
            true => stored(folder, &name)?,
            false => entry(folder, &name),
        };
        match entry {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => {}
            Err(why) => unreadable.push((folder.join(name.to_string()), why)),
        }
    }
    Ok(Found { recordings: recordings(entries), unreadable })
}

/// `None` where the segment was given its final name, or removed, since it was listed, or has no epoch yet.
fn entry(folder: &Path, name: &SegmentName) -> Result<Option<Entry<PathBuf>>, String> {
    let mut form = name.form;
    let mut path = folder.join(name.to_string());
    let mut opened = File::open(&path);
    if form == Form::Part && opened.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotFound) {
        form = Form::Finished;
        path = folder.join(name.with_form(form).to_string());
        opened = File::open(&path);
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

/// An object, which nobody writes to any more. What is wrong with storage ends it all; what is wrong with the segment is told.
fn stored(folder: &Path, name: &SegmentName) -> anyhow::Result<Result<Option<Entry<PathBuf>>, String>> {
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

/// Whether the segment is growing.
pub(super) fn is_growing(e: &Entry<PathBuf>) -> bool {
    e.form == Form::Part && File::open(&e.place).is_ok_and(|f| is_being_written(&f))
}

/// The failure for a folder without a segment.
pub(super) fn nothing(folder: &Path) -> Failure {
    Failure::failed(format!("there is no segment in {}", text::quoted_path(folder)))
        .hint("record DIR makes them; other files are named one by one")
}
