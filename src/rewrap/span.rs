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
    /// There is a key frame of the leading video track, and one that is shown at the first moment or before it.
    pub has_key: bool,
    pub key_in_time: bool,
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

    /// Adds a frame. One without a time says nothing, and one that is hidden is not shown at any.
    pub fn add(&mut self, f: &Frame, overlap: &mut Overlap) {
        let is_key = f.flags.key && self.first_video() == Some(f.track);
        overlap.has_key |= is_key;
        let Some((shown, end)) = self.times(f) else { return };
        let is_shown = !f.flags.hidden;
        overlap.timed |= is_shown;
        if is_shown && f.track == self.first_video().unwrap_or(0) {
            self.beginning_utc.get_or_insert(shown);
        }
        let from = self.from.and_then(|m| self.utc(m));
        let to = self.to.and_then(|m| self.utc(m));
        overlap.after_from |= match self.from {
            None => true,
            Some(_) => is_shown && from.is_some_and(|from| shown >= from || end > from),
        };
        // a key frame that is decoded after the first moment comes after a gap: nothing was shown then
        let decoded = self.stream.as_ref().and_then(|s| {
            let track = s.tracks.get(usize::from(f.track))?;
            Some(s.utc_ns(track.to_ns(f.decode_time()?)?))
        });
        let in_time = |from| shown <= from || decoded.is_some_and(|ns| ns > from);
        overlap.key_in_time |= is_key && from.is_none_or(in_time);
        overlap.before_to |= match self.to {
            None => true,
            Some(_) => is_shown && to.is_some_and(|to| shown < to),
        };
    }

    /// The track whose key frames say where decoding can begin.
    pub fn first_video(&self) -> Option<u16> {
        self.stream.as_ref().and_then(StreamRecord::first_video)
    }

    /// Whether the epoch with these frames is shown only after others: some frame in it is wanted, and no key frame in
    /// it comes in time.
    pub fn needs_others(&self, overlap: Overlap) -> bool {
        self.from.is_some() && self.first_video().is_some() && !overlap.key_in_time
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
