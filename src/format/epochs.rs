//! When an epoch ends. Plain and sealed streams follow the same rule.

use crate::base::Clock;

use super::frame::Frame;
use super::limits;
use super::stream::StreamRecord;
use super::track::Track;

/// Measures an open epoch.
///
/// It is over at the first key frame of the first video track when `interval_ns` of media time or of the monotonic
/// clock have passed, whichever is first; without such a frame at twice that; and before it outgrows the limits on
/// frames and bytes.
#[derive(Debug)]
pub struct EpochMeter {
    interval_ns: i64,
    tracks: Vec<Track>,
    first_video: Option<u16>,
    opened_mono_ns: i64,
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
            first_media_ns: vec![None; s.tracks.len()],
            frames: 0,
            bytes: 0,
        }
    }

    /// An epoch begins now.
    pub fn open(&mut self, now: Clock) {
        (self.opened_mono_ns, self.frames, self.bytes) = (now.mono_ns, 0, 0);
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
        passed >= self.interval_ns && good_moment || passed >= self.interval_ns.saturating_mul(2)
    }

    /// Counts a frame that goes into the open epoch.
    pub fn add(&mut self, f: &Frame, len: usize) {
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
