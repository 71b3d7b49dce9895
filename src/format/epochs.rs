//! When an epoch ends. Plain and sealed streams follow the same rule.

use crate::base::Clock;

use super::frame::Frame;
use super::limits;
use super::stream::StreamRecord;
use super::track::Track;

/// Measures an open epoch.
///
/// It is over at the first key frame of the first video track when `interval_ns` of media time or of the monotonic
/// clock have passed, whichever is first; without such a frame at twice that, and then again at the first one that
/// comes; and before it outgrows the limits on frames and bytes.
#[derive(Debug)]
pub struct EpochMeter {
    interval_ns: i64,
    tracks: Vec<Track>,
    first_video: Option<u16>,
    opened_mono_ns: i64,
    /// Whether its first picture is no key frame, as soon as there is one: then the next key frame is the place where
    /// decoding can begin again.
    leans: Option<bool>,
    /// Media time of each track's first frame: tracks may count from different moments.
    first_media_ns: Vec<Option<i64>>,
    frames: u32,
    bytes: u64,
}

impl EpochMeter {
    /// A meter for epochs of `interval_ns` nanoseconds in the stream `s`.
    pub fn new(s: &StreamRecord, interval_ns: i64) -> Self {
        EpochMeter {
            interval_ns: interval_ns.max(1),
            tracks: s.tracks.clone(),
            first_video: s.first_video(),
            opened_mono_ns: 0,
            leans: None,
            first_media_ns: vec![None; s.tracks.len()],
            frames: 0,
            bytes: 0,
        }
    }

    /// An epoch begins now.
    pub fn open(&mut self, now: Clock) {
        (self.opened_mono_ns, self.frames, self.bytes, self.leans) = (now.mono_ns, 0, 0, None);
        self.first_media_ns.fill(None);
    }

    /// Whether the epoch must end before the frame `f` with a packet of `len` bytes.
    pub fn over(&self, f: &Frame, len: usize, now: Clock) -> bool {
        if self.frames == 0 {
            return false;
        }
        if self.frames >= limits::EPOCH_FRAMES || self.bytes.saturating_add(len as u64) > limits::EPOCH_BYTES {
            return true;
        }
        let first = self.first_media_ns.get(f.track as usize).copied().flatten();
        let media = match (self.media_ns(f), first) {
            // a source whose times jump back has begun anew: as good a reason to end the epoch as time that passed
            (Some(t), Some(first)) => t.saturating_sub(first).saturating_abs(),
            _ => 0,
        };
        let passed = media.max(now.mono_ns.saturating_sub(self.opened_mono_ns));
        let good_moment = match self.first_video {
            Some(v) => f.track == v && f.flags.key,
            None => true,
        };
        // without an interval, whoever writes ends the epochs
        let realigns = self.leans == Some(true) && self.interval_ns < i64::MAX;
        good_moment && (realigns || passed >= self.interval_ns) || passed >= self.interval_ns.saturating_mul(2)
    }

    /// Counts a frame that goes into the open epoch.
    pub fn add(&mut self, f: &Frame, len: usize) {
        if self.first_video == Some(f.track) {
            self.leans = self.leans.or(Some(!f.flags.key));
        }
        self.frames = self.frames.saturating_add(1);
        self.bytes = self.bytes.saturating_add(len as u64);
        let time = self.media_ns(f);
        if let Some(first) = self.first_media_ns.get_mut(f.track as usize) {
            *first = first.or(time);
        }
    }

    fn media_ns(&self, f: &Frame) -> Option<i64> {
        self.tracks.get(f.track as usize)?.to_ns(f.decode_time()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::format::{FrameFlags, TrackKind};

    use super::*;

    #[test]
    fn an_epoch_that_begins_without_a_key_frame_ends_at_the_first_one() {
        let record = StreamRecord::original([0; 16], "", 0, vec![Track::new(TrackKind::Video, "h264", (1, 1))]);
        let now = Clock { wall_ns: 0, mono_ns: 0 };
        let mut meter = EpochMeter::new(&record, 10_000_000_000);
        meter.open(now);
        let mut begins = Vec::new();
        // a key frame each 25 s: none comes between 10 and 20 s after the beginning of an epoch
        for second in 0..100 {
            let flags = FrameFlags { key: second % 25 == 0, ..FrameFlags::default() };
            let f = Frame { track: 0, flags, counter: 0, pts: Some(second), dts: None, duration: 1 };
            if meter.over(&f, 1, now) {
                begins.push(second);
                meter.open(now);
            }
            meter.add(&f, 1);
        }
        assert_eq!(begins, [20, 25, 45, 50, 70, 75, 95]);
    }

    #[test]
    fn an_epoch_ends_before_it_outgrows_its_limits() {
        let record = StreamRecord::original([0; 16], "", 0, vec![Track::new(TrackKind::Video, "h264", (1, 1000))]);
        let now = Clock { wall_ns: 0, mono_ns: 0 };
        let f = Frame { track: 0, flags: FrameFlags::default(), counter: 0, pts: Some(0), dts: None, duration: 0 };
        let mut meter = EpochMeter::new(&record, i64::MAX);
        meter.open(now);
        meter.add(&f, 1);
        assert!(!meter.over(&f, limits::EPOCH_BYTES as usize - 1, now));
        assert!(meter.over(&f, limits::EPOCH_BYTES as usize, now));
        meter.frames = limits::EPOCH_FRAMES - 1;
        assert!(!meter.over(&f, 1, now));
        meter.add(&f, 1);
        assert!(meter.over(&f, 1, now));
    }
}
