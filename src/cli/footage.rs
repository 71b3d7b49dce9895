//! What `view` shows: the packets of an input, one stream or several, from one moment to another.

use std::collections::VecDeque;
use std::io::{Seek, SeekFrom};

use crate::format::{Index, StreamRecord, seek_index};
use crate::keys::Identity;
use crate::media::{Packet, TrackInfo};
use crate::seal::Opened;

use super::timeline::{Placed, Timeline};
use super::{Failure, Ground, Input, Moment, Session, Source, SourceFlags, bridge, moment};

/// Packets that wait for the next key frame take no more memory than this, and a little.
const HELD_BYTES: usize = 256 << 20;

/// From where to where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Show from the last key frame at or before it.
    pub from: Option<Moment>,
    /// Show nothing that is decoded at or after it.
    pub to: Option<Moment>,
}

/// The packets of an input; data tracks are left out, and the others are numbered without them.
///
/// Streams that follow each other in the input are one: the times of the later one are moved behind the earlier one where
/// they do not go on by themselves.
pub struct Footage {
    source: Source,
    span: Span,
    index: Option<Index>,
    ground: Option<Ground>,
    timeline: Timeline,
    state: State,
    ready: VecDeque<Packet>,
    /// Read on behind the end of the span, because the whole input must be whole.
    to_the_end: bool,
}

enum State {
    /// Before the first moment: what was read since the last key frame.
    Looking { held: Vec<Packet>, bytes: usize },
    /// Pictures of the leading track before this time lean on what is not shown.
    Showing { not_before_ns: i64 },
    /// Behind the last moment.
    Past,
}

impl Footage {
    /// Reads the beginning of the input.
    ///
    /// # Errors
    ///
    /// What [`Source::next`] says; damage before the first stream record (3); no track that can be shown (1).
    pub fn open(
        mut input: Input,
        identities: Vec<Box<dyn Identity>>,
        flags: SourceFlags,
        span: Span,
        session: &Session,
    ) -> anyhow::Result<Self> {
        let to_the_end = flags.require_complete;
        // a whole that must be checked is read as a whole
        let wanted = span.from.is_some() && !to_the_end && input.is_seekable();
        let index = if wanted { read_index(&mut input) } else { None };
        let state = match span.from {
            Some(_) => State::Looking { held: Vec::new(), bytes: 0 },
            None => State::Showing { not_before_ns: i64::MIN },
        };
        let mut source = Source::new(input, identities, flags);
        let record = loop {
            match source.next()? {
                Some(Opened::Stream(s)) => break s,
                Some(_) => {}
                None => {
                    source.verdict(session)?;
                    return Err(Failure::failed("the input holds no stream").into());
                }
            }
        };
        let timeline = Timeline::begin(&record)?;
        let ground = index.is_some().then(|| Ground::new(source.opener(), &record, timeline.lead_in_stream()));
        Ok(Footage { source, span, index, ground, timeline, state, ready: VecDeque::new(), to_the_end })
    }

    /// The stream record of the stream that is being read.
    pub fn record(&self) -> &StreamRecord {
        self.timeline.record()
    }

    /// What packets are of.
    pub fn tracks(&self) -> Vec<TrackInfo> {
        self.timeline.tracks().iter().map(bridge::info_of).collect()
    }

    /// Number of the first video track, 0 where there is none.
    pub fn lead(&self) -> u16 {
        self.timeline.lead()
    }

    /// Media time of the first picture of the input; known with the first packet.
    pub fn beginning_ns(&self) -> i64 {
        self.timeline.beginning_ns().unwrap_or(0)
    }

    /// UTC of the first picture of the input, ns since 1970, by the clock of the first stream's recorder.
    pub fn start_ns(&self) -> i64 {
        self.timeline.start_ns()
    }

    /// Media time at which the pictures that were read so far end.
    pub fn end_ns(&self) -> i64 {
        self.timeline.shown_until_ns()
    }

    /// The media time of a moment, as far as the stream being read tells.
    pub fn media_ns(&self, m: Moment) -> Option<i64> {
        self.timeline.media_ns(m)
    }

    /// A time in ticks of a track as media time.
    pub fn ticks_ns(&self, track: u16, ticks: i64) -> Option<i64> {
        self.timeline.ticks_ns(track, ticks)
    }

