//! Opening: a container in, what is authentic in it out.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use crate::format::{EndKind, FRAME_PREFIX, FormatError, Frame, Grant, Reader, Record, StreamRecord, sha256};
use crate::keys::Identity;

use super::bonds::{Bond, Bonds};
use super::error::SealError;
use super::forged_lists::ForgedLists;
use super::keyring::Keyring;
use super::opened::Opened;
use super::opener_answer::Answer;
use super::opener_output::Output;
use super::opener_state::{EpochPlace, LastStream, StreamState};
use super::sealed_stream::{FrameAccess, RawRecord, SealedStream};
use super::signature_check::SignatureCheck;

/// Reads containers, sealed or plain, and opens what is sealed with the identities that it was given: the key sessions
/// that one of them is a recipient of, and the epochs and tracks that were granted to one of them. The others are
/// skipped.
///
/// What it gives is authentic as far as the stream can say: a sealed stream's frames have passed their tags. Whether a
/// plain stream will do is for the caller to decide when it gets [`Opened::Stream`].
pub struct Opener<R> {
    pub(super) reader: Reader<R>,
    keyring: Keyring,
    signature_check: Option<SignatureCheck>,
    pub(super) stream: StreamState,
    /// Of the stream read last, also after its end.
    pub(super) last_stream: LastStream,
    pub(super) place: EpochPlace,
    pub(super) answer: Answer,
    /// The end of the input may be that of one file of several.
    expects_more: bool,
    pub(super) tracks_skipped: BTreeSet<u16>,
    pub(super) forged: ForgedLists,
    /// The first session that opened and is not shown to go on from the one before it.
    pub(super) unproven: Option<u32>,
    pub(super) output: Output,
    failed: bool,
}

impl<R: Read> Opener<R> {
    /// An opener at the beginning of a container.
    pub fn new(input: R, identities: Vec<Box<dyn Identity>>) -> Self {
        Opener {
            reader: Reader::new(input),
            keyring: Keyring::new(identities),
            signature_check: None,
            stream: StreamState::Outside,
            last_stream: LastStream::default(),
            place: EpochPlace::default(),
            answer: Answer::Nothing(None),
            expects_more: false,
            tracks_skipped: BTreeSet::new(),
            forged: ForgedLists::default(),
            unproven: None,
            output: Output::default(),
            failed: false,
        }
    }

    /// Opens with these grants, too, where they are for a stream that comes: a sidecar's, as
    /// [`read_sidecar`](super::read_sidecar) gives them.
    pub fn with_grants(mut self, grants: impl IntoIterator<Item = Grant>) -> Self {
        grants.into_iter().for_each(|g| self.keyring.keep(&g));
        self
    }

    /// Takes what is known of sessions of streams that were read before: excerpts of one stream in several containers.
    pub fn with_bonds(mut self, bonds: Bonds) -> Self {
        self.keyring.bonds = bonds;
        self.keyring.bonds.next_container();
        self
    }

    /// What is known then, for the next container.
    pub fn take_bonds(&mut self) -> Bonds {
        std::mem::take(&mut self.keyring.bonds)
    }

    /// Checks the epochs' signatures, too, and who made them.
    pub fn with_signature_check(mut self, check: SignatureCheck) -> Self {
        self.signature_check = Some(check);
        self
    }

    /// The check of [`Opener::with_signature_check`].
    pub fn signature_check(&self) -> Option<&SignatureCheck> {
        self.signature_check.as_ref()
    }

    /// After an error: goes on with the next epoch, session or stream, and skips what is left of the present one; see
    /// [`Reader::go_on`]. False when there is none.
    ///
    /// Errors: reading failed.
    pub fn go_on(&mut self) -> Result<bool, SealError> {
        if let StreamState::Sealed(stream) = &mut self.stream {
            stream.leave_epoch();
        }
        self.keyring.bonds.pass_over();
        self.leave();
        Ok(!self.reader.has_failed() || self.reader.go_on()?)
    }

