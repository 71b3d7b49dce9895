//! Opening: a container in, what is authentic in it out.

use std::collections::VecDeque;
use std::io::{Read, Seek};
use std::ops::Range;

use ring::hmac;

use crate::format::{
    Close, End, FRAME_PREFIX, FormatError, Frame, Grant, HEADER_LEN, Index, Keys, Reader, Record, Start, StreamRecord,
    limits, sha256,
};
use crate::keys::Identity;

use super::error::SealError;
use super::schedule::{Chain, FrameKey};
use super::session;

/// What was opened. In a sealed stream each of these is given only when a key has authenticated it, but for the last four.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A stream begins; given when its first session has opened.
    Stream(StreamRecord),
    /// An epoch begins; given when its first frame or its close record has opened.
    Start(Start),
    /// A frame; its packet is [`Opener::packet`].
    Frame(Frame),
    /// An epoch ends; its HMACs are right.
    Close(Close),
    /// A key session begins, and opened.
    Keys(Box<Keys>),
    /// A grant, as it stands there.
    Grant(Box<Grant>),
    /// An index, as it stands there.
    Index(Index),
    /// The stream ends, says the end record.
    End(End),
    /// The stream stops without an end record, and another one begins.
    Cut,
}

struct Epoch {
    number: u64,
    frame_keys: Vec<FrameKey>,
    close_keys: Vec<hmac::Key>,
}

/// Reads containers, sealed or plain, and opens what is sealed with the identities that it was given.
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
    epoch: Option<Epoch>,
    /// Not authenticated yet.
    start: Option<Start>,
    queue: VecDeque<Opened>,
    /// Where the packet is of the frame that was opened last, and of the one that was given last.
    opened: Range<usize>,
    packet: Range<usize>,
    failed: bool,
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
            epoch: None,
            start: None,
            queue: VecDeque::new(),
            opened: 0..0,
            packet: 0..0,
            failed: false,
        }
    }

    /// The next thing that is authentic, `None` at the end of the input.
    ///
    /// Errors: [`SealError`]. After an error there are only errors, until [`Opener::jump`].
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
            let Some(record) = self.reader.next()? else { return Ok(None) };
            let accepted = self.accept(record);
            self.failed = accepted.is_err();
            accepted?;
        }
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

    fn accept(&mut self, record: Record) -> Result<(), SealError> {
        match record {
            Record::Stream(s) => {
                self.stream_hash = sha256(self.reader.raw());
                (self.sealed, self.tracks) = (s.sealed(), s.tracks.len());
                self.forget();
                match self.sealed {
                    true => self.stream = Some(s),
                    false => self.queue.push_back(Opened::Stream(s)),
                }
            }
            Record::Keys(keys) => {
                let key = session::open(&keys, &self.stream_hash, &self.identities)?;
                self.chain = Some(key.chain(keys.first_epoch));
                self.queue.extend(self.stream.take().map(Opened::Stream));
                self.queue.push_back(Opened::Keys(keys));
            }
            Record::Start(s) => {
                if self.sealed {
                    self.open_epoch(&s)?;
                }
                self.start = Some(s);
                if !self.sealed {
                    self.release_start();
                }
            }
            Record::Frame(f) => {
                self.opened = match self.sealed {
                    true => self.open_frame(&f)?,
                    false => FRAME_PREFIX..self.reader.raw().len(),
                };
                self.release_start();
                self.queue.push_back(Opened::Frame(f));
            }
            Record::Close(c) => {
                if self.sealed {
                    self.check_close(&c)?;
                }
                self.epoch = None;
                self.release_start();
                self.queue.push_back(Opened::Close(c));
            }
            Record::Grant(g) => self.queue.push_back(Opened::Grant(g)),
            Record::Index(i) => self.queue.push_back(Opened::Index(i)),
            Record::End(e) => {
                self.forget();
                self.queue.push_back(Opened::End(e));
            }
            Record::Cut => {
                self.forget();
                self.queue.push_back(Opened::Cut);
            }
        }
        Ok(())
    }

    /// Keys are not kept longer than their stream.
    fn forget(&mut self) {
        (self.stream, self.chain, self.epoch, self.start) = (None, None, None, None);
    }

    fn release_start(&mut self) {
        self.queue.extend(self.start.take().map(Opened::Start));
    }

    fn open_epoch(&mut self, s: &Start) -> Result<(), SealError> {
        let wrong = SealError::EpochCommitment { offset: self.reader.record_offset(), epoch: s.epoch };
        let Some(chain) = self.chain.as_mut() else { return Err(wrong) };
        // the reader has bounded the distance; an epoch behind the chain is one that the order forbids
        while chain.epoch() < s.epoch {
            chain.next_epoch(0);
        }
        if chain.epoch() != s.epoch {
            return Err(wrong);
        }
        let keys = chain.next_epoch(self.tracks);
        let mut right = keys.len() == s.commitments.len();
        for (k, c) in keys.iter().zip(&s.commitments) {
            right &= k.is_committed_by(c);
        }
        if !right {
            return Err(wrong);
        }
        let hash = sha256(self.reader.raw());
        self.epoch = Some(Epoch {
            number: s.epoch,
            frame_keys: keys.iter().map(|k| k.frame_key(&hash)).collect(),
            close_keys: keys.iter().map(|k| k.close_key(&hash)).collect(),
        });
        Ok(())
    }

    /// Where in the record the packet is.
    fn open_frame(&mut self, f: &Frame) -> Result<Range<usize>, SealError> {
        let offset = self.reader.record_offset();
        let epoch = self.epoch.as_ref();
        let number = epoch.map_or(0, |e| e.number);
        let wrong = SealError::Frame { offset, epoch: number, counter: f.counter };
        let Some(key) = epoch.and_then(|e| e.frame_keys.get(f.track as usize)) else { return Err(wrong) };
        let Ok(text) = key.open(f.counter, self.reader.raw_mut()) else { return Err(wrong) };
        let padding = SealError::Padding { offset, epoch: number, counter: f.counter };
        let Some((len, rest)) = text.split_first_chunk::<4>() else { return Err(padding) };
        let len = u32::from_be_bytes(*len) as usize;
        if len > limits::PACKET || rest.get(len..).is_none_or(|zeros| zeros.iter().any(|b| *b != 0)) {
            return Err(padding);
        }
        Ok(FRAME_PREFIX + 4..FRAME_PREFIX + 4 + len)
    }

    fn check_close(&self, c: &Close) -> Result<(), SealError> {
        let wrong = SealError::Close { offset: self.reader.record_offset(), epoch: c.epoch };
        let Some(epoch) = &self.epoch else { return Err(wrong) };
        let covered = self.reader.raw().get(..Close::covered(self.tracks, true).0).unwrap_or(&[]);
        debug_assert!(covered.len() > HEADER_LEN);
        let mut right = c.macs.len() == epoch.close_keys.len();
        for (mac, key) in c.macs.iter().zip(&epoch.close_keys) {
            right &= hmac::verify(key, covered, mac).is_ok();
        }
        if right { Ok(()) } else { Err(wrong) }
    }
}

impl<R: Read + Seek> Opener<R> {
    /// Goes to a record of the stream, as an index names it; see [`Reader::jump`]. A keys record must be read before epochs
    /// of its session open.
    pub fn jump(&mut self, offset: u64) -> Result<(), SealError> {
        (self.epoch, self.start) = (None, None);
        self.queue.clear();
        (self.packet, self.failed) = (0..0, false);
        Ok(self.reader.jump(offset)?)
    }
}
