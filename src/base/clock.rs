//! The clocks that records carry.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::format::Clock;

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

/// Random bytes from the system, for stream ids.
///
/// # Errors
///
/// The system has none to give.
pub fn random_id() -> anyhow::Result<[u8; 16]> {
    let mut id = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut id)
        .map_err(|_| crate::cli::Failure::failed("the system gave no random numbers"))?;
    Ok(id)
}
