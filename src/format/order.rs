//! What may stand where: the one state machine that reader and writer share.

use super::close::{Close, Reason, TrackTotals};
use super::end::{End, EndKind};
use super::error::Fault;
use super::frame::Frame;
use super::grant::Grant;
use super::hash::sha256;
use super::keys_record::Keys;
use super::limits;
use super::start::Start;
use super::stream::StreamRecord;

/// Length of a start record's body before its commitments.
const START_FIELDS: usize = 4 + 8 + 8 + 8 + 32 + 32;
/// Maximum number of key sessions that may be lost at once and the next one is still found.
const NEAR: u32 = 1 << 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Before a stream record, or after an end record.
    Outside,
    /// Grants without a stream.
    Sidecar,
    /// Between epochs; a keys record may come.
    Between,
    /// After a keys record: only a start may come.
    Keyed,
    Epoch,
    /// After a close record with LAST.
    Last,
    Indexed,
}

/// Where in a stream we are, and what must come next.
#[derive(Debug)]
pub(super) struct Order {
    place: Position,
    sealed: bool,
    signed: bool,
    tracks: usize,
    /// H of the stream.
    stream_hash: [u8; 32],
    session: Option<u32>,
    /// First epoch of the session.
    chain_from: u64,
    /// Number of the first epoch read, and of the one read last.
    epochs: Option<(u64, u64)>,
    last_close: [u8; 32],
    /// Reading began in the middle of a file.
    joined: bool,
    /// We have just gone to a record: a keys record there belongs to any session.
    landed: bool,
    /// Reading resumed after damage, and no epoch has come since.
    resumed: bool,
    /// Number of the last start record that was in order.
    seen: Option<u64>,
    counter: u32,
    totals: Vec<TrackTotals>,
    /// Reason of the last close record.
    reason: Option<Reason>,
    index_len: u32,
}

impl Order {
    pub fn new() -> Self {
        Order {
            place: Position::Outside,
            sealed: false,
            signed: false,
            tracks: 0,
            stream_hash: [0; 32],
            session: None,
            chain_from: 0,
            epochs: None,
            last_close: [0; 32],
            joined: false,
            landed: false,
            resumed: false,
            seen: None,
            counter: 0,
            totals: Vec::new(),
            reason: None,
            index_len: 0,
        }
    }

    pub fn outside(&self) -> bool {
        self.place == Position::Outside
    }

    pub fn sealed(&self) -> bool {
        self.sealed
    }

    /// H of the stream.
    pub fn stream_hash(&self) -> [u8; 32] {
        self.stream_hash
    }

    /// Hash of the last close record.
    pub fn last_close(&self) -> [u8; 32] {
        self.last_close
    }

    /// Forgets where in the stream we were: any epoch may come next. Directly after a keys record, any epoch of its
    /// session.
    pub fn join(&mut self) {
        if self.place != Position::Keyed {
            (self.place, self.session) = (Position::Between, None);
        }
        (self.joined, self.landed) = (true, true);
        (self.epochs, self.reason, self.index_len) = (None, None, 0);
    }

    /// After damage: any later epoch may come next, of the session in force or of a later one.
    pub fn resume(&mut self) {
        if self.place != Position::Outside {
            self.place = Position::Between;
        }
        (self.joined, self.landed, self.resumed) = (true, true, true);
        (self.epochs, self.reason, self.index_len) = (None, None, 0);
    }

    /// Whether a start record with these fields could be the next one after damage. `len` is its body's length.
    pub fn could_start(&self, session: u32, epoch: u64, len: u32) -> bool {
        let commitments = if self.sealed { self.tracks * 32 } else { 0 };
        let in_force = if self.sealed { self.session } else { Some(0) };
        len as usize == START_FIELDS + commitments
            && in_force == Some(session)
            && self.seen.is_none_or(|seen| epoch > seen && epoch - seen <= limits::SESSION_EPOCHS)
    }

    /// The same for a keys record. Many bytes look like one: the numbers must be near those that were seen.
    pub fn could_open(&self, session: u32, first_epoch: u64, len: u32) -> bool {
        let sessions = self.session.map_or(0, |s| s.saturating_add(1));
        let epochs = self.seen.map_or(0, |e| e.saturating_add(1));
        self.sealed
            && len > 2 * limits::SLOT.start()
            && (sessions..sessions.saturating_add(NEAR)).contains(&session)
            && (epochs..epochs.saturating_add(limits::SESSION_EPOCHS)).contains(&first_epoch)
    }

    /// `record` is the whole stream record.
    pub fn stream(&mut self, s: &StreamRecord, record: &[u8]) -> Result<(), Fault> {
        if self.place != Position::Outside {
            return Err(Fault::Order);
        }
        *self = Order {
            place: Position::Between,
            sealed: s.sealed(),
            signed: !s.signer.is_empty(),
            tracks: s.tracks.len(),
            stream_hash: sha256(record),
            ..Order::new()
        };
        Ok(())
    }

    pub fn keys(&mut self, k: &Keys) -> Result<(), Fault> {
        if !self.sealed {
            return Err(Fault::KeysInPlain);
        }
        if self.place != Position::Between && !(self.landed && self.place == Position::Keyed) {
            return Err(Fault::Order);
        }
        let follows = match self.session.filter(|_| !self.landed) {
            Some(s) => k.session.checked_sub(1) == Some(s),
            None => true,
        };
        if !follows {
            return Err(Fault::Session);
        }
        let epoch_follows = match self.epochs {
            Some((_, last)) => last.checked_add(1) == Some(k.first_epoch),
            None => k.session != 0 || k.first_epoch == 0,
        };
        if !epoch_follows {
            return Err(Fault::Epoch);
        }
        self.session = Some(k.session);
        self.chain_from = k.first_epoch;
        self.place = Position::Keyed;
        self.landed = false;
        Ok(())
    }

