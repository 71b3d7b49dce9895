//! What an opener knows of what it has read.

use std::collections::BTreeSet;
use std::io::Read;

use crate::format::{Frame, Reader};

use super::bonds::Bond;
use super::error::SealError;
use super::opener::Opener;
use super::opener_answer::Answer;
use super::opener_state::{EpochPlace, StreamState};

impl<R: Read> Opener<R> {
    /// Where the epoch stands whose start record was read last.
    pub fn epoch_place(&self) -> EpochPlace {
        self.place
    }

    /// The packet of the frame given last; empty after everything else, and after an error.
    pub fn packet(&self) -> &[u8] {
        self.reader.raw().get(self.output.packet.clone()).unwrap_or(&[])
    }

    /// The reader below, for offsets and raw records.
    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// SHA-256 of the stream record of the stream being read.
    pub fn stream_hash(&self) -> [u8; 32] {
        self.last_stream.hash
    }

    /// Whether some session so far opened for a recipient; else what was opened was granted.
    pub fn is_recipient(&self) -> bool {
        matches!(self.answer, Answer::Recipient)
    }

    /// The first session whose list of recipients was written without its key, as an error; the list before it is
    /// proven, and opened the session. [`Opener::next`] gives it, too, when it has nothing else to give.
    pub fn forged_list(&self) -> Option<SealError> {
        self.forged.error()
    }

    /// The same, once: [`Opener::next`] does not give it then.
    pub(super) fn take_forged_list(&mut self) -> Option<SealError> {
        self.forged.take()
    }

    /// The first session that opened and came after another one of its stream, and nothing shows that it goes on from
    /// that: no key opens the one before it, or that one is not there.
    pub fn unproven_session(&self) -> Option<u32> {
        self.unproven
    }

    /// What was read since [`Opener::unproven_session`] gave `before` is read again, elsewhere.
    pub fn forget_unproven(&mut self, before: Option<u32>) {
        self.unproven = before;
    }

    /// Number of the session read last in the stream being read.
    pub fn session(&self) -> Option<u32> {
        self.last_stream.session
    }

    /// Whether the session read last goes on from the one before it in its stream, where it opened.
    pub fn bond(&self) -> Option<Bond> {
        match &self.stream {
            StreamState::Sealed(stream) => stream.bond(),
            StreamState::Outside | StreamState::Plain => None,
        }
    }

    /// Whether a key has proven the list of recipients of the session read last.
    pub(super) fn is_list_proven(&self) -> bool {
        matches!(&self.stream, StreamState::Sealed(stream) if stream.is_list_forged() == Some(false))
    }

    /// Whether there are keys for an epoch of the session read last.
    pub fn has_keys_for(&self, session: u32, epoch: u64) -> bool {
        match &self.stream {
            StreamState::Sealed(stream) => stream.has_keys_for(session, epoch),
            StreamState::Outside | StreamState::Plain => true,
        }
    }

    /// Whether some epochs of the stream being read were granted.
    pub fn has_grants(&self) -> bool {
        matches!(&self.stream, StreamState::Sealed(stream) if stream.has_grants())
    }

    /// The first frame of a track in the stream being read. Where its epoch was skipped, it is not authenticated: use
    /// it for nothing but the sequence of times.
    pub fn first_frame(&self, track: u16) -> Option<&Frame> {
        self.last_stream.first_frames.get(usize::from(track))?.as_ref()
    }

    /// Tracks of which frames were skipped in epochs of which other tracks opened.
    pub fn tracks_skipped(&self) -> &BTreeSet<u16> {
        &self.tracks_skipped
    }
}
