//! Epochs during a cut: the one that is being read, and those that were taken.

use std::rc::Rc;

use crate::base::text::{count, rfc3339};
use crate::format::{Frame, Keys, Record};
use crate::playback::hh_mm_ss;

use super::span::{CutSpan, Overlap};

/// A keys record, its bytes, and its offset from the stream's preamble.
pub(super) type HeldKeys = Option<Rc<(Box<Keys>, Vec<u8>, u64)>>;

/// The epoch being read.
pub(super) struct OpenEpoch {
    /// Offset of its start record from the stream's preamble.
    pub at: u64,
    pub number: u64,
    pub overlap: Overlap,
    /// It is wanted: its records are written as they are read.
    pub writing: bool,
    /// Its records so far, if the input is a pipe and cannot be read again.
    pub held: Vec<(Record, Vec<u8>)>,
    pub held_len: usize,
}

impl OpenEpoch {
    pub fn new(number: u64, at: u64) -> Self {
        OpenEpoch { at, number, overlap: Overlap::default(), writing: false, held: Vec::new(), held_len: 0 }
    }

    /// Keeps the record read last, `raw`, until it is known whether the epoch is wanted.
    pub fn hold(&mut self, record: Record, raw: &[u8]) {
        // a frame may be far smaller than the memory that it takes to keep it
        self.held_len = self.held_len.saturating_add(raw.len() + size_of::<(Record, Vec<u8>)>());
        self.held.push((record, raw.to_vec()));
    }
}

/// The epochs that were taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakenEpochs {
    pub epochs: u64,
    pub first: u64,
    pub last: u64,
    /// UTC of the first picture or sound and of the end of the last one.
    pub shown: Option<(i64, i64)>,
    /// Whether the first picture is a key frame.
    key_first: Option<bool>,
}

impl TakenEpochs {
    /// Nothing yet; the epoch of this number comes first.
    pub fn begin(number: u64) -> Self {
        TakenEpochs { epochs: 0, first: number, last: number, shown: None, key_first: None }
    }

    /// A frame that was taken.
    pub fn note(&mut self, f: &Frame, span: &CutSpan) {
        if span.first_video() == Some(f.track) {
            self.key_first = self.key_first.or(Some(f.flags.key));
        }
        let Some((from, to)) = span.times(f) else { return };
        let (a, b) = self.shown.unwrap_or((from, to));
        self.shown = Some((a.min(from), b.max(to)));
    }

    /// The first epoch, if its first pictures are decoded only after those of an epoch that was not taken.
    pub fn leans(&self) -> Option<u64> {
        Some(self.first).filter(|first| *first > 0 && self.key_first == Some(false))
    }

    /// Their numbers and times in one line.
    pub fn text(self, span: &CutSpan) -> String {
        let numbers = if self.first == self.last {
            format!("number {}", self.first)
        } else {
            format!("number {} to {}", self.first, self.last)
        };
        let since = |ns| hh_mm_ss(span.since_beginning(ns));
        let times = self.shown.map(|(from, to)| {
            let utc = format!("{} to {}", rfc3339(from), rfc3339(to));
            format!(": {utc}, {} to {} from the beginning", since(from), since(to))
        });
        format!("{}, {numbers}{}", count(self.epochs, "epoch"), times.unwrap_or_default())
    }
}
