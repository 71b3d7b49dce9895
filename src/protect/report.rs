//! `--report` and `--plot`: the parent's side of the child's notes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};

use serde::Serialize;

use crate::base::json::line;
use crate::base::text::rfc3339;
use crate::cli::Failure;
use crate::storage::{AtomicFile, StreamOutput};

use super::picture_facts::{Note, Part, Whole};
use super::plot::Plot;

/// The longest line of the child's.
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
    whole: Option<Whole>,
    repeated: bool,
    blobs: &'a [u32],
    parts: &'a [Part],
}

/// The last line.
#[derive(Debug, Default, Serialize)]
struct Summary {
    pictures: u64,
    /// Pictures that are hidden whole, by reason.
    whole: BTreeMap<Whole, u64>,
    repeated: u64,
    mean_share: f64,
}

impl PictureReport {
    /// Reads the child's notes to their end, and writes what was asked for.
    ///
    /// # Errors
    ///
    /// A file cannot be written; the child told nonsense (1).
    pub fn take(mut self, notes: impl Read) -> anyhow::Result<()> {
        let mut notes = BufReader::new(notes);
        let (mut summary, mut plot, mut sum) = (Summary::default(), Plot::default(), 0.0);
        let mut text = Vec::new();
        loop {
            text.clear();
            if notes.by_ref().take(LINE).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let Ok(note) = serde_json::from_slice::<Note>(&text) else {
                // the child died in the middle of a line, or says what no child says
                if text.last() != Some(&b'\n') && text.len() < LINE as usize {
                    break;
                }
                return Err(Failure::failed("the decoder process gave notes that make no sense").into());
            };
            summary.pictures += 1;
            summary.repeated += u64::from(note.repeated);
            sum += f64::from(note.share);
            if let Some(whole) = note.whole {
                *summary.whole.entry(whole).or_default() += 1;
            }
            plot.add(&note);
            if let Some(file) = &mut self.file {
                file.write_all(line(&Line::of(&note)).as_bytes())?;
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
    fn of(note: &'a Note) -> Self {
        Line {
            picture: note.picture,
            pts: note.pts,
            seconds: note.seconds,
            time: rfc3339(note.utc_ns),
            share: note.share,
            whole: note.whole,
            repeated: note.repeated,
            blobs: &note.blobs,
            parts: &note.parts,
        }
    }
}
