//! Times that go on over all connections to a camera.
//!
//! Each connection counts from a moment of its own. The monotonic clock puts them in a row, so that a gap is as long as
//! it was, whatever the wall clock does meanwhile; and never before what was written already.

use std::time::Duration;

/// Least distance in ns between the last packet of one connection and the first of the next: a tick of 90 kHz and more.
const LEAST: i64 = 1_000_000;

/// Maximum number of pictures that may stand before their turn (H.264 A.3.1).
const MAX_DEPTH: usize = 16;

/// Where the connections' times lie on one line, in ns since the first packet of all.
#[derive(Debug, Default)]
pub struct Timing {
    /// What is added to this connection's times; none before its first packet.
    shift: Option<i64>,
    /// The latest time that was placed.
    last: Option<i64>,
    /// What the monotonic clock showed then.
    last_at: i64,
}

impl Timing {
    /// A new connection begins to count.
    pub fn reconnected(&mut self) {
        self.shift = None;
    }

    /// The time in ns of a packet that the connection puts at `own_ns`; `since_first` is the time since the first
    /// packet of all by the monotonic clock.
    pub fn place(&mut self, own_ns: i64, since_first: Duration) -> i64 {
        let clock = i64::try_from(since_first.as_nanos()).unwrap_or(i64::MAX);
        let shift = match self.shift {
            Some(shift) => shift,
            None => {
                // by the clock; but the gap of a camera whose clock is ahead of ours after days is as long as others
                let away = clock.saturating_sub(self.last_at).max(LEAST);
                let begins = self.last.map_or(0, |last| clock.max(last.saturating_add(away)));
                let shift = begins.saturating_sub(own_ns);
                self.shift = Some(shift);
                shift
            }
        };
        let time = own_ns.saturating_add(shift);
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        self.last_at = clock;
        time
    }

    /// What is added to this connection's times, in ns; `None` before its first packet.
    pub fn shift(&self) -> Option<i64> {
        self.shift
    }
}

/// Times of decoding, which RTP does not carry: the times of presentation in rising order, delayed by as many packets
/// as pictures stand out of order. That number is learned from the pictures.
#[derive(Debug, Default)]
pub struct DecodeOrder {
    depth: usize,
    /// The latest times of presentation, rising; one more than `depth`.
    latest: Vec<i64>,
    last: Option<i64>,
}

impl DecodeOrder {
    /// A new connection, whose parameter sets say how many pictures stand out of order: what comes refers to nothing
    /// before.
    pub fn reconnected(&mut self, depth: usize) {
        self.latest.clear();
        self.depth = self.depth.max(depth).min(MAX_DEPTH);
    }

    /// The time of decoding of the next packet, if it is known; `pts` is its time of presentation.
    pub fn time(&mut self, pts: i64) -> Option<i64> {
        let place = self.latest.partition_point(|t| *t <= pts);
        self.depth = self.depth.max(self.latest.len() - place).min(MAX_DEPTH);
        self.latest.insert(place, pts);
        let surplus = self.latest.len().saturating_sub(self.depth + 1);
        self.latest.drain(..surplus);
        let known = self.latest.first().copied().filter(|_| self.latest.len() > self.depth);
        let dts = known.filter(|dts| self.last.is_none_or(|last| last < *dts))?;
        self.last = Some(dts);
        Some(dts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_decoding_follow_the_order_that_shows() {
        let mut d = DecodeOrder::default();
        assert_eq!([0, 1, 2].map(|pts| d.time(pts)), [Some(0), Some(1), Some(2)], "as long as nothing is out of order");
        d.reconnected(0);
        assert_eq!(
            [10, 13, 11, 12, 16, 14, 15].map(|pts| d.time(pts)),
            [10, 13, 0, 0, 0, 14, 15].map(|t| (t > 0).then_some(t))
        );
        d.reconnected(0);
        let known = [20, 23, 21, 22, 26, 24, 25].map(|pts| d.time(pts));
        assert_eq!(known, [0, 20, 21, 22, 23, 24, 25].map(|t| (t > 0).then_some(t)), "what was learnt stays");
    }

    const MS: i64 = 1_000_000;

    #[test]
    fn a_gap_is_as_long_as_it_was() {
        let mut t = Timing::default();
        assert_eq!(t.place(7_000 * MS, Duration::ZERO), 0);
        assert_eq!(t.place(7_040 * MS, Duration::from_millis(41)), 40 * MS);
        t.reconnected();
        assert_eq!(t.place(3 * MS, Duration::from_millis(5_000)), 5_000 * MS);
        assert_eq!(t.place(43 * MS, Duration::from_millis(5_200)), 5_040 * MS);
    }

    #[test]
    fn times_never_go_back_over_a_connection() {
        let mut t = Timing::default();
        t.place(0, Duration::ZERO);
        // a burst: the camera gave a minute of what it had kept
        t.place(60_000 * MS, Duration::from_millis(100));
        t.reconnected();
        assert_eq!(t.place(0, Duration::from_millis(200)), 60_100 * MS);
        t.reconnected();
        assert_eq!(t.place(0, Duration::from_millis(200)), 60_101 * MS);
    }

    #[test]
    fn a_picture_that_comes_out_of_order_keeps_its_place() {
        let mut t = Timing::default();
        t.place(0, Duration::ZERO);
        t.place(120 * MS, Duration::ZERO);
        assert_eq!(t.place(40 * MS, Duration::ZERO), 40 * MS);
        assert_eq!(t.shift(), Some(0));
    }
}
