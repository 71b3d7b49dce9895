//! What opens: a session by a private key or a grant, an epoch by its session, a frame by its epoch.

use std::io::Read;
use std::ops::Range;

use crate::format::{FRAME_PREFIX, Frame, Keys, Start, limits, sha256};
use crate::seal::epoch::Epoch;
use crate::seal::error::SealError;
use crate::seal::granted::Epochs;
use crate::seal::opened::Opened;
use crate::seal::{grant, session};

use super::{Known, Opener};

impl<R: Read> Opener<R> {
    pub(super) fn use_handed(&mut self) -> Result<(), SealError> {
        for g in self.handed.of(&self.stream_hash) {
            let entries = grant::open(g, &self.stream_hash, &self.identities)?;
            self.granted.add(entries.unwrap_or_default())?;
        }
        Ok(())
    }

    pub(super) fn open_session(&mut self, keys: Box<Keys>) -> Result<(), SealError> {
        self.chain = None;
        let record = (self.stream_hash, sha256(self.reader.raw()));
        let opened = match self.known.take().filter(|k| k.record == record) {
            Some(known) => Ok(known.key),
            None => session::open(&keys, &self.stream_hash, &self.identities),
        };
        match opened {
            Ok(key) => {
                self.chain = Some(key.chain(keys.first_epoch));
                self.known = Some(Known { record, key });
                (self.answered, self.recipient, self.from_grants) = (true, true, false);
                self.release_passed();
                self.queue.extend(self.stream.take().map(Opened::Stream));
                self.queue.push_back(Opened::Keys(keys));
            }
            // nothing can open later on, either
            Err(e) if self.identities.is_empty() => return Err(e),
            Err(e @ SealError::NotRecipient { .. }) => {
                self.refused.get_or_insert(e);
                if !self.granted.is_empty() {
                    self.answered = true;
                    self.queue.extend(self.stream.take().map(Opened::Stream));
                }
                self.queue.push_back(Opened::Closed(keys));
            }
            Err(e) => return Err(e),
        }
        Ok(())
    }

    pub(super) fn open_epoch(&mut self, s: Start) -> Result<(), SealError> {
        let wrong = SealError::EpochCommitment { offset: self.reader.record_offset(), epoch: s.epoch };
        let keys = match &mut self.chain {
            // the reader has bounded the distance; an epoch behind the chain is one that the order forbids
            Some(chain) => match chain.keys_at(s.epoch, self.tracks) {
                Some(keys) => keys.into_iter().map(Some).collect(),
                None => return Err(wrong),
            },
            None => match self.granted.epoch(s.session, s.epoch, self.tracks) {
                Some(keys) => keys,
                None => {
                    if !self.passed.as_mut().is_some_and(|run| run.grow(s.epoch)) {
                        self.release_passed();
                        self.passed = Some(Epochs { first: s.epoch, last: s.epoch });
                    }
                    return Ok(());
                }
            },
        };
        self.epoch = Some(Epoch::open(&s, &sha256(self.reader.raw()), &keys).ok_or(wrong)?);
        self.release_passed();
        self.start = Some(s);
        Ok(())
    }

    /// Where in the record the packet is; `None` for a frame that there is no key for.
    pub(super) fn open_frame(&mut self, f: &Frame) -> Result<Option<Range<usize>>, SealError> {
        let offset = self.reader.record_offset();
        let Some(epoch) = &self.epoch else { return Ok(None) };
        let Some(key) = epoch.frame_key(f.track) else {
            self.tracks_passed.insert(f.track);
            return Ok(None);
        };
        let wrong = SealError::Frame { offset, epoch: epoch.number, counter: f.counter };
        let Ok(text) = key.open(f.counter, self.reader.raw_mut()) else { return Err(wrong) };
        let padding = SealError::Padding { offset, epoch: epoch.number, counter: f.counter };
        let Some((len, rest)) = text.split_first_chunk::<4>() else { return Err(padding) };
        let len = u32::from_be_bytes(*len) as usize;
        if len > limits::PACKET || rest.get(len..).is_none_or(|zeros| zeros.iter().any(|b| *b != 0)) {
            return Err(padding);
        }
        Ok(Some(FRAME_PREFIX + 4..FRAME_PREFIX + 4 + len))
    }
}