    pub fn start(&mut self, s: &Start) -> Result<(), Fault> {
        match (self.place, self.session) {
            (Position::Keyed, _) => {}
            (Position::Between, Some(_)) => {}
            (Position::Between, None) if !self.sealed => {}
            (Position::Between, None) => return Err(Fault::NoKeys),
            _ => return Err(Fault::Order),
        }
        if s.session != self.session.unwrap_or(0) {
            return Err(Fault::Session);
        }
        if s.commitments.len() != if self.sealed { self.tracks } else { 0 } {
            return Err(Fault::Value);
        }
        if !self.sealed && s.keys_hash != [0; 32] {
            return Err(Fault::KeysHash);
        }
        if self.sealed && s.epoch.checked_sub(self.chain_from).is_none_or(|n| n > limits::SESSION_EPOCHS) {
            return Err(Fault::Epoch);
        }
        match self.epochs {
            Some((_, last)) if last.checked_add(1) != Some(s.epoch) => return Err(Fault::Epoch),
            Some(_) if s.previous_close != self.last_close => return Err(Fault::Chain),
            None if s.epoch == 0 && s.session != 0 => return Err(Fault::Session),
            None if s.epoch == 0 && s.previous_close != [0; 32] => return Err(Fault::Chain),
            _ => {}
        }
        self.epochs = Some((self.epochs.map_or(s.epoch, |(first, _)| first), s.epoch));
        self.place = Position::Epoch;
        (self.landed, self.resumed, self.seen) = (false, false, Some(s.epoch));
        self.counter = 0;
        self.totals.clear();
        self.totals.resize(self.tracks, TrackTotals::NONE);
        Ok(())
    }

    /// `len` is that of the packet or ciphertext with its tag.
    pub fn frame(&mut self, f: &Frame, len: usize) -> Result<(), Fault> {
        if self.place != Position::Epoch {
            return Err(Fault::Order);
        }
        let totals = self.totals.get_mut(f.track as usize).ok_or(Fault::UnknownTrack)?;
        if f.counter != self.counter || f.counter >= limits::EPOCH_FRAMES {
            return Err(Fault::Counter);
        }
        f.check(len, self.sealed)?;
        self.counter += 1;
        totals.add(f.pts);
        Ok(())
    }

    /// `record` is the whole close record.
    pub fn close(&mut self, c: &Close, record: &[u8]) -> Result<(), Fault> {
        if self.place != Position::Epoch {
            return Err(Fault::Order);
        }
        if Some(c.epoch) != self.epochs.map(|(_, last)| last) {
            return Err(Fault::Epoch);
        }
        if c.tracks != self.totals {
            return Err(Fault::Totals);
        }
        if c.signature.is_some() != self.signed {
            return Err(Fault::Signature);
        }
        self.place = if c.reason == Reason::NotLast { Position::Between } else { Position::Last };
        self.reason = Some(c.reason);
        self.last_close = sha256(record);
        Ok(())
    }

    pub fn grant(&mut self, g: &Grant) -> Result<(), Fault> {
        if self.place == Position::Between && g.stream_hash != self.stream_hash {
            return Err(Fault::GrantStream);
        }
        match self.place {
            Position::Outside | Position::Sidecar => self.place = Position::Sidecar,
            Position::Between if !self.sealed => return Err(Fault::KeysInPlain),
            Position::Between if self.session.is_none() && self.epochs.is_none() => {}
            _ => return Err(Fault::Order),
        }
        Ok(())
    }

    /// `len` is the whole index record's.
    pub fn index(&mut self, len: usize) -> Result<(), Fault> {
        if !matches!(self.place, Position::Between | Position::Last) {
            return Err(Fault::Order);
        }
        self.index_len = u32::try_from(len).map_err(|_| Fault::TooLong)?;
        self.place = Position::Indexed;
        Ok(())
    }

    pub fn end(&mut self, e: End) -> Result<(), Fault> {
        let place = match self.place {
            Position::Outside => return Err(Fault::Order),
            Position::Sidecar if e.kind != EndKind::Excerpt => return Err(Fault::End),
            Position::Keyed | Position::Epoch if e.kind != EndKind::Recovered => return Err(Fault::Order),
            p => p,
        };
        if e.index_len != self.index_len && !self.resumed {
            return Err(Fault::IndexSize);
        }
        let from_the_first = self.joined || self.epochs.is_some_and(|(first, _)| first == 0);
        let open = matches!(place, Position::Keyed | Position::Epoch);
        let borne_out = match (e.kind, self.reason) {
            (EndKind::Complete, None | Some(Reason::NotLast | Reason::InputCut)) => {
                self.joined && self.reason.is_none()
            }
            (EndKind::Complete, Some(_)) => from_the_first && !open,
            (EndKind::Cut, reason) => self.resumed || (from_the_first && reason == Some(Reason::InputCut)),
            (EndKind::Excerpt | EndKind::Recovered, _) => true,
        };
        if !borne_out {
            return Err(Fault::End);
        }
        *self = Order::new();
        Ok(())
    }

    /// The stream is over without an end record.
    pub fn abandon(&mut self) {
        *self = Order::new();
    }
}
