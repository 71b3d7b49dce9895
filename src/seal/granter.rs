//! Making grants: one pass over a sealed stream that takes out epoch keys. No frame is opened.

use std::io::{Read, Seek};

use crate::format::{
    Close, FormatError, Frame, Index, IndexEntry, Keys, Reader, Record, Start, StreamRecord, TrackKind, sha256,
};
use crate::keys::{Certificate, Identity};

use super::bonds::{Bond, Bonds};
use super::epoch::Epoch;
use super::error::SealError;
use super::grant::{GrantEntry, GrantedEpochs};
use super::schedule::EpochKey;
use super::session::{self, ListState};

/// Which tracks are granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracks {
    /// All of them.
    All,
    /// The one of this number.
    One(u16),
    /// The first one of this kind.
    First(TrackKind),
}

impl Tracks {
    /// Numbers of the tracks in a stream; empty when it has none such.
    pub fn of(self, s: &StreamRecord) -> Vec<u16> {
        let all = 0..u16::try_from(s.tracks.len()).unwrap_or(0);
        match self {
            Tracks::All => all.collect(),
            Tracks::One(n) => all.filter(|t| *t == n).collect(),
            Tracks::First(kind) => {
                all.zip(&s.tracks).find(|(_, t)| t.kind == kind).map(|(n, _)| n).into_iter().collect()
            }
        }
    }
}

/// An epoch that was read to its end; its start and close records are authentic where it can be granted.
pub struct OpenableEpoch {
    /// H of its stream.
    pub stream_hash: [u8; 32],
    /// Its key session.
    pub session: u32,
    /// Its number.
    pub epoch: u64,
    /// Wall clock when it was opened, UTC ns.
    pub wall_ns: i64,
    /// From when to when its pictures are shown (without pictures: the sound of the first track), media time in ns, the
    /// end not included; `None` when no frame of them has a time.
    pub shown_ns: Option<(i64, i64)>,
    /// From which media time in ns on it can be decoded alone: that of its first key frame. `None` without one; the
    /// lowest time where there are no pictures.
    pub key_ns: Option<i64>,
    /// Whether its first picture is a key frame, or it has none.
    pub stands_alone: bool,
    keys: Vec<(u16, EpochKey)>,
}

impl OpenableEpoch {
    /// Whether there are keys to grant.
    pub fn can_be_granted(&self) -> bool {
        !self.keys.is_empty()
    }

    /// T of each track, for whoever is to link the sealed frames to plain ones. They open this epoch and no other.
    pub fn disclosed(&self) -> impl Iterator<Item = (u16, &[u8; 32])> {
        self.keys.iter().map(|(track, key)| (*track, key.as_bytes()))
    }

    /// Moves its keys into what is granted.
    pub fn grant(self, to: &mut GrantedEpochs) {
        for (track, key) in self.keys {
            to.add(GrantEntry { session: self.session, epoch: self.epoch, track, key });
        }
    }
}

struct Begun {
    start: Start,
    /// None without a key for it.
    open: Option<(Epoch, Vec<EpochKey>)>,
    longest: i64,
    /// When the first frame of the lead that is not hidden is shown, in ticks.
    first_shown: Option<i64>,
    /// Whether the first frame of the lead is a key frame.
    key_first: Option<bool>,
    /// When the first key frame is shown, or decoded where that is not known, in ticks.
    key: Option<i64>,
}

/// Reads sealed streams epoch by epoch.
pub struct Granter<R> {
    reader: Reader<R>,
    identities: Vec<Box<dyn Identity>>,
    tracks: Tracks,
    stream: Option<StreamRecord>,
    stream_hash: [u8; 32],
    granted: Vec<u16>,
    /// The track whose times count.
    lead: u16,
    bonds: Bonds,
    /// The session read last has opened.
    is_open: bool,
    epoch: Option<Begun>,
    refused: Vec<Certificate>,
}

impl<R: Read> Granter<R> {
    /// A granter of `tracks` at the beginning of a container.
    pub fn new(input: R, identities: Vec<Box<dyn Identity>>, tracks: Tracks) -> Self {
        Granter {
            reader: Reader::new(input),
            identities,
            tracks,
            stream: None,
            stream_hash: [0; 32],
            granted: Vec::new(),
            lead: 0,
            bonds: Bonds::default(),
            is_open: false,
            epoch: None,
            refused: Vec::new(),
        }
    }

    /// The stream that is being read.
    pub fn stream(&self) -> Option<&StreamRecord> {
        self.stream.as_ref()
    }

    /// The keys go back to whoever gave them.
    pub fn into_identities(self) -> Vec<Box<dyn Identity>> {
        self.identities
    }

