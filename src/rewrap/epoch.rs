//! Epochs on their way through a cut: the one being read, and those that were taken.

use super::span::{CutSpan, Overlap};
use crate::base::text;
use crate::base::text::count;
use crate::cli::Failure;
use crate::format::Record;
use crate::playback::moment;

/// So much of an epoch is held in memory until it is known whether it is wanted, when the input is a pipe.
const HELD: usize = 256 << 20;

/// The epoch being read.
pub(super) struct Open {
    /// Offset of its start record from the stream's preamble.
    pub at: u64,
    pub number: u64,
    pub overlap: Overlap,
    /// It goes into the output as it comes.
    pub writing: bool,
    /// Its records so far, of a pipe that cannot be read again.
    pub held: Vec<(Record, Vec<u8>)>,
    pub held_len: usize,
}

impl Open {
    /// Keeps the record read last, `raw`, until it is known whether the epoch is wanted.
    ///
    /// # Errors
    ///
    /// It is too large for that (1).
    pub fn hold(&mut self, record: Record, raw: &[u8]) -> anyhow::Result<()> {
        // frames may be far smaller than what it takes to keep one
        self.held_len = self.held_len.saturating_add(raw.len() + size_of::<(Record, Vec<u8>)>());
        if self.held_len > HELD {
            return Err(Failure::failed("an epoch is too large to be held in memory")
                .hint("give the file by its name, not a pipe")
                .into());
        }
        self.held.push((record, raw.to_vec()));
        Ok(())
    }
}

/// What was taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub epochs: u64,
    pub first: u64,
    pub last: u64,
    /// UTC of the first picture or sound and of the end of the last one.
    pub shown: Option<(i64, i64)>,
}

impl Taken {
    /// One line for people.
    pub fn text(self, span: &CutSpan) -> String {
        let numbers = match self.first == self.last {
            true => format!("number {}", self.first),
            false => format!("number {} to {}", self.first, self.last),
        };
        let since = |ns| moment::hh_mm_ss(span.since_beginning(ns));
        let times = self.shown.map(|(from, to)| {
            let utc = format!("{} to {}", text::rfc3339(from), text::rfc3339(to));
            format!(": {utc}, {} to {} from the beginning", since(from), since(to))
        });
        format!("{}, {numbers}{}", count(self.epochs, "epoch"), times.unwrap_or_default())
    }
}
