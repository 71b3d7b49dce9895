//! The segments of folders as files of one input.

use std::fs::File;
use std::io::{PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context;

use super::{Entry, Joiner, Recording, Seam};
use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::storage::{Input, location};

use super::list_text::seam_text;
use super::listing::is_growing;
use super::{Choice, selection};

/// Opens files, and folders of segments in the place of their segments. Streams that stop and go on are warned of, as is every file
/// that cannot be read; what is missing inside a stream, whoever reads the input tells.
///
/// Of a segment that is being written, the whole epochs that it has now are read. `stray` says whether something was asked for that only
/// a folder has.
///
/// # Errors
///
/// There is no such recording (1), several, or one asked for where no folder was named (2); as [`Input::open_all`].
pub fn open(
    files: &[PathBuf],
    wanted: &Choice,
    stray: impl FnOnce() -> Result<(), Failure>,
    report: &Report,
) -> anyhow::Result<Input> {
    if !files.iter().any(|f| is_folder(f)) {
        stray()?;
        return Ok(Input::open_all(files, report)?);
    }
    let (mut paths, mut growing) = (Vec::new(), None);
    for file in files {
        if !is_folder(file) {
            paths.push(file.clone());
            continue;
        }
        let mut recording = selection::one(file, wanted, report)?;
        for seam in recording.seams().iter().filter(|s| !is_in_stream(s.seam)) {
            seam_text(seam).iter().for_each(|gap| report.warn(gap));
        }
        // of what is being written the whole epochs are read, when it has one
        let unready = |e: &Entry<PathBuf>| e.segment.closed.is_none() && is_growing(e);
        if let Some(e) = recording.entries.pop_if(|e| unready(e)) {
            report.note(format!("{} is being written, and has no whole epoch yet", text::quoted_path(&e.place)));
        }
        if recording.entries.last().is_some_and(is_growing) {
            if growing.is_some() {
                return Err(Failure::usage("two of the folders are being recorded into")
                    .hint("leave out what is being written: --to TIME")
                    .into());
            }
            growing = recording.entries.pop();
        }
        paths.extend(recording.entries.into_iter().map(|e| e.place));
    }
    if paths.is_empty() && growing.is_none() {
        return Err(Failure::failed("nothing is recorded yet").into());
    }
    let growing = growing.map(now).transpose()?;
    Ok(Input::open_with(&paths, growing, report)?)
}

/// Files to check one by one.
#[derive(Debug, Default)]
pub struct Checked {
    /// Files, and the segments of folders.
    pub files: Vec<PathBuf>,
    /// What is missing between the segments, so that the recordings are not whole.
    pub holes: Vec<String>,
}

/// `files`, with folders of segments in the place of their segments: all recordings that are wanted. Gaps are warned of.
///
/// # Errors
///
/// There is no such recording (1), or one was asked for where no folder was named (2).
pub fn to_check(
    files: &[PathBuf],
    wanted: &Choice,
    stray: impl FnOnce() -> Result<(), Failure>,
    report: &Report,
) -> anyhow::Result<Checked> {
    let mut checked = Checked::default();
    if !files.iter().any(|f| is_folder(f)) {
        stray()?;
    }
    for file in files {
        if !is_folder(file) {
            checked.files.push(file.clone());
            continue;
        }
        let found = selection::all(file, wanted)?;
        for recording in &found.recordings {
            add(recording, &mut checked, report);
        }
        checked.files.extend(found.unreadable.into_iter().map(|(path, _)| path));
    }
    Ok(checked)
}

fn add(recording: &Recording<PathBuf>, checked: &mut Checked, report: &Report) {
    for seam in recording.seams() {
        let Some(gap) = seam_text(&seam) else { continue };
        let gap = format!("{}: {gap}", text::quoted(&recording.camera));
        report.warn(&gap);
        if matches!(seam.seam, Seam::Missing { .. } | Seam::Broken | Seam::ContinuedLater) {
            checked.holes.push(gap);
        }
    }
    for e in &recording.entries {
        match is_growing(e) {
            true => report.note(format!("{} is being written: left out", text::quoted_path(&e.place))),
            false => checked.files.push(e.place.clone()),
        }
    }
}

/// What the reader of the pieces sees for itself.
fn is_in_stream(seam: Seam) -> bool {
    matches!(seam, Seam::Follows | Seam::Missing { .. } | Seam::Broken)
}

fn is_folder(path: &Path) -> bool {
    location::is_folder(path) || path != Path::new("-") && path.is_dir()
}

/// A pipe with the whole epochs of a segment that is being written.
fn now(entry: Entry<PathBuf>) -> anyhow::Result<(String, File)> {
    let name = text::quoted_path(&entry.place);
    // it may be finished by now; the file is the same
    let opened = File::open(&entry.place).or_else(|_| File::open(entry.place.with_extension("")));
    let file = opened.with_context(|| format!("cannot open {name}"))?;
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let whole = entry.segment.closed.map_or(0, |c| c.behind);
    let thread = thread::Builder::new().name("archive".into());
    // it ends with the segment, or when nobody reads any more
    thread.spawn(move || feed(file.take(whole), writer)).context("cannot start a thread")?;
    Ok((name, File::from(OwnedFd::from(reader))))
}

fn feed(epochs: impl Read, output: PipeWriter) {
    let mut joiner = Joiner::new(output);
    // damage shows as a stream that has no end; a reader that went away has said why
    if joiner.add_growing(epochs).is_ok() {
        let _ = joiner.finish();
    }
}
