//! A sealed stream on its way through an opener: a session opens by a private key or a grant, an epoch by its session,
//! a frame by its epoch.

use std::collections::VecDeque;
use std::ops::Range;

use crate::format::{Close, FRAME_PREFIX, Frame, Grant, Keys, Start, StreamRecord, limits, sha256};

use super::bonds::Bond;
use super::epoch::Epoch;
use super::error::SealError;
use super::granted::{Epochs, Granted};
use super::keyring::{Keyring, OpenSession};
use super::opened::Opened;
use super::pending_grants::PendingGrants;

/// A record as it was read: all its bytes, and its offset from the beginning of the input.
#[derive(Clone, Copy)]
pub(super) struct RawRecord<'a> {
    pub bytes: &'a [u8],
    pub offset: u64,
}

/// How a session opened.
pub(super) enum SessionAccess {
    /// An identity is one of its recipients.
    Recipient,
    /// No identity is, but there are grants for epochs of the stream.
    Granted,
    /// There is no key for it.
    None(SealError),
}

/// What there is of a frame.
pub(super) enum FrameAccess {
    /// Where in the record its packet is, now that the record was opened in place.
    Packet(Range<usize>),
    /// The epoch is open, but not this track of it.
    NoTrackKey,
    /// The epoch is not open.
    NoEpochKey,
}

/// One sealed stream, from its stream record to its end.
pub(super) struct SealedStream {
    hash: [u8; 32],
    tracks: usize,
    /// Its record, until something of it opens.
    record: Option<StreamRecord>,
    /// The session read last, if an identity is a recipient: its epoch keys are on the keyring.
    session: Option<OpenSession>,
    granted: Granted,
    /// The grants that were not opened: a private key is asked only for what an epoch wants that no session opened.
    waiting: PendingGrants,
    /// Whether epochs that were granted and do not come are missing: all of the stream so far was read, and no session
    /// of it opened for a recipient.
    names_missing: bool,
    /// The run of epochs that is being skipped.
    skipped: Option<Epochs>,
    epoch: Option<OpenEpoch>,
}

/// An epoch that there are keys for.
struct OpenEpoch {
    keys: Epoch,
    /// Its start record, until a frame or the close record has authenticated it.
    start: Option<Start>,
}

impl SealedStream {
    pub fn new(record: StreamRecord, hash: [u8; 32]) -> Self {
        SealedStream {
            hash,
            tracks: record.tracks.len(),
            record: Some(record),
            session: None,
            granted: Granted::default(),
            waiting: PendingGrants::default(),
            names_missing: true,
            skipped: None,
            epoch: None,
        }
    }

    /// Whether the session read last opened for a recipient: then it is known whether its list of recipients is forged.
    pub fn is_list_forged(&self) -> Option<bool> {
        self.session.map(|s| s.is_forged)
    }

    /// Whether the session read last goes on from the one before it, where it opened for a recipient.
    pub fn bond(&self) -> Option<Bond> {
        self.session.map(|s| s.bond)
    }

    /// Whether there are keys for an epoch of the session read last.
    pub fn has_keys_for(&self, session: u32, epoch: u64) -> bool {
        self.session.is_some() || self.granted.has(session, epoch) || self.waiting.claim(epoch)
    }

    /// Whether some of its epochs were granted, or are said to be.
    pub fn has_grants(&self) -> bool {
        !self.granted.is_empty() || !self.waiting.is_empty()
    }

    /// Keeps a grant until an epoch comes that it is for.
    pub fn add_grant(&mut self, g: &Grant, keyring: &Keyring) {
        keyring.keep_in(&mut self.waiting, g);
    }

    /// The same for the grants that came before the stream.
    pub fn add_pending_grants(&mut self, keyring: &Keyring) {
        keyring.pending(&self.hash).for_each(|g| self.waiting.add(g.clone()));
    }

    /// Opens grants that claim to hold an epoch, until there is a key for each of its tracks.
    fn open_grants(&mut self, s: &Start, keyring: &mut Keyring) -> Result<(), SealError> {
        while !self.granted.has_all(s.session, s.epoch, self.tracks) {
            let Some(grant) = self.waiting.take(s.epoch) else { return Ok(()) };
            self.granted.add(keyring.open_grant(&grant, &self.hash)?)?;
        }
        self.waiting.pass(s.epoch);
        Ok(())
    }

    /// Opens the session of a keys record, which is `raw`.
    pub fn open_session(
        &mut self,
        keys: Box<Keys>,
        raw: RawRecord<'_>,
        keyring: &mut Keyring,
        queue: &mut VecDeque<Opened>,
    ) -> Result<SessionAccess, SealError> {
        self.session = None;
        match keyring.open_session(&keys, self.hash, sha256(raw.bytes), raw.offset) {
            Ok(session) => {
                self.session = Some(session);
                self.names_missing = false;
                self.release_skipped(queue);
                self.release_record(queue);
                queue.push_back(Opened::Keys(keys));
                Ok(SessionAccess::Recipient)
            }
            Err(e @ SealError::NotRecipient { .. }) if !keyring.is_empty() => {
                let granted = self.has_grants();
                if granted {
                    self.release_record(queue);
                }
                queue.push_back(Opened::Closed(keys));
                Ok(if granted { SessionAccess::Granted } else { SessionAccess::None(e) })
            }
            Err(e) => Err(e),
        }
    }

