//! From one moment to another: which packets are shown.

use std::collections::VecDeque;

use crate::media::Packet;

use super::Moment;
use super::timeline::{PlacedPacket, Timeline};

/// Pictures that are shown later than others which are decoded after them: a decoder keeps no more (ITU-T H.264 A.3.1,
/// H.265 A.4.1).
const REORDERED: u32 = 16;

/// Memory of the packets that wait for the next key frame, in bytes; exceeded by one packet at most.
const HELD_BYTES: usize = 256 << 20;

/// From where to where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Show from the last key frame at or before it.
    pub from: Option<Moment>,
    /// Show nothing at or after it.
    pub to: Option<Moment>,
}

/// Takes packets in the order of the stream and gives those of the span.
pub(super) struct Clip {
    span: Span,
    state: ClipState,
    /// What comes now is not decoded without what did not come: the next key frame is the first picture to show.
    waits: bool,
    /// A picture that was asked for was left out for that.
    has_left_out: bool,
    /// Pictures in a row that are shown at or after the last moment.
    late: u32,
    ready: VecDeque<Packet>,
}

enum ClipState {
    /// Before the first moment: what was read since the last key frame.
    Looking { held: Vec<Packet>, bytes: usize },
    /// Pictures of the leading track before this time depend on what is not shown.
    Showing { not_before_ns: i64 },
    /// After the last moment.
    Past,
}

impl Clip {
    pub fn new(span: Span) -> Self {
        let state = match span.from {
            Some(_) => ClipState::Looking { held: Vec::new(), bytes: 0 },
            None => ClipState::Showing { not_before_ns: i64::MIN },
        };
        Clip { span, state, waits: false, has_left_out: false, late: 0, ready: VecDeque::new() }
    }

    /// The next packet to show, of those that were taken.
    pub fn pop(&mut self) -> Option<Packet> {
        self.ready.pop_front()
    }

    /// Whether neither a beginning nor an end was asked for.
    pub fn is_everything(&self) -> bool {
        self.span.from.is_none() && self.span.to.is_none()
    }

    pub fn is_looking(&self) -> bool {
        matches!(self.state, ClipState::Looking { .. })
    }

    pub fn is_past(&self) -> bool {
        matches!(self.state, ClipState::Past)
    }

    /// The first moment in media time; `None` when there is none, or it is not known yet.
    pub fn begin_ns(&self, timeline: &Timeline) -> Option<i64> {
        self.span.from.and_then(|m| timeline.media_ns(m))
    }

    /// Whether what comes at a media time is after the last moment; from then on everything is.
    pub fn ends_by(&mut self, time_ns: i64, timeline: &Timeline) -> bool {
        if self.span.to.and_then(|m| timeline.media_ns(m)).is_some_and(|to| time_ns >= to) {
            self.state = ClipState::Past;
        }
        self.is_past()
    }

    /// Whether a picture that was asked for was left out since this was asked last, for want of what it leans on.
    pub fn take_left_out(&mut self) -> bool {
        std::mem::take(&mut self.has_left_out)
    }

    pub fn push(&mut self, mut p: PlacedPacket, timeline: &Timeline) {
        if self.waits && p.leads && p.packet.key {
            self.waits = false;
            // pictures that follow it and are shown before it lean on what did not come, too
            if let (ClipState::Showing { not_before_ns }, Some(pts_ns)) = (&mut self.state, p.pts_ns) {
                *not_before_ns = pts_ns;
            }
        }
        let time = p.dts_ns.or(p.pts_ns);
        if let Some(to) = self.span.to.and_then(|m| timeline.media_ns(m)) {
            if p.leads && !p.packet.hidden {
                self.late = if p.pts_ns.or(p.dts_ns).is_some_and(|t| t >= to) { self.late + 1 } else { 0 };
                // what is shown before the end may lean on a picture that is shown after it
                p.packet.hidden = self.late > 0;
                if self.late > REORDERED || p.dts_ns.is_some_and(|t| t >= to) {
                    self.state = ClipState::Past;
                    return;
                }
            }
            if !p.packet.hidden && time.is_some_and(|t| t >= to) {
                return;
            }
        }
        let from_ns = self.begin_ns(timeline).unwrap_or(i64::MIN);
        match &mut self.state {
            ClipState::Past => {}
            ClipState::Showing { not_before_ns } => {
                if p.leads && self.waits {
                    self.has_left_out = true;
                } else if !p.leads || p.pts_ns.is_none_or(|t| t >= *not_before_ns) {
                    self.ready.push_back(p.packet);
                }
            }
            ClipState::Looking { held, bytes } => {
                let key = p.leads && p.packet.key;
                // no later key frame is shown before its own time of decoding
                let reached = p.leads && time.is_some_and(|t| t > from_ns)
                    || key && p.pts_ns.or(p.dts_ns).is_some_and(|t| t > from_ns);
                if key && (!reached || held.is_empty()) {
                    held.clear();
                    *bytes = 0;
                } else if held.is_empty() {
                    // decoding cannot begin here
                    self.has_left_out |= reached;
                    return;
                }
                *bytes += p.packet.data.len();
                held.push(p.packet);
                if reached || *bytes > HELD_BYTES {
                    self.show(timeline);
                }
            }
        }
    }

    /// What comes next does not go on from what was read: packets that wait for the first moment are of no use, and
    /// those that come are not before the next key frame. `has_key_frames`: the leading track is video.
    pub fn hole(&mut self, has_key_frames: bool) {
        self.waits = has_key_frames;
        if let ClipState::Looking { held, bytes } = &mut self.state {
            held.clear();
            *bytes = 0;
        }
    }

    /// From here on everything is shown, first what was held.
    pub fn show(&mut self, timeline: &Timeline) {
        if let ClipState::Looking { held, .. } = &mut self.state {
            let held = std::mem::take(held);
            let lead = timeline.lead();
            let time = |p: &Packet| p.pts.and_then(|t| timeline.ticks_ns(p.track, t));
            let not_before_ns = held.first().and_then(time).unwrap_or(i64::MIN);
            let decodable = |p: &Packet| p.track != lead || time(p).is_none_or(|t| t >= not_before_ns);
            self.ready.extend(held.into_iter().filter(decodable));
            self.state = ClipState::Showing { not_before_ns };
        }
    }
}
