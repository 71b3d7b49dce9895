//! What became of the items of a run.

use std::sync::Mutex;

use crate::base::lock;

use super::manifest::{ManifestLine, Outcome};

/// Items that went wrong and are named; the others are counted only.
const NAMED: usize = 100;

/// Items by what became of them, as far as the run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that were due at the start.
    pub items: u64,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// Items that were done before the start.
    pub done_before: u64,
    /// Items that this run did.
    pub done: u64,
    /// The size of those, in bytes.
    pub done_bytes: u64,
    /// Items that turned out to be done: by another run, or because only their time was changed.
    pub done_elsewhere: u64,
    /// Items that are not there any more.
    pub gone: u64,
    /// Items that failed or were refused.
    pub failed: u64,
    /// Items that are damaged, and items that nobody could look at.
    pub damaged: u64,
    /// The size of all items that are over, however they ended, in bytes.
    pub over_bytes: u64,
}

impl Counts {
    /// Items that are over, however they ended.
    pub fn over(&self) -> u64 {
        self.done + self.done_elsewhere + self.gone + self.failed + self.damaged
    }

    /// Items that are not over.
    pub fn left(&self) -> u64 {
        self.items.saturating_sub(self.over())
    }
}

/// An item that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedItem {
    /// How it ended.
    pub outcome: Outcome,
    /// Its name.
    pub item: String,
    /// What went wrong.
    pub message: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunVerdict {
    /// All items are done.
    Done,
    /// Some items are damaged, and all others done.
    Damaged,
    /// Some items failed.
    Failed,
    /// The run was asked to stop.
    Stopped,
}

/// A run that is over.
#[derive(Debug, Clone)]
pub struct Summary {
    /// What became of the items.
    pub counts: Counts,
    /// The first hundred items that are not done.
    pub failed_items: Vec<FailedItem>,
    /// Whether the run was asked to stop.
    pub stopped: bool,
}

impl Summary {
    /// All of it in one word.
    pub fn verdict(&self) -> RunVerdict {
        match (self.stopped, self.counts.failed, self.counts.damaged) {
            (true, ..) => RunVerdict::Stopped,
            (_, 0, 0) => RunVerdict::Done,
            (_, 0, _) => RunVerdict::Damaged,
            _ => RunVerdict::Failed,
        }
    }

    /// Items that are not done and not among [`Summary::failed_items`].
    pub fn unnamed(&self) -> u64 {
        (self.counts.failed + self.counts.damaged).saturating_sub(self.failed_items.len() as u64)
    }
}

/// Counts while the run is at work.
#[derive(Debug)]
pub(super) struct Counter(Mutex<(Counts, Vec<FailedItem>)>);

impl Counter {
    /// Counts on from `counts`.
    pub fn new(counts: Counts) -> Self {
        Counter(Mutex::new((counts, Vec::new())))
    }

    /// As far as the run is.
    pub fn counts(&self) -> Counts {
        lock(&self.0).0
    }

    /// An item is over.
    pub fn over(&self, line: &ManifestLine) {
        let (counts, failed) = &mut *lock(&self.0);
        counts.over_bytes += line.input.bytes;
        match line.state {
            Outcome::Done => {
                counts.done += 1;
                counts.done_bytes += line.input.bytes;
                return;
            }
            Outcome::Damaged => counts.damaged += 1,
            Outcome::Failed | Outcome::Refused | Outcome::Replacing => counts.failed += 1,
        }
        name(failed, line.state, &line.item, &line.message);
    }

    /// An item turned out to be done.
    pub fn elsewhere(&self, bytes: u64) {
        let (counts, _) = &mut *lock(&self.0);
        counts.done_elsewhere += 1;
        counts.over_bytes += bytes;
    }

    /// An item is not there any more.
    pub fn gone(&self, bytes: u64) {
        let (counts, _) = &mut *lock(&self.0);
        counts.gone += 1;
        counts.over_bytes += bytes;
    }

    /// An item that nobody could look at.
    pub fn left_out(&self, item: &str, why: &str) {
        let (counts, failed) = &mut *lock(&self.0);
        counts.damaged += 1;
        name(failed, Outcome::Damaged, item, why);
    }

    /// The end.
    pub fn summary(&self, stopped: bool) -> Summary {
        let (counts, failed) = &*lock(&self.0);
        Summary { counts: *counts, failed_items: failed.clone(), stopped }
    }
}

fn name(failed: &mut Vec<FailedItem>, outcome: Outcome, item: &str, message: &str) {
    if failed.len() < NAMED {
        failed.push(FailedItem { outcome, item: item.to_owned(), message: message.to_owned() });
    }
}
