//! What a file holds, as its records say without a key.
//!
//! Frames are passed over by their lengths, and with an index everything between the first epoch and the last one as
//! well. So this describes a file; it does not check it.

use std::io::{Read, Seek};

use crate::format::{
    Clock, Close, End, EndKind, Fault, FormatError, Frame, HEADER_LEN, Header, Index, Reason, RecordType, Start,
    StreamRecord, TrackTotals, seek_index, sha256,
};

use super::epoch_walk::{Step, Walk};

/// Frames from the beginning on among which the first picture is looked for before an index is followed.
const NEAR: u64 = 64;

/// The last close record of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The epoch that it closes.
    pub epoch: u64,
    /// SHA-256 of the record.
    pub hash: [u8; 32],
    /// Whether the stream ends with it, and why.
    pub reason: Reason,
    /// Where the record ends, in bytes from the beginning of the file.
    pub end: u64,
}

/// How a stream in a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentState {
    /// With an end record.
    Ended(EndKind),
    /// After a whole record or inside one: its writer is still at work, or died.
    Open,
    /// What stands at this offset is no record.
    Damaged(u64),
}

/// A stream, or a part of one, in a file.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its stream record.
    pub stream: StreamRecord,
    /// Where its preamble begins, in bytes from the beginning of the file.
    pub at: u64,
    /// Numbers of the first epoch and of the one begun last.
    pub epochs: Option<(u64, u64)>,
    /// The recorder's clocks when the first epoch was opened, and the one begun last.
    pub clocks: Option<(Clock, Clock)>,
    /// The hash of a close record that the first start record names.
    pub previous_close: [u8; 32],
    /// The last close record.
    pub closed: Option<Closed>,
    /// UTC of the first picture or sound, ns; where frames have no times, of the opening of the epoch.
    pub from_ns: Option<i64>,
    /// UTC of the end of the last picture or sound, ns.
    pub to_ns: Option<i64>,
    /// Whole frames after the last close record, or without one: no code and no signature covers them together.
    pub tail: u64,
    /// Whether there is any whole frame.
    pub has_frames: bool,
    /// Whether the first picture is a key frame; `None` where there is none near the beginning.
    pub key_first: Option<bool>,
    /// Where the last whole record ends that is neither index nor end, in bytes from the beginning of the file.
    pub whole: u64,
    /// Where the stream ends, in bytes from the beginning of the file.
    pub end: u64,
    /// How it ends.
    pub state: SegmentState,
    /// Counts and times of the open epoch.
    totals: Vec<TrackTotals>,
}

/// The streams of a file, in order. None when the file ends before the first stream record does.
///
/// # Errors
///
/// The file is empty or no stream at all, or reading failed.
pub fn segments<F: Read + Seek>(file: &mut F) -> Result<Vec<Segment>, FormatError> {
    let index = seek_index(file)?;
    walk_through(file, index.as_ref())
}

/// As [`segments`], but from record to record, without an index.
pub(super) fn segments_in_full<F: Read + Seek>(file: &mut F) -> Result<Vec<Segment>, FormatError> {
    walk_through(file, None)
}

fn walk_through<F: Read + Seek>(file: &mut F, index: Option<&Index>) -> Result<Vec<Segment>, FormatError> {
    let mut walk = Walk::new(file)?;
    if walk.length() == 0 {
        return Err(FormatError::Empty);
    }
    let mut found: Vec<Segment> = Vec::new();
    loop {
        let at = walk.at();
        match walk.step()? {
            Step::Preamble => {}
            Step::Nothing => return Ok(found),
            Step::Record(_) | Step::Foreign if at == 0 => {
                return Err(FormatError::Header { offset: 0, fault: Fault::Magic });
            }
            Step::Record(_) | Step::Foreign => {
                if let Some(s) = found.last_mut() {
                    s.state = SegmentState::Damaged(at);
                }
                return Ok(found);
            }
        }
        let record = match walk.step()? {
            Step::Record(h) if h.record == RecordType::Stream => walk.record(&h)?,
            Step::Nothing => return Ok(found),
            _ => return Err(FormatError::Header { offset: at, fault: Fault::Order }),
        };
        let stream = StreamRecord::parse(record.get(HEADER_LEN..).unwrap_or_default())
            .map_err(|fault| FormatError::Header { offset: at, fault })?;
        let mut segment = Segment::begin(stream, at, walk.at());
        let more = segment.read(&mut walk, index)?;
        found.push(segment);
        if !more {
            return Ok(found);
        }
    }
}

