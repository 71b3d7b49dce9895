//! Who follows a run.

use super::counts::Counts;
use super::manifest::ManifestLine;

/// Hears what happens in a run, from several threads. Every method may be left out.
pub trait Observer: Send + Sync {
    /// The command wrote a line to stderr, here without its end.
    fn line(&self, _item: &str, _line: &str) {}

    /// An attempt at an item did not succeed; it may be tried again. `written` are the last lines that the command
    /// wrote to stderr, ten at most, without the one that is the message.
    fn attempt_failed(&self, _attempt: &ManifestLine, _written: &[String]) {}

    /// An item is over, and `line` is in the manifest.
    fn item_over(&self, _line: &ManifestLine) {}

    /// Called ten times a second: how far the run is. `position` is in bytes of the items that are due, and counts what
    /// jobs have read of the items that they work on.
    fn tick(&self, _counts: &Counts, _position: u64) {}
}

/// Nobody follows.
impl Observer for () {}