    /// Opens an epoch, or skips it when there is no key for it.
    pub fn open_epoch(
        &mut self,
        s: Start,
        raw: RawRecord<'_>,
        keyring: &mut Keyring,
        queue: &mut VecDeque<Opened>,
    ) -> Result<(), SealError> {
        let wrong = SealError::EpochCommitment { offset: raw.offset, epoch: s.epoch };
        let of_session = match self.session {
            Some(_) => keyring.bonds.epoch_keys(s.epoch, self.tracks, raw.offset)?,
            None => None,
        };
        if of_session.is_none() {
            self.open_grants(&s, keyring)?;
        }
        let keys = match of_session {
            Some(keys) => keys.into_iter().map(Some).collect(),
            None => match self.granted.epoch(s.session, s.epoch, self.tracks) {
                Some(keys) => keys,
                None => {
                    if !self.skipped.as_mut().is_some_and(|run| run.grow(s.epoch)) {
                        self.release_skipped(queue);
                        self.skipped = Some(Epochs { first: s.epoch, last: s.epoch });
                    }
                    return Ok(());
                }
            },
        };
        let epoch = Epoch::open(&s, &sha256(raw.bytes), &keys).ok_or(wrong)?;
        keyring.was_of_use(keys.iter().flatten().count());
        if self.session.is_some() {
            keyring.bonds.add_epoch(s.epoch);
        }
        self.epoch = Some(OpenEpoch { keys: epoch, start: Some(s) });
        self.release_skipped(queue);
        Ok(())
    }

    /// Opens a frame's record in place; `raw` is all of it, `offset` where it begins.
    pub fn open_frame(&self, f: &Frame, raw: &mut [u8], offset: u64) -> Result<FrameAccess, SealError> {
        let Some(OpenEpoch { keys: epoch, .. }) = &self.epoch else { return Ok(FrameAccess::NoEpochKey) };
        let Some(key) = epoch.frame_key(f.track) else { return Ok(FrameAccess::NoTrackKey) };
        let wrong = SealError::Frame { offset, epoch: epoch.number, counter: f.counter };
        let Ok(text) = key.open(f.counter, raw) else { return Err(wrong) };
        let padding = SealError::Padding { offset, epoch: epoch.number, counter: f.counter };
        let Some((len, rest)) = text.split_first_chunk::<4>() else { return Err(padding) };
        let len = u32::from_be_bytes(*len) as usize;
        if len > limits::PACKET || rest.get(len..).is_none_or(|zeros| zeros.iter().any(|b| *b != 0)) {
            return Err(padding);
        }
        Ok(FrameAccess::Packet(FRAME_PREFIX + 4..FRAME_PREFIX + 4 + len))
    }

    /// Ends the epoch; gives it out where it was open.
    pub fn close_epoch(&mut self, c: Close, raw: RawRecord<'_>, queue: &mut VecDeque<Opened>) -> Result<(), SealError> {
        let Some(epoch) = self.epoch.take() else { return Ok(()) };
        if !epoch.keys.closes_with(&c, raw.bytes) {
            return Err(SealError::Close { offset: raw.offset, epoch: c.epoch });
        }
        queue.extend(epoch.start.map(Opened::Start));
        queue.push_back(Opened::Close(c));
        Ok(())
    }

    /// Gives out the open epoch's start record, now that something of it is authentic.
    pub fn release_start(&mut self, queue: &mut VecDeque<Opened>) {
        queue.extend(self.epoch.as_mut().and_then(|epoch| epoch.start.take()).map(Opened::Start));
    }

    /// Gives out the run of epochs that was being skipped.
    pub fn release_skipped(&mut self, queue: &mut VecDeque<Opened>) {
        queue.extend(self.skipped.take().map(Opened::Skipped));
    }

    /// Gives out the epochs that were granted and did not come by the stream's end. Of a grant that was not opened,
    /// since none of its epochs came, it is what it claims.
    pub fn release_missing(&mut self, keyring: &mut Keyring, queue: &mut VecDeque<Opened>) -> Result<(), SealError> {
        if !self.names_missing {
            return Ok(());
        }
        while let Some(grant) = self.waiting.take_passed().filter(|_| !keyring.is_exhausted()) {
            self.granted.add(keyring.open_grant(&grant, &self.hash)?)?;
        }
        queue.extend(self.granted.missing(self.waiting.unseen()).into_iter().map(Opened::Missing));
        Ok(())
    }

    /// Reading goes on elsewhere in the stream: the epoch that was open is left, and what was not read is not missing.
    pub fn leave_epoch(&mut self) {
        (self.epoch, self.names_missing) = (None, false);
    }

    /// Forgets the run of epochs that was being skipped.
    pub fn forget_skipped(&mut self) {
        self.skipped = None;
    }

    fn release_record(&mut self, queue: &mut VecDeque<Opened>) {
        queue.extend(self.record.take().map(Opened::Stream));
    }
}
