//! The clocks that records carry.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What the writer's clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Wall clock, UTC ns.
    pub wall_ns: i64,
    /// Monotonic clock since the stream began, ns.
    pub mono_ns: i64,
}

/// A wall clock that is only inexact drifts by less than this between two readings, in ns.
const STEP_NS: i64 = 1_000_000_000;

impl Clock {
    /// By how many ns the wall clock was set against the monotonic one since `before`, a reading of the same two
    /// clocks; negative: back. `None` where it was not.
    pub fn step_since(self, before: Clock) -> Option<i64> {
        let passed = self.mono_ns.saturating_sub(before.mono_ns);
        is_step(self.wall_ns.saturating_sub(before.wall_ns).saturating_sub(passed))
    }

    /// The same where the monotonic clock began anew in between: only that the wall clock was set back shows, by at
    /// least so much.
    pub fn step_back_since(self, before: Clock) -> Option<i64> {
        is_step(self.wall_ns.saturating_sub(before.wall_ns)).filter(|ns| *ns < 0)
    }
}

/// The ns by which two clocks differ, where that is more than they drift.
pub fn is_step(ns: i64) -> Option<i64> {
    (ns.unsigned_abs() >= STEP_NS.unsigned_abs()).then_some(ns)
}

/// What is said of a clock that was set by a number of ns (negative: back), or back by at least that number.
pub fn step_text(ns: i64, at_least: bool) -> String {
    let (way, least) = (if ns < 0 { "back" } else { "forward" }, if at_least { "at least " } else { "" });
    format!("the recorder's clock was set {way} by {least}{:.3} s", ns as f64 / 1e9 * if ns < 0 { -1.0 } else { 1.0 })
}

/// The system's wall clock, and a monotonic clock that began with the stream.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Clocks of a stream that begins now.
    pub fn start() -> Self {
        SystemClock(Instant::now())
    }

    /// What they show.
    pub fn now(&self) -> Clock {
        Clock { wall_ns: wall_ns(), mono_ns: i64::try_from(self.0.elapsed().as_nanos()).unwrap_or(i64::MAX) }
    }
}

/// The wall clock, UTC ns since 1970.
pub fn wall_ns() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(d) => i64::try_from(d.as_nanos()).unwrap_or(i64::MAX),
        Err(e) => i64::try_from(e.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    }
}
