//! Where the child writes.

use std::fs::File;
use std::io::Write;

use crate::base::json;
use crate::format::StreamRecord;

use super::error::ProtectError;
use super::picture_facts::PictureFacts;

/// Where the child writes.
pub(super) struct WorkerOutput<W> {
    /// The public streams.
    pub public: W,
    /// A line of JSON for each picture.
    pub notes: Option<File>,
    /// The original with outlines, as a plain stream.
    pub overlay: Option<File>,
    /// Number of notes that were written.
    noted: u64,
}

impl<W> WorkerOutput<W> {
    /// Writes public streams to `public`, notes and overlay where they are asked for.
    pub fn new(public: W, notes: Option<File>, overlay: Option<File>) -> Self {
        WorkerOutput { public, notes, overlay, noted: 0 }
    }

    /// Reports a picture of the original's track `video` to the parent, in one line.
    pub fn note(&mut self, facts: PictureFacts, original: &StreamRecord, video: u16) -> Result<(), ProtectError> {
        let Some(file) = &mut self.notes else { return Ok(()) };
        let ns = original.tracks.get(usize::from(video)).and_then(|t| t.to_ns(facts.pts)).unwrap_or(0);
        let utc_ns = original.utc_ns(ns);
        let facts = PictureFacts { picture: self.noted, seconds: ns as f64 / 1e9, utc_ns, ..facts };
        self.noted += 1;
        Ok(file.write_all(json::line(&facts).as_bytes())?)
    }
}
