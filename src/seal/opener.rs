//! Opening: a container in, what is authentic in it out.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Seek};
use std::ops::Range;

use crate::format::{FRAME_PREFIX, FormatError, Frame, Grant, Reader, Record, Start, StreamRecord, sha256};
use crate::keys::Identity;

use super::epoch::Epoch;
use super::error::SealError;
use super::grant;
use super::granted::{Epochs, Granted};
use super::opened::Opened;
use super::pending_grants::Handed;
use super::schedule::{Chain, SessionKey};
use super::signature_check::Witness;

mod unlock;

/// Where the epoch read last stands, in bytes from the beginning of the input.
#[derive(Debug, Clone, Copy, Default)]
pub struct EpochPlace {
    /// Its stream's preamble.
    pub stream_at: u64,
    /// Its session's keys record; `None` in a plain stream.
    pub keys_at: Option<u64>,
    /// Its start record.
    pub start_at: u64,
}

/// Reads containers, sealed or plain, and opens what is sealed with the identities that it was given: the key sessions that one
/// of them is a recipient of, and the epochs and tracks that were granted to one of them. The others are passed over.
///
/// What it gives is authentic as far as the stream can say: a sealed stream's frames have passed their tags. Whether a plain
/// stream will do is for the caller to decide when it gets [`Opened::Stream`].
pub struct Opener<R> {
    reader: Reader<R>,
    identities: Vec<Box<dyn Identity>>,
    stream: Option<StreamRecord>,
    stream_hash: [u8; 32],
    sealed: bool,
    tracks: usize,
    chain: Option<Chain>,
    /// Grants that came without their stream.
    handed: Handed,
    granted: Granted,
    /// The run of epochs that is being passed over.
    passed: Option<Epochs>,
    /// The end of the input may be that of one file of several.
    more: bool,
    /// Key and keys record of the session that opened last: another excerpt with the same one takes no private key.
    known: Option<Known>,
    /// Why the first session that did not open did not.
    refused: Option<SealError>,
    /// Something opened, or could have.
    answered: bool,
    /// All of the stream so far was read, and no session opened for a recipient.
    from_grants: bool,
    in_stream: bool,
    recipient: bool,
    tracks_passed: BTreeSet<u16>,
    epoch: Option<Epoch>,
    /// The first frame of each track of the stream, whether it opened or not.
    first_frames: Vec<Option<Frame>>,
    /// Not authenticated yet.
    start: Option<Start>,
    queue: VecDeque<Opened>,
    /// Where the packet is of the frame that was opened last, and of the one that was given last.
    opened: Range<usize>,
    witness: Option<Witness>,
    place: EpochPlace,
    packet: Range<usize>,
    failed: bool,
}

/// A session that opened.
struct Known {
    /// H of its stream, and the hash of its keys record.
    record: ([u8; 32], [u8; 32]),
    key: SessionKey,
}

impl<R: Read> Opener<R> {
    /// An opener at the beginning of a container.
    pub fn new(input: R, identities: Vec<Box<dyn Identity>>) -> Self {
        Opener {
            reader: Reader::new(input),
            identities,
            stream: None,
            stream_hash: [0; 32],
            sealed: false,
            tracks: 0,
            chain: None,
            handed: Handed::default(),
            granted: Granted::default(),
            passed: None,
            more: false,
            known: None,
            refused: None,
            answered: false,
            from_grants: false,
            in_stream: false,
            recipient: false,
            tracks_passed: BTreeSet::new(),
            epoch: None,
            first_frames: Vec::new(),
            start: None,
            queue: VecDeque::new(),
            witness: None,
            place: EpochPlace::default(),
            opened: 0..0,
            packet: 0..0,
            failed: false,
        }
    }

    /// Opens with these grants, too, where they are for a stream that comes: a sidecar's, as
    /// [`read_sidecar`](super::read_sidecar) gives them.
    pub fn with_grants(mut self, grants: impl IntoIterator<Item = Grant>) -> Self {
        grants.into_iter().for_each(|g| self.handed.keep(g, &self.identities));
        self
    }

