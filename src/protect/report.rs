//! `--report` and `--plot`: what the parent makes of the child's notes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};

use serde::Serialize;

use crate::base::json::line;
use crate::base::text::rfc3339;
use crate::storage::{AtomicFile, StreamOutput};

use super::error::ProtectError;
use super::picture_facts::{HiddenPart, PictureFacts, WholeReason};
use super::plot::Plot;

/// The longest line of the child's, in bytes.
const LINE: u64 = 64 << 10;

/// Where the notes go.
pub(super) struct PictureReport {
    pub file: Option<StreamOutput>,
    pub plot: Option<AtomicFile>,
}

#[derive(Serialize)]
struct Line<'a> {
    picture: u64,
    pts: i64,
    seconds: f64,
    time: String,
    share: f32,
    whole: Option<WholeReason>,
    repeated: bool,
    blobs: &'a [u32],
    parts: &'a [HiddenPart],
}

/// The last line.
#[derive(Debug, Default, Serialize)]
struct Summary {
    pictures: u64,
    /// Pictures that are hidden whole, by reason.
    whole: BTreeMap<WholeReason, u64>,
    repeated: u64,
    mean_share: f64,
}

impl PictureReport {
    /// Reads the child's notes to their end, and writes what was asked for.
    ///
    /// # Errors
    ///
    /// A file cannot be written; the child's notes are not in their form.
    pub fn write(mut self, notes: impl Read) -> Result<(), ProtectError> {
        let mut notes = BufReader::new(notes);
        let (mut summary, mut plot, mut sum) = (Summary::default(), Plot::default(), 0.0);
        let mut text = Vec::new();
        loop {
            text.clear();
            if notes.by_ref().take(LINE).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let Ok(facts) = serde_json::from_slice::<PictureFacts>(&text) else {
                // the child died in the middle of a line, or writes what no child writes
                if text.last() != Some(&b'\n') && text.len() < LINE as usize {
                    break;
                }
                return Err(ProtectError::WrongNotes);
            };
            summary.pictures += 1;
            summary.repeated += u64::from(facts.repeated);
            sum += f64::from(facts.share);
            if let Some(whole) = facts.whole {
                *summary.whole.entry(whole).or_default() += 1;
            }
            plot.add(&facts);
            if let Some(file) = &mut self.file {
                file.write_all(line(&Line::of(&facts)).as_bytes())?;
            }
        }
        summary.mean_share = sum / summary.pictures.max(1) as f64;
        if let Some(mut file) = self.file {
            file.write_all(line(&BTreeMap::from([("summary", &summary)])).as_bytes())?;
            file.finish()?;
        }
        if let Some(mut file) = self.plot {
            file.file().write_all(&plot.png()?)?;
            file.commit()?;
        }
        Ok(())
    }
}

impl<'a> Line<'a> {
    fn of(facts: &'a PictureFacts) -> Self {
        Line {
            picture: facts.picture,
            pts: facts.pts,
            seconds: facts.seconds,
            time: rfc3339(facts.utc_ns),
            share: facts.share,
            whole: facts.whole,
            repeated: facts.repeated,
            blobs: &facts.blobs,
            parts: &facts.parts,
        }
    }
}
