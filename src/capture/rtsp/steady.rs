//! Times of a camera that jump, within one connection.

/// Least distance in ns between what was sent before a jump and what comes after it.
const LEAST: i64 = 1_000_000;
/// How far the second picture may stand before the first, in ns.
const OUT_OF_ORDER: i64 = 2_000_000_000;
/// How much sooner than all others a packet may arrive after the time that it has, in ns.
const AHEAD: i64 = 2_000_000_000;
/// The same of the second packet: the first may be one that the camera had kept, where pictures are seconds apart.
const SECOND_AHEAD: i64 = 15_000_000_000;
/// How far apart two tracks may begin, in ns.
const APART: i64 = 5_000_000_000;
/// How far a report's time may be from that of the packets around it, in ns.
const NEAR: i64 = 30_000_000_000;

/// A track's times within one connection, going on where the camera's jump.
///
/// What comes is compared with when it comes: a picture that would have arrived before it was taken was counted from
/// another moment, and so was one that is before what was sent in order already.
#[derive(Clone, Debug, Default)]
pub struct Steady {
    latest: Option<Latest>,
    /// What is added to the camera's times, in ns.
    offset: i64,
    /// Least time from a packet's time to its arrival, in ns.
    lateness: i64,
}

#[derive(Clone, Copy, Debug)]
struct Latest {
    /// The latest time, and the latest one before it: pictures out of order are between both.
    time: i64,
    before: Option<i64>,
    /// When the last packet arrived.
    at: i64,
}

/// Where a packet belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its time, in ns.
    pub time: i64,
    /// By how much the camera's times jumped before it, in ns; 0 where they went on.
    pub jump: i64,
}

impl Steady {
    /// The place of a packet that the camera puts at `own`, and that arrived `at`, both in ns; `key` is whether no
    /// picture that follows is shown before it, and `lateness` is that of another track.
    pub fn place(&mut self, own: i64, at: i64, key: bool, lateness: Option<i64>) -> Placed {
        let Some(latest) = self.latest else {
            // two tracks begin together, whatever the camera says of where
            let late = at.saturating_sub(own);
            let off = lateness.map_or(0, |other| late.saturating_sub(other));
            self.offset = if off.saturating_abs() > APART { off } else { 0 };
            let time = own.saturating_add(self.offset);
            self.lateness = at.saturating_sub(time);
            self.latest = Some(Latest { time, before: None, at });
            return Placed { time, jump: 0 };
        };
        let time = own.saturating_add(self.offset);
        let (ahead, elapsed) = (time.saturating_sub(latest.time), at.saturating_sub(latest.at).max(0));
        let early = self.lateness.saturating_sub(at.saturating_sub(time));
        let limit = if latest.before.is_some() { AHEAD } else { SECOND_AHEAD };
        let is_early = ahead.saturating_sub(elapsed) > limit && early > limit;
        let is_back = match latest.before {
            _ if ahead >= 0 => false,
            _ if key => true,
            Some(before) => time < before,
            None => ahead < -OUT_OF_ORDER,
        };
        if is_early || is_back {
            let placed = latest.time.saturating_add(elapsed.max(LEAST));
            self.offset = self.offset.saturating_add(placed.saturating_sub(time));
            self.latest = Some(Latest { time: placed, before: None, at });
            return Placed { time: placed, jump: ahead.saturating_sub(elapsed) };
        }
        // the clocks of both may drift
        let late = at.saturating_sub(time);
        self.lateness = late.min(self.lateness.saturating_add(elapsed / 1000));
        self.latest = Some(match ahead > 0 {
            true => Latest { time, before: Some(latest.time), at },
            false => Latest { at, ..latest },
        });
        Placed { time, jump: 0 }
    }

    /// Time from a packet's time to its arrival, in ns, once one came.
    pub fn lateness(&self) -> Option<i64> {
        self.latest.map(|_| self.lateness)
    }

    /// The place of a time that the camera gives next to its packets; `None` where it is far from them.
    pub fn near(&self, own: i64) -> Option<i64> {
        let time = own.saturating_add(self.offset);
        (time.saturating_sub(self.latest?.time).saturating_abs() < NEAR).then_some(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Places of packets, each with its time, its arrival, and whether it is a key frame.
    fn placed(all: &[(i64, i64, bool)]) -> Vec<(i64, bool)> {
        let mut s = Steady::default();
        let place = |&(own, at, key): &(i64, i64, bool)| {
            let placed = s.place(own * MS, at * MS, key, None);
            (placed.time / MS, placed.jump != 0)
        };
        all.iter().map(place).collect()
    }

    #[test]
    fn times_that_jump_go_on() {
        for jump in [-3_600_000, -20_000, -1_000, 4_000, 20_000, 20_000_000] {
            let times = [(0, 0, true), (100, 100, false), (200 + jump, 200, false), (300 + jump, 300, false)];
            assert_eq!(placed(&times), [(0, false), (100, false), (200, true), (300, false)], "{jump}");
        }
        // a key frame is before no picture that was sent before it
        let times = [(0, 0, true), (120, 40, false), (40, 80, false), (80, 120, true), (200, 240, false)];
        assert_eq!(placed(&times)[3], (160, true));
    }

    #[test]
    fn what_only_arrives_in_another_way_does_not_jump() {
        let in_order = |times: &[(i64, i64, bool)]| {
            let placed = placed(times);
            assert!(placed.iter().zip(times).all(|(p, t)| *p == (t.0, false)), "{placed:?}");
        };
        // out of order, in two ways
        in_order(&[(90_000, 0, true), (90_120, 40, false), (90_040, 80, false), (90_080, 120, false)]);
        in_order(&[
            (0, 0, true),
            (40, 0, false),
            (200, 0, false),
            (120, 0, false),
            (80, 0, false),
            (160, 0, false),
            (240, 0, true),
        ]);
        // a burst of what the camera kept, a picture an hour, a network that stood still, the same time twice
        in_order(&[(0, 0, true), (1_000, 1, false), (2_000, 2, false), (3_000, 3, false), (4_000, 1_003, true)]);
        in_order(&[(0, 0, true), (3_300, 500, true), (6_600, 3_800, true)]);
        in_order(&[(0, 0, true), (3_600_000, 3_600_100, true), (7_200_000, 7_200_050, true)]);
        in_order(&[
            (0, 0, true),
            (40, 6_000, false),
            (6_000, 6_001, false),
            (6_040, 6_040, false),
            (6_040, 6_080, false),
        ]);
    }

    #[test]
    fn two_tracks_begin_together() {
        let (mut video, mut audio) = (Steady::default(), Steady::default());
        video.place(0, 0, true, None);
        for (own, is) in [(40, 40), (4_000, 4_000), (9_000_000, 50), (-7_000, 50)] {
            let mut audio = Steady::default();
            assert_eq!(audio.place(own * MS, 50 * MS, true, video.lateness()).time, is * MS, "{own}");
        }
        assert_eq!(audio.near(0), None);
        audio.place(1_000 * MS, 0, true, None);
        assert_eq!((audio.near(900 * MS), audio.near(90_000 * MS)), (Some(900 * MS), None));
    }
}
