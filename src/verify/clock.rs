//! Whether the recorder's clock was set while it recorded.

use serde::Serialize;

use crate::base::text::rfc3339;
use crate::format::Start;

/// A clock that is only inexact drifts by less than this between two epochs.
const STEP_NS: i64 = 1_000_000_000;
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
}

/// The two clocks of a stream's epochs.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    /// Epoch, wall clock and monotonic clock.
    last: Option<(u64, i64, i64)>,
    pub steps: Vec<ClockStep>,
}

impl Clocks {
    /// Another stream: another monotonic clock.
    pub fn stream(&mut self) {
        self.last = None;
    }

    /// An epoch begins.
    pub fn start(&mut self, s: &Start) {
        if let Some((epoch, wall_ns, mono_ns)) = self.last.replace((s.epoch, s.wall_ns, s.mono_ns)) {
            let passed = s.mono_ns.saturating_sub(mono_ns);
            let step = s.wall_ns.saturating_sub(wall_ns).saturating_sub(passed);
            if s.epoch > epoch && step.unsigned_abs() >= STEP_NS.unsigned_abs() && self.steps.len() < LISTED {
                let (seconds, time) = (step as f64 / 1e9, rfc3339(s.wall_ns));
                self.steps.push(ClockStep { epoch: s.epoch, seconds, time });
            }
        }
    }

    /// A line for each step.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|s| {
            let way = if s.seconds < 0.0 { "back" } else { "forward" };
            format!(
                "the recorder's clock was set {way} by {:.3} s before epoch {} ({})",
                s.seconds.abs(),
                s.epoch,
                s.time
            )
        })
    }
}
