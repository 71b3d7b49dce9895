//! Epochs during a cut: the one that is being read, and those that were taken.

use crate::base::text::{count, rfc3339};
use crate::format::Record;
use crate::playback::hh_mm_ss;

use super::error::RewrapError;
use super::span::{CutSpan, Overlap};

/// The maximum number of bytes of an epoch that are kept until it is known whether it is wanted, if the input is a
/// pipe.
const MAX_HELD: usize = 256 << 20;

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
    /// Keeps the record read last, `raw`, until it is known whether the epoch is wanted.
    ///
    /// # Errors
    ///
    /// It is too large for that.
    pub fn hold(&mut self, record: Record, raw: &[u8]) -> Result<(), RewrapError> {
        // a frame may be far smaller than the memory that it takes to keep it
        self.held_len = self.held_len.saturating_add(raw.len() + size_of::<(Record, Vec<u8>)>());
        if self.held_len > MAX_HELD {
            return Err(RewrapError::EpochTooLarge);
        }
        self.held.push((record, raw.to_vec()));
        Ok(())
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
}

impl TakenEpochs {
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
