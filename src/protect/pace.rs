//! Is the analysis late? A live camera does not wait.

use std::time::{Duration, Instant};

use crate::privacy::TimeBase;

/// Compares the wall clock with the pictures' times.
#[derive(Debug)]
pub(super) struct Pace {
    slack_us: i64,
    time_base: TimeBase,
    start: Instant,
    /// The least difference of wall clock and picture time among the packets that arrived, in microseconds: that of
    /// those which came without delay.
    offset_us: Option<i64>,
}

impl Pace {
    /// A picture is late when it lags the camera by more than `slack`.
    pub fn new(slack: Duration, time_base: TimeBase) -> Self {
        let slack_us = i64::try_from(slack.as_micros()).unwrap_or(i64::MAX);
        Pace { slack_us, time_base, start: Instant::now(), offset_us: None }
    }

    /// A packet was read.
    pub fn arrived(&mut self, pts: i64) {
        let ahead = self.ahead(self.now(), pts);
        self.offset_us = Some(self.offset_us.map_or(ahead, |o| o.min(ahead)));
    }

    /// Whether the picture of this time comes too late to be analysed.
    pub fn is_late(&self, pts: i64) -> bool {
        self.offset_us.is_some_and(|o| self.ahead(self.now(), pts).saturating_sub(o) > self.slack_us)
    }

    fn now(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn ahead(&self, now_us: i64, pts: i64) -> i64 {
        now_us.saturating_sub(self.time_base.micros(pts))
    }
}
