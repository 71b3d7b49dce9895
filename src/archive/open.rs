//! The segments of folders as files of one input.

use std::fs::File;
use std::io::{PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;

use crate::base::{Report, text};
use crate::storage::{Input, location, read_guarded};

use super::concat::Joiner;
use super::error::ArchiveError;
use super::listing::is_growing;
use super::recording::{Entry, Seam};
use super::seam_text::seam_text;
use super::selection::{self, Selection};

/// Opens files as one input, with the segments of a folder in the folder's place. A stream that stops and goes on is
/// warned of, as is every file that cannot be read; whoever reads the input reports what is missing inside a stream,
/// for which the segments of a folder are as one file.
///
/// Of a segment that is being written, the whole epochs that it has now are read.
///
/// # Errors
///
/// A folder holds no such recording, or several; segments of two folders are being written; as [`Input::open_all`].
pub fn open(files: &[PathBuf], wanted: &Selection, report: &Report) -> Result<Input, ArchiveError> {
    if !any_folder(files) {
        return Ok(Input::open_all(files, report)?);
    }
    let (mut paths, mut going_on, mut growing) = (Vec::new(), Vec::new(), None);
    for file in files {
        if !is_folder(file) {
            paths.push(file.clone());
            continue;
        }
        let mut recording = selection::one(file, wanted, report)?;
        for seam in recording.seams().iter().filter(|s| !is_in_stream(s.seam)) {
            seam_text(seam).iter().for_each(|gap| report.warn(gap));
        }
        // of a segment that is being written the whole epochs are read, when it has one
        let unready = |e: &Entry<PathBuf>| e.segment.closed.is_none() && is_growing(e);
        if let Some(e) = recording.entries.pop_if(|e| unready(e)) {
            report.note(format!("{} is being written, and has no whole epoch yet", text::quoted_path(&e.place)));
        }
        if recording.entries.last().is_some_and(is_growing) {
            if growing.is_some() {
                return Err(ArchiveError::TwoGrowing);
            }
            growing = recording.entries.pop();
        }
        let first = paths.len();
        paths.extend(recording.entries.into_iter().map(|e| e.place));
        // the one that is being written comes last of all
        let last = if growing.is_some() { paths.len() } else { paths.len().saturating_sub(1) };
        going_on.extend(first + 1..=last);
    }
    if paths.is_empty() && growing.is_none() {
        return Err(ArchiveError::NothingYet);
    }
    let growing = growing.map(whole_epochs).transpose()?;
    Ok(Input::open_with(&paths, growing, report)?.with_going_on(going_on))
}

/// Whether the reader of the input sees this gap for itself.
fn is_in_stream(seam: Seam) -> bool {
    matches!(seam, Seam::Follows | Seam::Missing { .. } | Seam::Broken)
}

/// Whether one of the paths is a folder of segments.
pub fn any_folder(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| is_folder(path))
}

pub(super) fn is_folder(path: &Path) -> bool {
    location::is_folder(path) || path != Path::new("-") && path.is_dir()
}

/// A pipe with the whole epochs of a segment that is being written.
fn whole_epochs(entry: Entry<PathBuf>) -> Result<(String, File), ArchiveError> {
    // it may be finished by now; the file is the same
    let opened = read_guarded(&entry.place).or_else(|_| read_guarded(&entry.place.with_extension("")));
    let file = opened.map_err(|source| ArchiveError::Open { path: entry.place.clone(), source })?;
    let (reader, writer) = std::io::pipe().map_err(ArchiveError::Pipe)?;
    let whole = entry.segment.closed.map_or(0, |c| c.end);
    let thread = thread::Builder::new().name("archive".into());
    // it ends with the segment, or when nobody reads any more
    thread.spawn(move || feed(file.take(whole), writer)).map_err(ArchiveError::Thread)?;
    Ok((text::quoted_path(&entry.place), File::from(OwnedFd::from(reader))))
}

fn feed(epochs: impl Read, output: PipeWriter) {
    let mut joiner = Joiner::new(output);
    // damage shows as a stream that has no end; a reader that went away has said why
    if joiner.add_growing(epochs).is_ok() {
        let _ = joiner.finish();
    }
}