    /// The first session that opened and is not shown to go on from the one before it.
    pub fn unproven_session(&self) -> Option<u32> {
        self.bonds.unproven()
    }

    /// Recipients of the sessions that did not open.
    pub fn who_could(&self) -> &[Certificate] {
        &self.refused
    }

    /// The next epoch; `None` at the end of the input.
    ///
    /// Errors: [`SealError::NotSealed`]; what a reader of the stream finds, but for frames, which are not opened. An
    /// epoch of a session that no identity is a recipient of is none.
    #[allow(clippy::should_implement_trait, reason = "as the readers'")]
    pub fn next(&mut self) -> Result<Option<OpenableEpoch>, SealError> {
        while let Some(record) = self.reader.next()? {
            self.bonds.read_to(self.reader.offset());
            match record {
                Record::Stream(s) if !s.sealed() => return Err(SealError::NotSealed),
                Record::Stream(s) => self.begin(s),
                Record::Keys(k) => {
                    self.open_session(&k)?;
                }
                Record::Start(s) => self.start(s)?,
                Record::Frame(f) => self.frame(&f),
                Record::Close(c) => {
                    if let Some(epoch) = self.close(&c)? {
                        return Ok(Some(epoch));
                    }
                }
                // a stream that was cut has whole epochs all the same
                Record::Cut => self.epoch = None,
                Record::Grant(_) | Record::Index(_) | Record::End(_) => {}
            }
        }
        Ok(None)
    }

    fn begin(&mut self, s: StreamRecord) {
        self.stream_hash = sha256(self.reader.raw());
        self.granted = self.tracks.of(&s);
        self.lead = match self.tracks {
            Tracks::All => s.first_video().unwrap_or(0),
            _ => self.granted.first().copied().unwrap_or(0),
        };
        self.bonds.begin(&self.stream_hash);
        (self.is_open, self.epoch) = (false, None);
        self.stream = Some(s);
    }

    fn open_session(&mut self, keys: &Keys) -> Result<Bond, SealError> {
        self.is_open = false;
        let offset = self.reader.record_offset();
        let bond = self.bonds.check(keys, offset)?;
        let opened = session::open(keys, &self.stream_hash, &self.identities);
        let opened = opened.and_then(|opened| match opened.list {
            ListState::Proven => Ok(opened.key),
            // whoever gives access to others looks into that first
            ListState::Forged => Err(SealError::ForgedList { session: keys.session, offset, tied: keys.is_tied() }),
            ListState::Superseded(e) => Err(e),
        });
        match opened {
            Ok(key) => {
                self.bonds.open(keys, bond, key.chain(keys.first_epoch));
                self.is_open = true;
            }
            Err(SealError::NotRecipient { recipients, .. }) => {
                if self.refused.is_empty() {
                    self.refused = recipients;
                }
                self.bonds.closed(keys, bond);
            }
            Err(e) => return Err(e),
        }
        Ok(bond)
    }