    /// The next packet, with media times; `None` at the end of the span or of what is authentic.
    ///
    /// # Errors
    ///
    /// As [`Source::next`]; a stream with other tracks than the one before it, or the first moment is behind the end (1).
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> anyhow::Result<Option<Packet>> {
        loop {
            if let Some(p) = self.ready.pop_front() {
                return Ok(Some(p));
            }
            if matches!(self.state, State::Past) && !self.to_the_end {
                return Ok(None);
            }
            match self.source.next()? {
                None => return self.end(),
                Some(Opened::Stream(s)) => {
                    self.timeline.next_stream(&s)?;
                    self.ground = None;
                }
                Some(Opened::Frame(f)) => {
                    let Some(placed) = self.timeline.place(&f, self.source.packet()) else { continue };
                    if placed.leads && self.jump()? {
                        continue;
                    }
                    self.take(placed);
                }
                Some(_) => {}
            }
        }
    }

    /// Whether nothing was wrong with what was read so far.
    pub fn is_whole(&self) -> bool {
        self.source.is_whole()
    }

    /// Whether all of the input was whole; see [`Source::verdict`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn verdict(self, session: &Session) -> anyhow::Result<()> {
        self.source.verdict(session)
    }

    /// The failure (1) for a moment behind the last picture.
    pub fn beyond_the_end(&self) -> Failure {
        let length = self.end_ns().saturating_sub(self.beginning_ns());
        Failure::failed("there is no picture at that time").hint(format!(
            "the input shows {}.{:03} from its first picture on",
            moment::hh_mm_ss(length),
            length / 1_000_000 % 1000
        ))
    }

    /// Once, at the first frame of the leading track: goes near the first moment. True when the place is another one now.
    fn jump(&mut self) -> anyhow::Result<bool> {
        let (Some(ground), Some(index)) = (self.ground.take(), self.index.take()) else { return Ok(false) };
        let Some(from_ns) = self.span.from.and_then(|m| self.timeline.media_ns(m)) else { return Ok(false) };
        let moved = ground.jump(self.source.opener_mut(), &index, from_ns)?;
        if moved {
            self.state = State::Looking { held: Vec::new(), bytes: 0 };
            self.timeline.forget_ends();
        }
        Ok(moved)
    }

    fn take(&mut self, p: Placed) {
        let behind = |m: Option<Moment>, t: i64| m.and_then(|m| self.timeline.media_ns(m)).is_some_and(|m| t >= m);
        let time = p.dts_ns.or(p.pts_ns);
        if time.is_some_and(|t| behind(self.span.to, t)) {
            if p.leads {
                self.state = State::Past;
            }
            return;
        }
        match &mut self.state {
            State::Past => {}
            State::Showing { not_before_ns } => {
                if !p.leads || p.pts_ns.is_none_or(|t| t >= *not_before_ns) {
                    self.ready.push_back(p.packet);
                }
            }
            State::Looking { held, bytes } => {
                let from_ns = self.span.from.and_then(|m| self.timeline.media_ns(m)).unwrap_or(i64::MIN);
                let shown = p.pts_ns.or(p.dts_ns);
                let key = p.leads && p.packet.key;
                let reached = p.leads && time.is_some_and(|t| t > from_ns) || key && shown.is_some_and(|t| t > from_ns);
                if key && !(reached && !held.is_empty()) {
                    held.clear();
                    *bytes = 0;
                } else if held.is_empty() {
                    // decoding cannot begin here
                    return;
                }
                *bytes += p.packet.data.len();
                held.push(p.packet);
                if reached || *bytes > HELD_BYTES {
                    self.show();
                }
            }
        }
    }

    /// From here on everything is shown, first what was held.
    fn show(&mut self) {
        if let State::Looking { held, .. } = &mut self.state {
            let held = std::mem::take(held);
            let lead = self.timeline.lead();
            let key = held.first().and_then(|p| p.pts).and_then(|t| self.timeline.ticks_ns(lead, t));
            let not_before_ns = key.unwrap_or(i64::MIN);
            let decodable = |p: &Packet| {
                let time = p.pts.and_then(|t| self.timeline.ticks_ns(p.track, t));
                p.track != lead || time.is_none_or(|t| t >= not_before_ns)
            };
            self.ready.extend(held.into_iter().filter(decodable));
            self.state = State::Showing { not_before_ns };
        }
    }

    fn end(&mut self) -> anyhow::Result<Option<Packet>> {
        if matches!(self.state, State::Looking { .. }) {
            let from_ns = self.span.from.and_then(|m| self.timeline.media_ns(m));
            if from_ns.is_some_and(|t| t < self.end_ns()) {
                self.show();
                return Ok(self.ready.pop_front());
            }
            if self.source.is_whole() {
                return Err(self.beyond_the_end().into());
            }
        }
        Ok(None)
    }
}

/// The index of a file that is read from its beginning on, and back to the beginning. It is a hint: errors are none.
fn read_index(input: &mut Input) -> Option<Index> {
    if input.stream_position().ok()? != 0 {
        return None;
    }
    let index = seek_index(input).ok().flatten();
    input.seek(SeekFrom::Start(0)).ok()?;
    index
}
