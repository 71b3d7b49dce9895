//! Segments as one stream: excerpts that follow each other are joined, and everything else becomes a stream of its own.

use std::io::{Read, Write};

use crate::format::{FormatError, Keys, Reader, Record, Start, StreamRecord, Writer, sha256};

use super::error::ArchiveError;

/// How far a segment was added.
#[derive(Debug)]
pub enum Added {
    /// To its end.
    Whole,
    /// To the end of what could be read.
    Stopped(FormatError),
}

/// Writes segments as one stream as long as they follow each other, every record but keys, index and end bit for bit.
///
/// Where an epoch is missing, where recipients were changed in one of them only, or where a stream ends, another stream
/// begins.
#[derive(Debug)]
pub struct Joiner<W> {
    writer: Writer<W>,
    /// The stream that is being written.
    joined: Option<Joined>,
}

#[derive(Debug)]
struct Joined {
    /// SHA-256 of the stream record and the grants.
    head: [u8; 32],
    session: Option<u32>,
    /// SHA-256 of the keys record in force.
    keys: Option<[u8; 32]>,
    epoch: u64,
    in_epoch: bool,
}

/// What of a segment comes before its first epoch.
struct Head {
    stream: StreamRecord,
    raw: Vec<u8>,
    grants: Vec<Vec<u8>>,
    keys: Option<(Box<Keys>, Vec<u8>)>,
}

impl Head {
    fn hash(&self) -> [u8; 32] {
        let mut all = sha256(&self.raw).to_vec();
        self.grants.iter().for_each(|g| all.extend_from_slice(&sha256(g)));
        sha256(&all)
    }
}

impl<W: Write> Joiner<W> {
    /// Joins into `output`.
    pub fn new(output: W) -> Self {
        Joiner { writer: Writer::new(output), joined: None }
    }

    /// Adds the whole epochs of a segment that is being written: `segment` ends after a close record.
    ///
    /// # Errors
    ///
    /// The output does not take it.
    pub fn add_growing(&mut self, segment: impl Read) -> Result<Added, ArchiveError> {
        self.join(segment, true)
    }

    /// Adds a segment. What comes before damage, or before its end where it has none, is taken.
    ///
    /// # Errors
    ///
    /// The output does not take it.
    pub fn add(&mut self, segment: impl Read) -> Result<Added, ArchiveError> {
        self.join(segment, false)
    }

    fn join(&mut self, segment: impl Read, growing: bool) -> Result<Added, ArchiveError> {
        let mut reader = Reader::new(segment);
        let mut head: Option<Head> = None;
        loop {
            let record = match reader.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(Added::Whole),
                Err(e) => {
                    if !growing || self.joined.as_ref().is_some_and(|j| j.in_epoch) {
                        self.stop()?;
                    }
                    return Ok(Added::Stopped(e));
                }
            };
            let raw = reader.raw();
            let writer = &mut self.writer;
            let written = match record {
                Record::Stream(stream) => {
                    self.pause()?;
                    head = Some(Head { stream, raw: raw.to_vec(), grants: Vec::new(), keys: None });
                    Ok(())
                }
                Record::Grant(_) => {
                    head.as_mut().ok_or(ArchiveError::Sidecar)?.grants.push(raw.to_vec());
                    Ok(())
                }
                Record::Keys(k) => {
                    if let Some(h) = &mut head {
                        h.keys = Some((k, raw.to_vec()));
                    }
                    Ok(())
                }
                Record::Start(s) => match &head {
                    Some(h) => self.start(h, &s, raw),
                    None => Ok(()),
                },
                Record::Frame(f) => writer.frame(&f, raw),
                Record::Close(c) => {
                    if let Some(j) = &mut self.joined {
                        j.in_epoch = false;
                    }
                    writer.close(&c, raw)
                }
                Record::End(e) if e.kind == crate::format::EndKind::Recovered => {
                    self.stop()?;
                    Ok(())
                }
                Record::Cut => {
                    self.stop()?;
                    Ok(())
                }
                Record::Index(_) | Record::End(_) => Ok(()),
            };
            written.map_err(ArchiveError::writing)?;
        }
    }

    /// Ends the stream that is being written.
    ///
    /// # Errors
    ///
    /// The output does not take it.
    pub fn finish(mut self) -> Result<W, ArchiveError> {
        self.pause()?;
        self.end()?;
        Ok(self.writer.into_output())
    }

    fn start(&mut self, head: &Head, s: &Start, raw: &[u8]) -> Result<(), FormatError> {
        let keys = head.keys.as_ref().map(|(_, raw)| sha256(raw));
        let follows = self.joined.as_ref().is_some_and(|j| {
            let next_session =
                || head.keys.as_ref().map(|(k, _)| k.session) == j.session.and_then(|n| n.checked_add(1));
            j.head == head.hash()
                && j.epoch.checked_add(1) == Some(s.epoch)
                && s.previous_close == self.writer.last_close()
                && (j.keys == keys || next_session())
                && !self.writer.is_last()
        });
        if !follows {
            self.end_here()?;
            self.writer.stream(&head.stream)?;
            head.grants.iter().try_for_each(|g| self.writer.grant(g))?;
        }
        let known = self.joined.as_ref().filter(|_| follows).and_then(|j| j.keys);
        if let (Some((k, raw)), true) = (&head.keys, known != keys) {
            self.writer.keys(k, raw)?;
        }
        let session = head.keys.as_ref().map(|(k, _)| k.session);
        self.joined = Some(Joined { head: head.hash(), session, keys, epoch: s.epoch, in_epoch: true });
        self.writer.start(s, raw)
    }

    /// A segment is over: what follows may go on from it, unless it stopped inside an epoch.
    fn pause(&mut self) -> Result<(), ArchiveError> {
        if self.joined.as_ref().is_some_and(|j| j.in_epoch) { self.stop() } else { Ok(()) }
    }

    /// The stream being written has lost its end.
    fn stop(&mut self) -> Result<(), ArchiveError> {
        if self.joined.take().is_none() {
            return Ok(());
        }
        let ended = if self.writer.is_last() { self.writer.finish() } else { self.writer.recovered() };
        ended.map_err(ArchiveError::writing)
    }

    fn end(&mut self) -> Result<(), ArchiveError> {
        self.end_here().map_err(ArchiveError::writing)
    }

    /// Between epochs.
    fn end_here(&mut self) -> Result<(), FormatError> {
        match self.joined.take() {
            Some(_) => self.writer.finish(),
            None => Ok(()),
        }
    }
}