impl Segment {
    fn begin(stream: StreamRecord, at: u64, end: u64) -> Self {
        Segment {
            stream,
            at,
            epochs: None,
            clocks: None,
            previous_close: [0; 32],
            closed: None,
            from_ns: None,
            to_ns: None,
            tail: 0,
            has_frames: false,
            key_first: None,
            whole: end,
            end,
            state: SegmentState::Open,
            totals: Vec::new(),
        }
    }

    /// To its end; true when another stream may follow there.
    fn read<F: Read + Seek>(&mut self, walk: &mut Walk<'_, F>, index: Option<&Index>) -> Result<bool, FormatError> {
        let mut index = index;
        let mut index_len = 0;
        loop {
            self.end = walk.at();
            let h = match walk.step()? {
                Step::Record(h) => h,
                Step::Preamble => {
                    walk.go(self.end)?;
                    return Ok(true);
                }
                Step::Nothing => {
                    self.end = walk.length();
                    return Ok(false);
                }
                Step::Foreign => return self.bad(walk, self.end),
            };
            // only the end follows an index
            if index_len > 0 && h.record != RecordType::End {
                return self.bad(walk, self.end);
            }
            match h.record {
                RecordType::Frame => match walk.frame(&h)? {
                    Some(f) if u64::from(f.counter) != self.tail || self.epochs.is_none() => {
                        return self.bad(walk, walk.at());
                    }
                    Some(f) => {
                        self.frame(&f);
                        self.whole = walk.at();
                        let picture_comes = self.key_first.is_none() && self.stream.first_video().is_some();
                        let jumps = self.closed.is_none() && !(picture_comes && self.tail < NEAR);
                        if let Some(i) = index.take_if(|_| jumps) {
                            self.jump(walk, i)?;
                        }
                    }
                    None => return self.bad(walk, walk.at()),
                },
                RecordType::Index => {
                    let record = walk.record(&h)?;
                    if Index::parse(record.get(HEADER_LEN..).unwrap_or_default()).is_err() {
                        return self.bad(walk, walk.at());
                    }
                    index_len = record.len();
                }
                RecordType::End => {
                    let record = walk.record(&h)?;
                    let end = End::parse(record.get(HEADER_LEN..).unwrap_or_default());
                    let Some(end) = end.ok().filter(|e| e.index_len as usize == index_len) else {
                        return self.bad(walk, walk.at());
                    };
                    self.state = SegmentState::Ended(end.kind);
                    self.end = walk.at();
                    return Ok(walk.at() < walk.length());
                }
                RecordType::Stream => return self.bad(walk, self.end),
                RecordType::Start | RecordType::Close => {
                    let record = walk.record(&h)?;
                    if self.bounds(&h, &record, walk.at()).is_none() {
                        return self.bad(walk, walk.at());
                    }
                    self.whole = walk.at();
                }
                RecordType::Keys | RecordType::Grant => {
                    walk.pass(&h);
                    self.whole = walk.at();
                }
            }
        }
    }

    /// The record from `end` to `until` is malformed: damaged, or not all there.
    fn bad<F: Read + Seek>(&mut self, walk: &mut Walk<'_, F>, until: u64) -> Result<bool, FormatError> {
        if walk.is_torn(self.end, until)? {
            self.end = walk.length();
        } else {
            self.state = SegmentState::Damaged(self.end);
        }
        Ok(false)
    }

