//! Whether the recorder's clock was set while it recorded.

use serde::Serialize;

use crate::base::clock::step_text;
use crate::base::text::rfc3339;
use crate::format::{Clock, Start};

/// The maximum number of steps that are listed.
const LISTED: usize = 64;

/// A step of the wall clock against the monotonic one.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ClockStep {
    /// The first epoch after it.
    epoch: u64,
    /// By how many seconds the clock was set forward; negative: back.
    seconds: f64,
    /// What the clock showed then.
    time: String,
    /// Between two streams only the least of it is known.
    at_least: bool,
    #[serde(skip)]
    ns: i64,
}

/// The two clocks of a stream's epochs.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    /// The last epoch of the stream that was read.
    last: Option<(u64, Clock)>,
    /// That of the stream that this one continues, until its first epoch comes.
    before: Option<(u64, Clock)>,
    pub steps: Vec<ClockStep>,
}

impl Clocks {
    /// Another stream. `last` is its last epoch in what was read before, as in the segment before; `before` that of the
    /// stream which it continues, whose monotonic clock is another one.
    pub fn stream(&mut self, last: Option<(u64, Clock)>, before: Option<(u64, Clock)>) {
        (self.last, self.before) = (last, before);
    }

    /// An epoch begins.
    pub fn start(&mut self, s: &Start) {
        let now = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
        let before = self.before.take();
        let step = match self.last.replace((s.epoch, now)) {
            Some((epoch, last)) => now.step_since(last).filter(|_| s.epoch > epoch),
            None => before.and_then(|(_, before)| now.step_back_since(before)),
        };
        if let Some(ns) = step.filter(|_| self.steps.len() < LISTED) {
            let (seconds, time, at_least) = (ns as f64 / 1e9, rfc3339(s.wall_ns), before.is_some());
            self.steps.push(ClockStep { epoch: s.epoch, seconds, time, at_least, ns });
        }
    }

    /// A line for each step.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|s| format!("{} before epoch {} ({})", step_text(s.ns, s.at_least), s.epoch, s.time))
    }
}
