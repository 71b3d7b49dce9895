//! Times of 33 bits, as in MPEG transport and program streams: they wrap after 26.5 hours, and a source that begins
//! anew in the middle jumps back. libavformat takes both for a wrap.

use super::packet::Packet;

/// Ticks until the times begin again at 0 (ISO/IEC 13818-1, 2.4.3.7).
const PERIOD: i64 = 1 << 33;

/// Bits of such times.
pub(super) const BITS: i32 = 33;

/// Times that fall by less than this are only out of order.
const OUT_OF_ORDER: i64 = 90_000;

/// A track that has wrapped and seems to go on where it was before that, or this much before its beginning, jumps back.
const AROUND: i64 = 3600 * 90_000;

/// A track that jumps after another one goes where that one went, if that is not farther than this from where it was.
const TOGETHER: i64 = 10 * 90_000;

/// Makes one line of the times of an input.
#[derive(Debug)]
pub(super) struct Jumps {
    tracks: Vec<Option<Place>>,
    /// What the last jump added to the times in the stream.
    shift: Option<i64>,
    /// How often the video track's times jumped back.
    pub(super) count: u64,
}

/// Where a track is.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Its last time of decoding in the input's 33 bits.
    raw: i64,
    /// The same time on the line.
    time: i64,
    duration: i64,
    /// Where on the line its times have begun without a jump.
    begin: i64,
    /// They have wrapped since.
    wrapped: bool,
}

impl Jumps {
    /// For an input of this many tracks.
    pub(super) fn new(tracks: usize) -> Self {
        Self { tracks: vec![None; tracks], shift: None, count: 0 }
    }

    /// Puts the times of the next packet of its track on the line.
    pub(super) fn place(&mut self, packet: &mut Packet) {
        let Some(given) = packet.dts.or(packet.pts) else { return };
        let Some(track) = self.tracks.get_mut(usize::from(packet.track)) else { return };
        let raw = given.rem_euclid(PERIOD);
        let Some(last) = *track else {
            *track = Some(Place { raw, time: given, duration: packet.duration, begin: given, wrapped: false });
            return Self::shift(packet, given, given);
        };
        let ahead = (raw - last.raw).rem_euclid(PERIOD);
        let back = PERIOD - ahead;
        let is_repeated = last.wrapped && last.time.saturating_sub(back) >= last.begin.saturating_sub(AROUND);
        let jumped = back > OUT_OF_ORDER && if raw < last.raw { back < ahead } else { is_repeated };
        let (mut begin, mut wrapped) = (last.begin, last.wrapped);
        let time = if jumped {
            let together = self.shift.map(|shift| raw.saturating_add(shift));
            let together = together.filter(|t| (t.saturating_sub(last.time)).abs() < TOGETHER && *t > last.time);
            let time = together.unwrap_or_else(|| last.time.saturating_add(last.duration.max(1)));
            self.shift = Some(time.saturating_sub(raw));
            self.count += u64::from(packet.track == 0);
            (begin, wrapped) = (time, false);
            time
        } else if back <= OUT_OF_ORDER {
            last.time.saturating_sub(back)
        } else {
            wrapped |= raw < last.raw;
            last.time.saturating_add(ahead)
        };
        *track = Some(Place { raw, time, duration: packet.duration, begin, wrapped });
        Self::shift(packet, given, time);
    }

    /// Gives the packet of the time `given` its times on the line, where that is `time`.
    fn shift(packet: &mut Packet, given: i64, time: i64) {
        // a picture is shown after it is decoded, however long; one that is shown a little before is a fault of its own
        let moved = |t: i64| {
            let after = (t - given).rem_euclid(PERIOD);
            time.saturating_add(if PERIOD - after < TOGETHER { after - PERIOD } else { after })
        };
        packet.pts = packet.pts.map(moved);
        packet.dts = packet.dts.map(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(given: &[(u16, i64, i64)]) -> (Vec<(i64, i64)>, u64) {
        let mut jumps = Jumps::new(2);
        let times = given.iter().map(|(track, pts, dts)| {
            let mut packet = Packet {
                track: *track,
                pts: Some(*pts),
                dts: Some(*dts),
                duration: 3600,
                key: false,
                corrupt: false,
                gap: false,
                hidden: false,
                data: vec![0],
            };
            jumps.place(&mut packet);
            (packet.pts.unwrap(), packet.dts.unwrap())
        });
        (times.collect(), jumps.count)
    }

    #[test]
    fn a_wrap_goes_on() {
        let top = PERIOD - 3600;
        // the picture that is shown later wraps first
        let given = [(0, top + 3600 - PERIOD, top), (0, 3600, 0), (0, 7200, 3600)];
        assert_eq!(placed(&given), (vec![(top + 3600, top), (top + 7200, top + 3600), (top + 10_800, top + 7200)], 0));
        // as libavformat gives the same
        let given = [(0, 0, -3600), (0, 3600, 0), (0, 7200, 3600)];
        assert_eq!(placed(&given), (vec![(0, -3600), (3600, 0), (7200, 3600)], 0));
    }

    #[test]
    fn a_jump_back_goes_on_and_the_tracks_stay_together() {
        let start = 100_000_000;
        let given = [
            (0, start, start),
            (1, start + 1000, start + 1000),
            (0, PERIOD + 5000, PERIOD + 5000),
            (1, PERIOD + 6000, PERIOD + 6000),
            (0, PERIOD + 8600, PERIOD + 8600),
        ];
        let (times, count) = placed(&given);
        let times: Vec<i64> = times.into_iter().map(|(_, dts)| dts - start).collect();
        assert_eq!((times, count), (vec![0, 1000, 3600, 4600, 7200], 1));
    }

    #[test]
    fn a_jump_back_over_a_wrap_goes_on() {
        let start = PERIOD - 90_000;
        let given = [(0, start, start), (0, 0, 0), (0, 90_000, 90_000), (0, start, start), (0, 0, 0)];
        let (times, count) = placed(&given);
        let times: Vec<i64> = times.into_iter().map(|(_, dts)| dts - start).collect();
        assert_eq!((times, count), (vec![0, 90_000, 180_000, 183_600, 273_600], 1));
        // without a wrap it is a gap of more than a day
        let given = [(0, 0, 0), (0, start - 90_000, start - 90_000)];
        assert_eq!(placed(&given), (given.map(|(_, pts, dts)| (pts, dts)).to_vec(), 0));
    }

    #[test]
    fn a_gap_of_hours_stays_and_a_little_disorder_too() {
        let hours = 14 * 3600 * 90_000;
        let given = [(0, 0, 0), (0, hours, hours), (0, hours - 3600, hours - 3600), (0, hours + 3600, hours + 3600)];
        let (times, count) = placed(&given);
        assert_eq!(times, given.map(|(_, pts, dts)| (pts, dts)));
        assert_eq!(count, 0);
        // as much may lie between a picture's decoding and its presentation
        let given = [(0, 3600, 0), (0, 7200 + hours, 3600), (0, 7200, 7200), (0, hours + 10_800, hours + 7200)];
        assert_eq!(placed(&given), (given.map(|(_, pts, dts)| (pts, dts)).to_vec(), 0));
    }
}
