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
