//! Is the analysis late? A live camera does not wait.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::Report;
use crate::base::text::count;
use crate::privacy::TimeBase;

/// No codec's pictures are farther out of order, in pictures (H.264 A.3.1).
const MAX_DEPTH: usize = 16;

/// The least time between two warnings; it doubles with each, up to the most.
const LEAST_PAUSE: Duration = Duration::from_secs(10);
const MOST_PAUSE: Duration = Duration::from_secs(3600);

/// Compares the wall clock with the times of the packets that are read.
///
/// The stream's own delay does not count: a picture that waits for others, which are shown after it and come before it,
/// is not late. So what is compared is not a picture's time but the one that is due when its last packet comes: with
/// pictures that stand n places out of order, the n-th time before the highest.
#[derive(Debug)]
pub(super) struct Pace {
    slack_us: i64,
    time_base: TimeBase,
    start: Instant,
    /// The last times in the order in which they came.
    last: VecDeque<i64>,
    /// How many places pictures stand out of order.
    depth: usize,
    /// The time that is due.
    due: Option<i64>,
    /// The least difference of wall clock and due time among the packets that arrived, in microseconds: that of those
    /// which came without delay.
    offset_us: Option<i64>,
    late: LateRun,
}

/// Pictures that are late one after another.
#[derive(Debug)]
struct LateRun {
    pictures: u64,
    is_told: bool,
    told: Option<Instant>,
    pause: Duration,
}

impl Pace {
    /// A picture is late when it lags the camera by more than `slack`.
    pub fn new(slack: Duration, time_base: TimeBase) -> Self {
        let slack_us = i64::try_from(slack.as_micros()).unwrap_or(i64::MAX);
        let late = LateRun { pictures: 0, is_told: false, told: None, pause: LEAST_PAUSE };
        let (start, last) = (Instant::now(), VecDeque::new());
        Pace { slack_us, time_base, start, last, depth: 0, due: None, offset_us: None, late }
    }

    /// A packet was read.
    pub fn arrived(&mut self, pts: i64) {
        let now_us = i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.arrived_at(pts, now_us);
    }

    fn arrived_at(&mut self, pts: i64, now_us: i64) {
        let depth = self.last.iter().filter(|before| **before > pts).count().min(MAX_DEPTH);
        if depth > self.depth {
            // what was measured before does not count the same delay
            (self.depth, self.offset_us) = (depth, None);
        }
        self.last.push_back(pts);
        if self.last.len() > MAX_DEPTH + 1 {
            self.last.pop_front();
        }
        let mut rising: Vec<i64> = self.last.iter().copied().collect();
        rising.sort_unstable();
        self.due = rising.iter().rev().nth(self.depth).copied();
        if let Some(due) = self.due {
            let behind = now_us.saturating_sub(self.time_base.micros(due));
            self.offset_us = Some(self.offset_us.map_or(behind, |o| o.min(behind)));
        }
    }

    /// Whether the picture that comes now is too late to be analysed. That is reported when it begins and when it ends.
    pub fn is_late(&mut self, report: &Report) -> bool {
        let now_us = i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX);
        let lag_us = self.lag_us(now_us);
        let is_late = lag_us > self.slack_us;
        self.late.next(is_late.then_some(lag_us), report);
        is_late
    }

    /// By how much what is read lags the camera.
    fn lag_us(&self, now_us: i64) -> i64 {
        let behind = self.due.map(|due| now_us.saturating_sub(self.time_base.micros(due)));
        behind.zip(self.offset_us).map_or(0, |(behind, offset)| behind.saturating_sub(offset))
    }
}

impl LateRun {
    /// Another picture, and by how much it is late if it is.
    fn next(&mut self, lag_us: Option<i64>, report: &Report) {
        let Some(lag_us) = lag_us else {
            if std::mem::take(&mut self.is_told) {
                let pictures = count(self.pictures, "picture");
                report.note(format!("pictures are analysed in time again, after {pictures} that were not"));
            }
            self.pictures = 0;
            return;
        };
        self.pictures += 1;
        if self.pictures > 1 || self.told.is_some_and(|told| told.elapsed() < self.pause) {
            return;
        }
        if self.told.replace(Instant::now()).is_some() {
            self.pause = self.pause.saturating_mul(2).min(MOST_PAUSE);
        }
        self.is_told = true;
        let seconds = lag_us as f64 / 1e6;
        report.warn(format!(
            "the analysis is {seconds:.1} s behind the camera: pictures are not analysed, and the public picture \
             before them is repeated"
        ));
        report.hint("this machine is too slow or too busy for this camera; --realtime=TIME allows a longer delay");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKS: TimeBase = TimeBase { num: 1, den: 10 };

    /// The longest lag after the first pictures, where packets come a tick after each other.
    fn lag(order: &[i64]) -> i64 {
        let mut pace = Pace::new(Duration::ZERO, TICKS);
        let mut most = 0;
        for n in 0..60 {
            let group = n / order.len() as i64;
            let pts = order[n as usize % order.len()] + group * order.len() as i64;
            pace.arrived_at(pts, n * 100_000);
            if n >= 20 {
                most = most.max(pace.lag_us(n * 100_000));
            }
        }
        most
    }

    #[test]
    fn what_the_stream_delays_is_not_late() {
        assert_eq!(lag(&[0]), 0);
        assert_eq!(lag(&[0, 3, 1, 2]), 0);
        assert_eq!(lag(&[0, 8, 4, 2, 1, 3, 6, 5, 7]), 0);
    }

    #[test]
    fn what_is_read_late_is() {
        let mut pace = Pace::new(Duration::ZERO, TICKS);
        for (pts, now_us) in [(0, 0), (2, 100_000), (1, 200_000), (4, 300_000), (3, 1_400_000)] {
            pace.arrived_at(pts, now_us);
        }
        assert_eq!(pace.lag_us(1_400_000), 1_000_000);
    }
}