    /// Checks the epochs' signatures, too, and who made them.
    pub fn watched_by(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// The witness of [`Opener::watched_by`].
    pub fn witness(&self) -> Option<&Witness> {
        self.witness.as_ref()
    }

    /// Where the epoch stands whose start record was read last.
    pub fn epoch_place(&self) -> EpochPlace {
        self.place
    }

    /// Behind an error: goes on with the next epoch, session or stream, and passes over what is left of the present one; see
    /// [`Reader::go_on`]. False when there is none.
    ///
    /// Errors: reading failed.
    pub fn go_on(&mut self) -> Result<bool, SealError> {
        (self.epoch, self.start) = (None, None);
        self.queue.clear();
        (self.packet, self.failed, self.from_grants) = (0..0, false, false);
        if let Some(witness) = &mut self.witness {
            witness.leave();
        }
        Ok(!self.reader.has_failed() || self.reader.go_on()?)
    }

    /// The next thing that is authentic, `None` at the end of the input.
    ///
    /// Errors: [`SealError`]; [`SealError::NotRecipient`] at the first session when there is no identity, else at the end or at
    /// damage, when nothing in the input was for any of them. After an error there are only errors, until [`Opener::jump`].
    #[allow(clippy::should_implement_trait, reason = "a lending reader: the packet is borrowed from it")]
    pub fn next(&mut self) -> Result<Option<Opened>, SealError> {
        if self.failed {
            return Err(FormatError::from(std::io::Error::other("nothing is opened behind an error")).into());
        }
        loop {
            if let Some(o) = self.queue.pop_front() {
                self.packet = match o {
                    Opened::Frame(_) => self.opened.clone(),
                    _ => 0..0,
                };
                return Ok(Some(o));
            }
            // from here on what was opened is written over: after an error, too, there is no packet
            self.packet = 0..0;
            let record = match self.reader.next() {
                Ok(Some(record)) => record,
                Ok(None) => return self.end_of_input(),
                Err(e @ FormatError::Io(_)) => return Err(e.into()),
                // whoever has the wrong key is to know that, in a recording that still goes on, too
                Err(e) => return self.end_of_input().and(Err(e.into())),
            };
            let accepted = self.accept(record);
            self.failed = accepted.is_err();
            accepted?;
        }
    }

    /// Whether another file comes behind this input's end: then that end does not tell whether something was for the keys.
    pub fn expect_more(&mut self, more: bool) {
        self.more = more;
    }

    /// Begins anew with what the input gives next, with the same keys; see [`Reader::begin_again`]. A stream that was open is
    /// cut where `told`; else nothing is said of it.
    pub fn begin_again(&mut self, told: bool) {
        self.queue.clear();
        if told {
            self.release_passed();
            self.queue.extend(self.in_stream.then_some(Opened::Cut));
        }
        self.forget();
        (self.packet, self.failed, self.place) = (0..0, false, EpochPlace::default());
        if let Some(witness) = &mut self.witness {
            witness.leave();
        }
        self.reader.begin_again();
    }

    /// The reader below, to change its input.
    pub fn reader_mut(&mut self) -> &mut Reader<R> {
        &mut self.reader
    }

    /// The packet of the frame given last; empty behind everything else, and behind an error.
    pub fn packet(&self) -> &[u8] {
        self.reader.raw().get(self.packet.clone()).unwrap_or(&[])
    }

    /// The reader below, for offsets and raw records.
    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// SHA-256 of the stream record of the stream being read.
    pub fn stream_hash(&self) -> [u8; 32] {
        self.stream_hash
    }

    /// Whether some session so far opened for a recipient; else what was opened was granted.
    pub fn is_recipient(&self) -> bool {
        self.recipient
    }

    /// Whether there are keys for an epoch of the session read last.
    pub fn has_keys_for(&self, session: u32, epoch: u64) -> bool {
        !self.sealed || self.chain.is_some() || self.granted.has(session, epoch)
    }

    /// Whether some epochs of the stream being read were granted.
    pub fn has_grants(&self) -> bool {
        !self.granted.is_empty()
    }

    /// The first frame of a track in the stream being read. Where its epoch was passed over, it is as it stands there: nothing
    /// but the sequence of times hangs on it.
    pub fn first_frame(&self, track: u16) -> Option<&Frame> {
        self.first_frames.get(usize::from(track))?.as_ref()
    }

    /// Tracks of which frames were passed over in epochs of which others opened.
    pub fn tracks_passed(&self) -> &BTreeSet<u16> {
        &self.tracks_passed
    }

    fn accept(&mut self, record: Record) -> Result<(), SealError> {
        let at = self.reader.record_offset();
        match &record {
            Record::Keys(_) => self.place.keys_at = Some(at),
            Record::Start(_) => self.place.start_at = at,
            Record::Stream(_) => {
                self.place = EpochPlace { stream_at: self.reader.stream_offset(), ..EpochPlace::default() }
            }
            _ => {}
        }
        if let Some(witness) = &mut self.witness {
            // before a frame is opened in place
            witness.see(&record, self.reader.raw(), at)?;
        }
        match record {
            Record::Stream(s) => {
                self.forget();
                self.stream_hash = sha256(self.reader.raw());
                (self.sealed, self.tracks, self.in_stream) = (s.sealed(), s.tracks.len(), true);
                self.from_grants = true;
                self.first_frames = vec![None; self.tracks];
                match self.sealed {
                    true => {
                        self.stream = Some(s);
                        self.use_handed()?;
                    }
                    false => {
                        self.answered = true;
                        self.queue.push_back(Opened::Stream(s));
                    }
                }
            }
            Record::Keys(keys) => self.open_session(keys)?,
            Record::Start(s) if self.sealed => self.open_epoch(s)?,
            Record::Start(s) => self.queue.push_back(Opened::Start(s)),
            Record::Frame(f) => {
                if let Some(first) = self.first_frames.get_mut(usize::from(f.track)) {
                    first.get_or_insert(f);
                }
                self.opened = match self.sealed {
                    true => match self.open_frame(&f)? {
                        Some(packet) => packet,
                        None => return Ok(()),
                    },
                    false => FRAME_PREFIX..self.reader.raw().len(),
                };
                self.release_start();
                self.queue.push_back(Opened::Frame(f));
            }
            Record::Close(c) => {
                if self.sealed {
                    let Some(epoch) = self.epoch.take() else { return Ok(()) };
                    if !epoch.closes_with(&c, self.reader.raw()) {
                        return Err(SealError::Close { offset: self.reader.record_offset(), epoch: c.epoch });
                    }
                }
                self.release_start();
                self.queue.push_back(Opened::Close(c));
            }
            Record::Grant(g) => {
                match self.in_stream {
                    true => {
                        let entries = grant::open(&g, &self.stream_hash, &self.identities)?;
                        self.granted.add(entries.unwrap_or_default())?;
                    }
                    false => self.handed.keep((*g).clone(), &self.identities),
                }
                self.queue.push_back(Opened::Grant(g));
            }
            Record::Index(i) => self.queue.push_back(Opened::Index(i)),
            Record::End(e) => {
                self.release_passed();
                if self.from_grants {
                    self.queue.extend(self.granted.missing().into_iter().map(Opened::Missing));
                }
                self.forget();
                self.queue.push_back(Opened::End(e));
            }
            Record::Cut => {
                self.release_passed();
                self.forget();
                self.queue.push_back(Opened::Cut);
            }
        }
        Ok(())
    }

    /// Keys are not kept longer than their stream, but for the last session's: another piece of the stream may follow.
    fn forget(&mut self) {
        (self.stream, self.chain, self.epoch, self.start) = (None, None, None, None);
        (self.granted, self.passed, self.from_grants, self.in_stream) = (Granted::default(), None, false, false);
    }

    fn release_start(&mut self) {
        self.queue.extend(self.start.take().map(Opened::Start));
    }

    fn release_passed(&mut self) {
        self.queue.extend(self.passed.take().map(Opened::Passed));
    }

    fn end_of_input(&mut self) -> Result<Option<Opened>, SealError> {
        match self.refused.take_if(|_| !self.answered && !self.more) {
            Some(e) => {
                self.failed = true;
                Err(e)
            }
            None => Ok(None),
        }
    }
}

impl<R: Read + Seek> Opener<R> {
    /// Goes to a record of the stream, as an index names it; see [`Reader::jump`]. A keys record must be read before epochs
    /// of its session open.
    pub fn jump(&mut self, offset: u64) -> Result<(), SealError> {
        (self.epoch, self.start, self.passed) = (None, None, None);
        if let Some(witness) = &mut self.witness {
            witness.leave();
        }
        // what was not read is not missing
        self.from_grants = false;
        self.queue.clear();
        (self.packet, self.failed) = (0..0, false);
        Ok(self.reader.jump(offset)?)
    }
}