    /// A start or close record.
    fn bounds(&mut self, h: &Header, record: &[u8], end: u64) -> Option<()> {
        let body = record.get(HEADER_LEN..)?;
        if h.record == RecordType::Start {
            let s = Start::parse(body).ok()?;
            let follows = self.epochs.is_none_or(|(_, last)| last.checked_add(1) == Some(s.epoch));
            let chained = self.closed.is_none_or(|c| c.hash == s.previous_close);
            if !follows || !chained || self.tail > 0 {
                return None;
            }
            if self.epochs.is_none() {
                self.previous_close = s.previous_close;
                self.from_ns = Some(s.wall_ns);
                self.to_ns = Some(s.wall_ns);
            }
            self.totals = vec![TrackTotals::NONE; self.stream.tracks.len()];
            self.epochs = Some((self.epochs.map_or(s.epoch, |(first, _)| first), s.epoch));
            let now = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
            self.clocks = Some((self.clocks.map_or(now, |(first, _)| first), now));
            return Some(());
        }
        let c = Close::parse(h, body, self.stream.sealed()).ok()?;
        if self.epochs.is_none_or(|(_, last)| last != c.epoch) || c.tracks != self.totals {
            return None;
        }
        self.closed = Some(Closed { epoch: c.epoch, hash: sha256(record), reason: c.reason, end });
        self.tail = 0;
        Some(())
    }

    fn frame(&mut self, f: &Frame) {
        self.tail += 1;
        if let Some(t) = self.totals.get_mut(usize::from(f.track)) {
            t.add(f.pts);
        }
        if self.stream.first_video() == Some(f.track) {
            self.key_first = self.key_first.or(Some(f.flags.key));
        }
        let first = !std::mem::replace(&mut self.has_frames, true);
        let Some((from, to)) = self.stream.shown_ns(f) else { return };
        if first {
            (self.from_ns, self.to_ns) = (Some(from), Some(to));
        }
        self.to_ns = self.to_ns.max(Some(to));
    }

    /// To the last epoch, where the index leads to a start record of that number; a wrong index leads nowhere.
    fn jump<F: Read + Seek>(&mut self, walk: &mut Walk<'_, F>, index: &Index) -> Result<(), FormatError> {
        let back = walk.at();
        let Some(last) = index.entries.last() else { return Ok(()) };
        let Some(to) = self.at.checked_add(last.offset).filter(|to| *to > back && *to < walk.length()) else {
            return Ok(());
        };
        walk.go(to)?;
        if let Step::Record(h) = walk.step()?
            && h.record == RecordType::Start
        {
            let record = walk.record(&h)?;
            let start = Start::parse(record.get(HEADER_LEN..).unwrap_or_default());
            let first = self.epochs.map(|(first, _)| first).filter(|first| *first < last.epoch);
            if let (Some(first), true) = (first, start.is_ok_and(|s| s.epoch == last.epoch)) {
                (self.epochs, self.tail) = (Some((first, last.epoch - 1)), 0);
                return Ok(walk.go(to)?);
            }
        }
        Ok(walk.go(back)?)
    }

    /// The stream's own end is in it.
    pub fn is_last(&self) -> bool {
        self.tail == 0 && self.closed.is_some_and(|c| c.reason != Reason::NotLast)
    }

    /// Whether its first pictures are decoded only after those of an epoch that is not in it.
    pub fn leans(&self) -> bool {
        self.key_first == Some(false) && self.epochs.is_some_and(|(first, _)| first > 0)
    }

    /// By how many ns the recorder's clock was set between the first epoch and the last one; negative: back.
    pub fn clock_step_ns(&self) -> Option<i64> {
        self.clocks.and_then(|(first, last)| last.step_since(first))
    }

    /// The last epoch that is closed.
    pub fn last_closed(&self) -> Option<u64> {
        self.closed.map(|c| c.epoch)
    }

    /// The hash of the stream's last close record as far as it is in this file; zeros when none is.
    pub fn last_close(&self) -> [u8; 32] {
        self.closed.map_or(self.previous_close, |c| c.hash)
    }
}
