//! What a track carried, and for how long.

use crate::format::{Frame, ShowTimes, Track};

/// Counts of one track. Bytes are those of the packets in the stream: of a sealed stream, those of the sealed packets.
#[derive(Debug, Clone, Default)]
pub struct TrackSurvey {
    /// Frames.
    pub frames: u64,
    /// Frames where decoding can begin.
    pub key_frames: u64,
    /// Frames before which the source lost packets.
    pub gaps: u64,
    /// Frames that the source marked as corrupt.
    pub corrupt: u64,
    /// Frames that are decoded and not shown.
    pub hidden: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// Duration in ticks of a frame that has none of its own.
    nominal: i64,
    times: ShowTimes,
    /// Lowest time and highest end of a frame, in ticks.
    span: Option<(i64, i64)>,
}

impl TrackSurvey {
    /// Nothing counted yet of the track `t`.
    pub(super) fn new(t: &Track) -> Self {
        let ticks = u64::from(t.frame_rate.1) * u64::from(t.time_base.1);
        let nominal = ticks.checked_div(u64::from(t.frame_rate.0) * u64::from(t.time_base.0)).unwrap_or(0);
        TrackSurvey { nominal: i64::try_from(nominal).unwrap_or(0), ..Default::default() }
    }

    /// Counts a frame of `bytes` bytes.
    pub(super) fn add(&mut self, f: &Frame, bytes: usize) {
        self.frames += 1;
        self.key_frames += u64::from(f.flags.key);
        self.gaps += u64::from(f.flags.gap);
        self.corrupt += u64::from(f.flags.corrupt);
        self.hidden += u64::from(f.flags.hidden);
        self.bytes += bytes as u64;
        if !f.flags.hidden {
            let time = self.times.of(f);
            let end = time.saturating_add(if f.duration == 0 { self.nominal } else { f.duration });
            self.span = Some(self.span.map_or((time, end), |(a, b)| (a.min(time), b.max(end))));
        }
    }

    /// Time of the first frame and end of the last one, media time in ns; `None` when no frame has a time.
    pub fn span_ns(&self, t: &Track) -> Option<(i64, i64)> {
        let (first, end) = self.span?;
        Some((t.to_ns(first)?, t.to_ns(end)?))
    }
}
