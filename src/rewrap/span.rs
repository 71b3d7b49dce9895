//! Which frames a cut is for.

use crate::format::{Frame, StreamRecord};
use crate::playback::{Moment, Span};

/// From one moment to another, and what they mean in the stream that is being read.
#[derive(Debug, Clone)]
pub(super) struct CutSpan {
    from: Option<Moment>,
    to: Option<Moment>,
    /// UTC of the first picture of the input, ns.
    beginning_utc: Option<i64>,
    stream: Option<StreamRecord>,
}

/// What the frames of an epoch say about its times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Some frame is shown at or after the first moment.
    after_from: bool,
    /// Some frame is shown before the last moment.
    before_to: bool,
    /// Some frame has a time.
    timed: bool,
}

impl Overlap {
    /// Whether something of the epoch is shown between the two moments.
    pub fn is_wanted(self) -> bool {
        self.after_from && self.before_to
    }

    /// Whether everything in the epoch is shown after the last moment.
    pub fn is_after(self) -> bool {
        self.timed && !self.before_to
    }
}

impl CutSpan {
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Self {
        CutSpan { from, to, beginning_utc: None, stream: None }
    }

    /// A stream begins. Moments that count from the first picture count from that of the first stream.
    pub fn stream(&mut self, s: &StreamRecord) {
        self.stream = Some(s.clone());
    }

    /// The moments as UTC by the clocks of the recorders; a moment after the first picture is `None` when there was no
    /// picture.
    pub fn in_utc(&self) -> Span {
        let utc = |m: Option<Moment>| m.and_then(|m| self.utc(m)).map(Moment::Utc);
        Span { from: utc(self.from), to: utc(self.to) }
    }

    /// Adds a frame. A frame without a time says nothing.
    pub fn add(&mut self, f: &Frame, overlap: &mut Overlap) {
        let Some((shown, end)) = self.times(f) else { return };
        overlap.timed = true;
        let lead = self.stream.as_ref().and_then(StreamRecord::first_video).unwrap_or(0);
        if f.track == lead {
            self.beginning_utc.get_or_insert(shown);
        }
        let from = self.from.and_then(|m| self.utc(m));
        let to = self.to.and_then(|m| self.utc(m));
        overlap.after_from |= match self.from {
            None => true,
            Some(_) => from.is_some_and(|from| shown >= from || end > from),
        };
        overlap.before_to |= match self.to {
            None => true,
            Some(_) => to.is_some_and(|to| shown < to),
        };
    }

    /// The first moment as media time of the stream that is being read, as far as it is known.
    pub fn first_media_ns(&self) -> Option<i64> {
        let s = self.stream.as_ref()?;
        Some(s.media_ns(self.utc(self.from?)?))
    }

    /// UTC of a frame's beginning and end.
    pub fn times(&self, f: &Frame) -> Option<(i64, i64)> {
        self.stream.as_ref()?.shown_ns(f)
    }

    /// Nanoseconds since the input's first picture.
    pub fn since_beginning(&self, utc_ns: i64) -> i64 {
        utc_ns.saturating_sub(self.beginning_utc.unwrap_or(utc_ns))
    }

    fn utc(&self, m: Moment) -> Option<i64> {
        match m {
            Moment::SinceBeginning(ns) => Some(self.beginning_utc?.saturating_add(ns)),
            Moment::Utc(ns) => Some(ns),
        }
    }
}