    /// The next thing that is authentic, `None` at the end of the input.
    ///
    /// Errors: [`SealError`]; [`SealError::NotRecipient`] at the first session when there is no identity, else at the
    /// end or at damage, when nothing in the input was for any of them; [`SealError::ForgedList`] at the end, when all
    /// else was given. After an error there are only errors, until [`Opener::jump`].
    #[allow(clippy::should_implement_trait, reason = "a lending reader: the packet is borrowed from it")]
    pub fn next(&mut self) -> Result<Option<Opened>, SealError> {
        if self.failed {
            return Err(FormatError::from(std::io::Error::other("nothing is opened after an error")).into());
        }
        loop {
            if let Some(opened) = self.output.next() {
                return Ok(Some(opened));
            }
            // from here on what was opened is written over: after an error, too, there is no packet
            self.output.packet = 0..0;
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

    /// Whether another file follows this input's end: then that end does not show whether something was for the keys.
    pub fn expect_more(&mut self, more: bool) {
        self.expects_more = more;
    }

    /// Begins anew with what the input gives next, with the same keys; see [`Reader::begin_again`]. Where a stream was
    /// open, `reports_cut` says whether [`Opened::Cut`] is given for it.
    pub fn begin_again(&mut self, reports_cut: bool) {
        self.leave();
        if reports_cut {
            self.release_skipped();
            let in_stream = !matches!(self.stream, StreamState::Outside);
            self.output.queue.extend(in_stream.then_some(Opened::Cut));
        }
        self.stream = StreamState::Outside;
        self.place = EpochPlace::default();
        self.keyring.bonds.next_container();
        self.reader.begin_again();
    }

    /// This many bytes of the input are passed over.
    pub(crate) fn pass_over_bytes(&mut self, bytes: u64) {
        self.keyring.bonds.pass_over_bytes(bytes);
    }

    /// The reader below, to change its input.
    pub fn reader_mut(&mut self) -> &mut Reader<R> {
        &mut self.reader
    }

    fn accept(&mut self, record: Record) -> Result<(), SealError> {
        let at = self.reader.record_offset();
        self.keyring.bonds.read_to(self.reader.offset());
        match &record {
            Record::Keys(_) => self.place.keys_at = Some(at),
            Record::Start(_) => self.place.start_at = at,
            Record::Stream(_) => {
                self.place = EpochPlace { stream_at: self.reader.stream_offset(), ..EpochPlace::default() }
            }
            _ => {}
        }
        if let Some(check) = &mut self.signature_check {
            // before a frame is opened in place
            check.read(&record, self.reader.raw(), at)?;
        }
        let raw = RawRecord { bytes: self.reader.raw(), offset: at };
        let queue = &mut self.output.queue;
        match (record, &mut self.stream) {
            (Record::Stream(s), _) => self.begin_stream(s)?,
            (Record::Keys(keys), StreamState::Sealed(stream)) => {
                let (session, tied) = (keys.session, keys.is_tied());
                self.last_stream.session = Some(session);
                let access = stream.open_session(keys, raw, &mut self.keyring, queue)?;
                if stream.is_list_forged() == Some(true) {
                    self.forged.add(session, at, tied);
                }
                if stream.bond() == Some(Bond::Unproven) {
                    self.unproven.get_or_insert(session);
                }
                self.answer.add_session(access);
            }
            (Record::Start(s), StreamState::Sealed(stream)) => stream.open_epoch(s, raw, &mut self.keyring, queue)?,
            (Record::Start(s), _) => queue.push_back(Opened::Start(s)),
            (Record::Frame(f), _) => self.open_frame(f)?,
            (Record::Close(c), StreamState::Sealed(stream)) => stream.close_epoch(c, raw, queue)?,
            (Record::Close(c), _) => queue.push_back(Opened::Close(c)),
            (Record::Grant(g), stream) => {
                match stream {
                    StreamState::Sealed(stream) => stream.add_grant(&g, &self.keyring),
                    StreamState::Outside | StreamState::Plain => self.keyring.keep(&g),
                }
                queue.push_back(Opened::Grant(g));
            }
            (Record::Index(i), _) => queue.push_back(Opened::Index(i)),
            (Record::End(e), stream) => {
                if let StreamState::Sealed(stream) = stream {
                    stream.release_skipped(queue);
                    stream.release_missing(&mut self.keyring, queue)?;
                }
                // keys are not kept longer than their stream; another excerpt of it may follow
                self.stream = StreamState::Outside;
                if e.kind == EndKind::Complete {
                    self.keyring.bonds.end();
                }
                queue.push_back(Opened::End(e));
            }
            (Record::Cut, stream) => {
                if let StreamState::Sealed(stream) = stream {
                    stream.release_skipped(queue);
                }
                self.stream = StreamState::Outside;
                queue.push_back(Opened::Cut);
            }
            // the reader gives no keys record outside of a sealed stream
            (Record::Keys(_), StreamState::Outside | StreamState::Plain) => {}
        }
        Ok(())
    }

    fn begin_stream(&mut self, s: StreamRecord) -> Result<(), SealError> {
        let hash = sha256(self.reader.raw());
        self.keyring.bonds.begin(&hash);
        self.last_stream = LastStream { hash, session: None, first_frames: vec![None; s.tracks.len()] };
        if s.sealed() {
            self.stream = StreamState::Sealed(Box::new(SealedStream::new(s, hash)));
            if let StreamState::Sealed(stream) = &mut self.stream {
                stream.add_pending_grants(&self.keyring);
            }
        } else {
            self.stream = StreamState::Plain;
            self.answer.add_something();
            self.output.queue.push_back(Opened::Stream(s));
        }
        Ok(())
    }

    fn open_frame(&mut self, f: Frame) -> Result<(), SealError> {
        if let Some(first) = self.last_stream.first_frames.get_mut(usize::from(f.track)) {
            first.get_or_insert(f);
        }
        self.output.opened = match &mut self.stream {
            StreamState::Sealed(stream) => {
                let offset = self.reader.record_offset();
                match stream.open_frame(&f, self.reader.raw_mut(), offset)? {
                    FrameAccess::Packet(packet) => {
                        stream.release_start(&mut self.output.queue);
                        packet
                    }
                    FrameAccess::NoTrackKey => {
                        self.tracks_skipped.insert(f.track);
                        return Ok(());
                    }
                    FrameAccess::NoEpochKey => return Ok(()),
                }
            }
            StreamState::Outside | StreamState::Plain => FRAME_PREFIX..self.reader.raw().len(),
        };
        self.output.queue.push_back(Opened::Frame(f));
        Ok(())
    }

    /// What is read next does not follow what was read last.
    fn leave(&mut self) {
        self.output.clear();
        self.failed = false;
        if let Some(check) = &mut self.signature_check {
            check.leave();
        }
    }

    fn release_skipped(&mut self) {
        if let StreamState::Sealed(stream) = &mut self.stream {
            stream.release_skipped(&mut self.output.queue);
        }
    }

    fn end_of_input(&mut self) -> Result<Option<Opened>, SealError> {
        if let (Answer::Nothing(refused), false) = (&mut self.answer, self.expects_more)
            && let Some(e) = refused.take()
        {
            self.failed = true;
            return Err(e);
        }
        // all that is authentic was given out; that somebody has changed the file is said after it
        if !self.expects_more
            && let Some(e) = self.take_forged_list()
        {
            self.failed = true;
            return Err(e);
        }
        Ok(None)
    }
}

impl<R: Read + Seek> Opener<R> {
    /// Goes to a record of the stream, as an index names it; see [`Reader::jump`]. A keys record must be read before
    /// epochs of its session open.
    pub fn jump(&mut self, offset: u64) -> Result<(), SealError> {
        if let StreamState::Sealed(stream) = &mut self.stream {
            stream.leave_epoch();
            stream.forget_skipped();
        }
        self.leave();
        Ok(self.reader.jump(offset)?)
    }
}
