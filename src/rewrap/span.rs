//! Which frames a cut is for.

use crate::format::{Frame, StreamRecord};
use crate::playback::{Moment, Span};

/// From one moment to another, and what they mean in the stream that is being read.
#[derive(Debug, Clone)]
pub(super) struct CutSpan {
    from: Option<Moment>,
    to: Option<Moment>,
    /// UTC of the input's first picture.
    beginning_utc: Option<i64>,
    stream: Option<StreamRecord>,
}

/// What a frame says about its epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Some frame is shown at or behind the first moment.
    pub behind_from: bool,
    /// Some frame is shown before the last moment.
    pub before_to: bool,
    /// Some frame has a time.
    timed: bool,
}

impl Overlap {
    pub fn is_wanted(self) -> bool {
        self.behind_from && self.before_to
    }

    /// Everything in it is shown behind the last moment.
    pub fn is_behind(self) -> bool {
        self.timed && !self.before_to
    }
}

impl CutSpan {
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Self {
        CutSpan { from, to, beginning_utc: None, stream: None }
    }

    /// A stream begins. Moments from the beginning are those of the first one, by the recorders' clocks.
    pub fn stream(&mut self, s: &StreamRecord) {
        self.stream = Some(s.clone());
    }

    /// The moments by the recorders' clocks; one that counts from a picture that never came is none.
    pub fn in_utc(&self) -> Span {
        let utc = |m: Option<Moment>| m.and_then(|m| self.utc(m)).map(Moment::Utc);
        Span { from: utc(self.from), to: utc(self.to) }
    }

    /// Looks at a frame. A frame without a time says nothing.
    pub fn look(&mut self, f: &Frame, overlap: &mut Overlap) {
        let Some((shown, end)) = self.times(f) else { return };
        overlap.timed = true;
        let lead = self.stream.as_ref().and_then(StreamRecord::first_video).unwrap_or(0);
        if f.track == lead {
            self.beginning_utc.get_or_insert(shown);
        }
        let from = self.from.and_then(|m| self.utc(m));
        let to = self.to.and_then(|m| self.utc(m));
        overlap.behind_from |= match self.from {
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