    fn start(&mut self, start: Start) -> Result<(), SealError> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let offset = self.reader.record_offset();
        let keys = if self.is_open { self.bonds.epoch_keys(start.epoch, stream.tracks.len(), offset)? } else { None };
        let open = match keys {
            Some(keys) => {
                let keys: Vec<_> = keys.into_iter().map(Some).collect();
                let epoch = Epoch::open(&start, &sha256(self.reader.raw()), &keys);
                let epoch = epoch.ok_or(SealError::EpochCommitment { offset, epoch: start.epoch })?;
                self.bonds.add_epoch(start.epoch);
                Some((epoch, keys.into_iter().flatten().collect()))
            }
            None => None,
        };
        self.epoch = Some(Begun { start, open, longest: 0, first_shown: None, key_first: None, key: None });
        Ok(())
    }

    fn frame(&mut self, f: &Frame) {
        if let Some(e) = self.epoch.as_mut().filter(|_| f.track == self.lead) {
            e.longest = e.longest.max(f.duration);
            if !f.flags.hidden {
                e.first_shown = [e.first_shown, f.show_time()].into_iter().flatten().min();
            }
            e.key_first.get_or_insert(f.flags.key);
            if f.flags.key {
                e.key = e.key.or(f.show_time());
            }
        }
    }

    fn close(&mut self, c: &Close) -> Result<Option<OpenableEpoch>, SealError> {
        let (Some(epoch), Some(stream)) = (self.epoch.take(), &self.stream) else { return Ok(None) };
        let mut keys = Vec::new();
        if let Some((open, all)) = epoch.open {
            if !open.closes_with(c, self.reader.raw()) {
                return Err(SealError::Close { offset: self.reader.record_offset(), epoch: c.epoch });
            }
            let numbered = (0..).zip(all);
            keys = numbered.filter(|(track, _): &(u16, EpochKey)| self.granted.contains(track)).collect();
        }
        let lead = usize::from(self.lead);
        let track = stream.tracks.get(lead);
        let has_pictures = track.is_some_and(|t| t.kind == TrackKind::Video);
        let stands_alone = !has_pictures || epoch.key_first != Some(false);
        let key_ns = match has_pictures {
            true => track.zip(epoch.key).and_then(|(t, ticks)| t.to_ns(ticks)),
            false => Some(i64::MIN),
        };
        let shown_ns = c.tracks.get(lead).zip(stream.tracks.get(lead)).and_then(|(totals, t)| {
            let (first, last) = totals.first_pts.zip(totals.last_pts)?;
            // what is hidden is not authentic before a frame is opened either: it moves nothing out of the epoch
            let first = epoch.first_shown.map_or(first, |shown| shown.clamp(first, last.max(first)));
            let nominal = u64::from(t.frame_rate.1) * u64::from(t.time_base.1);
            let nominal = nominal.checked_div(u64::from(t.frame_rate.0) * u64::from(t.time_base.0)).unwrap_or(0);
            let nominal = i64::try_from(nominal).unwrap_or(0).max(1);
            // durations are not authentic before a frame is opened: one that is longer than the epoch must not stretch
            // it
            let most = last.saturating_sub(first).max(nominal);
            let lasts = if epoch.longest > 0 { epoch.longest.min(most) } else { nominal };
            Some((t.to_ns(first)?, t.to_ns(last.saturating_add(lasts))?))
        });
        Ok(Some(OpenableEpoch {
            stream_hash: self.stream_hash,
            session: epoch.start.session,
            epoch: epoch.start.epoch,
            wall_ns: epoch.start.wall_ns,
            shown_ns,
            key_ns,
            stands_alone,
            keys,
        }))
    }
}

impl<R: Read + Seek> Granter<R> {
    /// Goes near the media time `time_ns` in the stream that is being read: to the epoch before the last one that the
    /// index puts at or before it, or from there back to one that begins with a key frame. False where the index has
    /// none that lies ahead; nothing was moved then. The keys records between here and there are read, so that each
    /// session is known to go on from the one before it.
    ///
    /// The index is a hint. Errors, and epochs that begin too late, mean that all must be read from the beginning.
    pub fn go_near(&mut self, index: &Index, time_ns: i64) -> Result<bool, SealError> {
        let here = self.reader.offset().saturating_sub(self.reader.stream_offset());
        let before = |e: &&IndexEntry| e.time_ns.is_some_and(|ns| ns <= time_ns);
        let mut ahead = index.entries.iter().rev().filter(before).skip(1).take_while(|e| e.offset > here).peekable();
        let Some(nearest) = ahead.peek().copied() else { return Ok(false) };
        self.epoch = None;
        let mut entry = None;
        for e in ahead {
            if self.begins_with_key(e)? {
                entry = Some(e);
                break;
            }
        }
        let entry = entry.ok_or(FormatError::Truncated { offset: nearest.keys_offset })?;
        let misled = || FormatError::Truncated { offset: entry.keys_offset };
        let can_tell = self.bonds.is_open();
        for keys_at in index.keys_between(here, entry) {
            self.reader.jump(keys_at)?;
            match self.reader.next()? {
                // the index passes over a session, or what it names is another one
                Some(Record::Keys(k)) if self.open_session(&k)? == Bond::Unproven && can_tell => {
                    return Err(misled().into());
                }
                Some(Record::Keys(_)) => {}
                _ => return Err(misled().into()),
            }
        }
        self.reader.jump(entry.offset)?;
        match self.reader.next()? {
            Some(Record::Start(s)) if s.epoch == entry.epoch => self.start(s)?,
            _ => return Err(misled().into()),
        }
        Ok(true)
    }

    /// Whether the first picture of the epoch that the entry names is a key frame.
    fn begins_with_key(&mut self, e: &IndexEntry) -> Result<bool, SealError> {
        let lead = self.stream.as_ref().and_then(|s| s.tracks.get(usize::from(self.lead)));
        if lead.is_none_or(|t| t.kind != TrackKind::Video) {
            return Ok(true);
        }
        self.reader.jump(e.keys_offset)?;
        self.reader.next()?;
        self.reader.jump(e.offset)?;
        self.reader.next()?;
        while let Some(Record::Frame(f)) = self.reader.next()? {
            if f.track == self.lead {
                return Ok(f.flags.key);
            }
        }
        Ok(false)
    }
}
