//! Segments of a recording as one stream.

use std::fs::File;
use std::io::{ErrorKind, PipeWriter, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context;

use crate::archive::{ArchiveError, Entry, Joiner, Part, Recording};
use crate::cli::{Input, Session, text};
use crate::format::FormatError;

use super::choice::{Choice, choose};
use super::listing::is_growing;

/// Whether a name on the command line is an archive folder.
pub fn is_folder(path: Option<&Path>) -> bool {
    path.is_some_and(|p| p != Path::new("-") && p.is_dir())
}

/// Opens a folder of segments as one input. Segments that follow each other are one stream; what is missing between them is warned of.
///
/// # Errors
///
/// As [`choose`].
pub fn open(folder: &Path, wanted: &Choice, session: &Session) -> anyhow::Result<Input> {
    let recording = choose(folder, wanted, session)?;
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let feeder = session.clone();
    let thread = thread::Builder::new().name("archive".into());
    // it ends with the recording, or when nobody reads any more
    thread.spawn(move || feed(recording, writer, &feeder)).context("cannot start a thread")?;
    Input::of(text::quoted_path(folder), File::from(OwnedFd::from(reader)), session)
}

fn feed(recording: Recording<PathBuf>, output: PipeWriter, session: &Session) {
    let mut joiner = Joiner::new(output);
    for entry in &recording.entries {
        match add(&mut joiner, entry) {
            Ok(()) => {}
            // damage and a segment that went away: the streams say that they have no end
            Err(Trouble::Segment(why)) => session.warn(format!("{}: {why}", text::quoted_path(&entry.place))),
            Err(Trouble::Reader) => return,
        }
    }
    let _ = joiner.finish();
}

enum Trouble {
    Segment(String),
    /// Whoever reads the pipe is gone.
    Reader,
}

fn add(joiner: &mut Joiner<PipeWriter>, entry: &Entry<PathBuf>) -> Result<(), Trouble> {
    let growing = is_growing(entry);
    let file = match File::open(&entry.place) {
        // finished since it was listed
        Err(e) if e.kind() == ErrorKind::NotFound => File::open(entry.place.with_extension("")),
        opened => opened,
    };
    let file = file.map_err(|e| Trouble::Segment(text::io_reason(&e)))?;
    // of a segment that grows, the whole epochs that it had when it was listed
    let whole = entry.segment.closed.map_or(0, |c| c.behind);
    let part = match growing {
        true if whole == 0 => return Ok(()),
        true => joiner.add_growing(file.take(whole)),
        false => joiner.add(file),
    };
    match part {
        Ok(Part::Whole) => Ok(()),
        Ok(Part::Stopped(FormatError::Truncated { .. })) if growing => Ok(()),
        Ok(Part::Stopped(e)) => Err(Trouble::Segment(e.to_string())),
        Err(ArchiveError::Write(_)) => Err(Trouble::Reader),
        Err(e) => Err(Trouble::Segment(e.to_string())),
    }
}
