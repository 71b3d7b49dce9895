//! The files of an archive, to be verified one by one.

use std::path::PathBuf;

use crate::base::{Report, text};
use crate::storage::read_guarded;

use super::error::ArchiveError;
use super::listing::is_growing;
use super::open::is_folder;
use super::recording::{Recording, Seam};
use super::seam_text::seam_text;
use super::selection::{self, Selection};

/// Files to verify one by one.
#[derive(Debug, Default)]
pub struct FilesToVerify {
    /// Files, and the segments of folders.
    pub files: Vec<PathBuf>,
    /// What has a segment's name in a folder and is not to be opened, as a link or a named pipe; and why.
    pub refused: Vec<(PathBuf, String)>,
    /// What is missing between the segments, so that the recordings are not whole.
    pub holes: Vec<String>,
}

/// `files`, with the segments of a folder in the folder's place: all recordings that are selected. Gaps are warned of.
///
/// # Errors
///
/// A folder cannot be read, or holds no such recording.
pub fn files_to_verify(files: &[PathBuf], wanted: &Selection, report: &Report) -> Result<FilesToVerify, ArchiveError> {
    let mut all = FilesToVerify::default();
    for file in files {
        if !is_folder(file) {
            all.files.push(file.clone());
            continue;
        }
        let found = selection::all(file, wanted)?;
        for recording in &found.recordings {
            add(recording, &mut all, report);
        }
        for (path, _) in found.unreadable {
            // what is damaged is verified like the rest, which says where
            match read_guarded(&path) {
                Ok(_) => all.files.push(path),
                Err(e) => all.refused.push((path, text::io_reason(&e))),
            }
        }
    }
    Ok(all)
}

fn add(recording: &Recording<PathBuf>, all: &mut FilesToVerify, report: &Report) {
    for seam in recording.seams() {
        let Some(gap) = seam_text(&seam) else { continue };
        let gap = format!("{}: {gap}", text::quoted(&recording.camera));
        report.warn(&gap);
        if matches!(seam.seam, Seam::Missing { .. } | Seam::Broken | Seam::ContinuedLater) {
            all.holes.push(gap);
        }
    }
    for e in &recording.entries {
        if is_growing(e) {
            report.note(format!("{} is being written: left out", text::quoted_path(&e.place)));
        } else {
            all.files.push(e.place.clone());
        }
    }
}
