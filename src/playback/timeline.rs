//! One line of time through the streams of an input.

use crate::format::{Frame, ShowTimes, StreamRecord, Track, TrackKind};
use crate::media::Packet;

use super::shown::Shown;
use super::{Moment, PlaybackError, TrackChoice};

/// No picture stands farther out of order (H.264 A.3.1).
const MAX_REORDERED: usize = 16;

/// Where frames stand in time and which of them are shown.
pub(super) struct Timeline {
    record: StreamRecord,
    shown: Shown,
    lead: u16,
    /// When the frames of each track of the stream are shown.
    times: Vec<ShowTimes>,
    /// Added to the times of this stream; not known before its first time.
    shift_ns: i64,
    shift_known: bool,
    /// Where each track ended so far, in media time; decoding.
    ends: Vec<Option<i64>>,
    beginning_ns: Option<i64>,
    /// As many pictures may come that are shown before the first one that came.
    opening: usize,
    /// UTC less media time in the first stream.
    utc_less_media_ns: i64,
    shown_until_ns: i64,
}

/// A packet in its place.
pub(super) struct PlacedPacket {
    pub packet: Packet,
    /// It is the leading track's: the first video track's, else the first track's.
    pub leads: bool,
    pub pts_ns: Option<i64>,
    pub dts_ns: Option<i64>,
}

impl Timeline {
    pub fn begin(s: &StreamRecord, choice: TrackChoice) -> Result<Self, PlaybackError> {
        choice.check(s)?;
        let shown = Shown::begin(s, choice);
        if shown.tracks().is_empty() {
            return Err(PlaybackError::NothingToShow);
        }
        Ok(Timeline {
            record: s.clone(),
            ends: vec![None; shown.tracks().len()],
            lead: shown.lead(),
            shown,
            times: vec![ShowTimes::default(); s.tracks.len()],
            shift_ns: 0,
            shift_known: true,
            beginning_ns: None,
            opening: 0,
            utc_less_media_ns: s.utc_ns(0),
            shown_until_ns: i64::MIN,
        })
    }

    /// The input goes on with another stream. False where its tracks are others: then it is not shown before
    /// [`Timeline::next_part`].
    pub fn next_stream(&mut self, s: &StreamRecord) -> bool {
        let goes_on = self.shown.next_stream(s);
        if goes_on {
            self.shift_known = false;
            self.times = vec![ShowTimes::default(); s.tracks.len()];
            self.record = s.clone();
        }
        goes_on
    }

    /// What is shown from here on are the tracks of this stream.
    pub fn next_part(&mut self, s: &StreamRecord) -> Result<(), PlaybackError> {
        let shown = Shown::begin(s, self.shown.choice().clone());
        if shown.tracks().is_empty() {
            return Err(PlaybackError::NothingToShow);
        }
        let end = self.ends.iter().flatten().max().copied();
        self.ends = vec![end; shown.tracks().len()];
        (self.lead, self.shown, self.shift_known) = (shown.lead(), shown, false);
        self.times = vec![ShowTimes::default(); s.tracks.len()];
        self.record = s.clone();
        Ok(())
    }

    pub fn record(&self) -> &StreamRecord {
        &self.record
    }

    pub fn tracks(&self) -> &[Track] {
        self.shown.tracks()
    }

    pub fn lead(&self) -> u16 {
        self.lead
    }

    /// Whether the leading track is video.
    pub fn is_led_by_video(&self) -> bool {
        self.tracks().get(usize::from(self.lead)).is_some_and(|t| t.kind == TrackKind::Video)
    }

    /// The leading track's number in the stream record.
    pub fn lead_in_stream(&self) -> u16 {
        self.shown.in_stream(self.lead)
    }

    pub fn beginning_ns(&self) -> Option<i64> {
        self.beginning_ns
    }

    pub fn start_ns(&self) -> i64 {
        self.utc_less_media_ns.saturating_add(self.beginning_ns.unwrap_or(0))
    }

    pub fn shown_until_ns(&self) -> i64 {
        self.shown_until_ns
    }

    /// The first picture of the stream, which may be one that is not shown for want of a key: moments count from it all
    /// the same. One that is later than what is shown is none.
    pub fn begins_with(&mut self, f: &Frame) {
        let own = self.record.tracks.get(usize::from(f.track));
        let ns = f.show_time().filter(|_| !f.flags.hidden).and_then(|ticks| own?.to_ns(ticks));
        self.beginning_ns = self.beginning_ns.map(|begin| ns.map_or(begin, |ns| ns.min(begin)));
    }

    /// Reading goes on elsewhere in the same stream.
    pub fn forget_ends(&mut self) {
        self.ends.fill(None);
    }

    pub fn ticks_ns(&self, track: u16, ticks: i64) -> Option<i64> {
        self.tracks().get(usize::from(track))?.to_ns(ticks)
    }

    pub fn media_ns(&self, m: Moment) -> Option<i64> {
        match m {
            Moment::SinceBeginning(ns) => Some(self.beginning_ns?.saturating_add(ns)),
            Moment::Utc(ns) => Some(self.record.media_ns(ns).saturating_add(self.shift_ns)),
        }
    }

    /// The packet of a frame; `None` when its track is not shown.
    pub fn place(&mut self, f: &Frame, data: &[u8]) -> Option<PlacedPacket> {
        let mut f = *f;
        if let Some(times) = self.times.get_mut(usize::from(f.track)).filter(|_| !f.flags.hidden) {
            f.pts = Some(times.of(&f));
        }
        let f = &f;
        let mut packet = self.shown.packet(f, data)?;
        let number = packet.track;
        let track = self.shown.tracks().get(usize::from(number))?;
        let own = self.record.tracks.get(usize::from(f.track))?;
        if let Some(t) = f.decode_time().and_then(|t| own.to_ns(t)).filter(|_| !self.shift_known) {
            // what goes on by itself stays as it is
            let here = self.ends.get(usize::from(number)).copied().flatten();
            if here.is_some_and(|end| t.saturating_add(self.shift_ns) < end) {
                let end = self.ends.iter().flatten().max().copied().unwrap_or(t);
                self.shift_ns = end.saturating_sub(t);
            }
            self.shift_known = true;
        }
        let shift = track.to_ticks(self.shift_ns);
        packet.pts = packet.pts.map(|t| t.saturating_add(shift));
        packet.dts = packet.dts.map(|t| t.saturating_add(shift));
        let ns = |t: Option<i64>| t.and_then(|t| track.to_ns(t));
        let (pts_ns, dts_ns) = (ns(packet.pts), ns(packet.dts));
        let lasts = packet.duration.max(1);
        let end = ns(packet.dts.or(packet.pts).map(|t| t.saturating_add(lasts)));
        let shown_until = ns(packet.pts.or(packet.dts).map(|t| t.saturating_add(lasts)));
        if let Some(e) = self.ends.get_mut(usize::from(number)) {
            *e = end.max(*e);
        }
        let leads = number == self.lead;
        if leads && packet.hidden && self.beginning_ns.is_none() {
            // where decoding begins with what is hidden, what is shown need not come in its order
            self.opening = MAX_REORDERED;
        }
        if leads && !packet.hidden {
            self.beginning_ns = self.beginning_ns.or(pts_ns).or(dts_ns);
            if self.opening > 0 {
                self.opening -= 1;
                self.beginning_ns = self.beginning_ns.into_iter().chain(pts_ns).min();
            }
            self.shown_until_ns = self.shown_until_ns.max(shown_until.unwrap_or(i64::MIN));
        }
        Some(PlacedPacket { packet, leads, pts_ns, dts_ns })
    }
}
