//! How long a camera is left alone before it is asked again. What grows with failures is not for a camera that gives
//! pictures: each time that it hangs up would make the recording blinder.

use std::time::Duration;

/// The shortest time between two attempts, and the longest, to which it doubles.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The next pause.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(FIRST)
    }
}

impl Backoff {
    /// The pause after an attempt that failed, or a connection that gave nothing.
    pub fn failed(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        pause
    }

    /// The pause after a connection that gave pictures, and ended after this time.
    pub fn fruitful(&mut self, lasted: Duration) -> Duration {
        self.0 = FIRST;
        FIRST.saturating_sub(lasted)
    }

    /// The pause that comes next.
    pub fn next(&self) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_gives_nothing_is_left_alone_for_longer() {
        let mut backoff = Backoff::default();
        let failed: Vec<_> = (0..8).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(failed, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        for _ in 0..9 {
            assert_eq!(backoff.fruitful(Duration::from_secs(2)), Duration::ZERO);
        }
        assert_eq!(backoff.fruitful(Duration::from_millis(100)).as_millis(), 400, "nor is it asked without end");
        assert_eq!(backoff.failed(), FIRST);
    }
}
