//! Recipients changed in a copy: every record but keys passes as it is.

use std::io::{Seek, SeekFrom, Write};

use super::copy_file::quick;
use super::kept::Kept;
use crate::base::Report;
use crate::cli::{Failure, Status};
use crate::format::{Index, IndexEntry, Keys, PREAMBLE, Reader, Record, sha256};
use crate::seal::{Change, SealError, SessionSecret, plan};
use crate::storage::{Input, StreamOutput};

/// Copies the streams of `input` to `output` with other recipients.
///
/// # Errors
///
/// A session that no identity opens, or a plain stream (4): of a file it is told before anything is written. An input that is
/// damaged or cut (3): what came before is written.
pub fn copy(mut input: Input, mut output: StreamOutput, change: &Change<'_>, report: &Report) -> anyhow::Result<()> {
    let stop = input.is_seekable().then(|| report.stop());
    let mut kept = Kept::new(report);
    if let Some(file) = input.whole_file() {
        match plan(file, change, |step, keys| kept.see(change, step, keys)) {
            Ok(p) if p.no_room.is_none() && !p.open => {
                quick(&mut input, &mut output, change, &p, stop.as_ref())?;
                return Ok(output.finish()?);
            }
            // a copy finds damage and ends, too, and says where
            Ok(_) | Err(SealError::Format(_)) => input.seek(SeekFrom::Start(0)).map(|_| ())?,
            Err(e) => return Err(e.into()),
        }
    }
    let mut copier = Copier {
        reader: Reader::new(input),
        output,
        change,
        kept,
        stream_hash: [0; 32],
        grown: Vec::new(),
        cut: false,
    };
    let copied = loop {
        if stop.as_ref().is_some_and(|s| s.is_set()) {
            return Err(Failure::new(Status::Interrupted, "stopped").into());
        }
        match copier.next() {
            Ok(Some(())) => {}
            Ok(None) if copier.cut => {
                break Err(Failure::damaged("a stream is cut: another one begins before its end").into());
            }
            Ok(None) => break Ok(()),
            Err(e) => break Err(e),
        }
    };
    copier.output.finish()?;
    copied
}

struct Copier<'a> {
    reader: Reader<Input>,
    output: StreamOutput,
    change: &'a Change<'a>,
    kept: Kept<'a>,
    stream_hash: [u8; 32],
    /// Keys records of this stream that became longer: where they were, and by how much.
    grown: Vec<(u64, u64)>,
    /// Some stream has no end.
    cut: bool,
}

impl Copier<'_> {
    fn next(&mut self) -> anyhow::Result<Option<()>> {
        let Some(record) = self.reader.next()? else { return Ok(None) };
        self.take(record)?;
        Ok(Some(()))
    }

    fn take(&mut self, record: Record) -> anyhow::Result<()> {
        match record {
            Record::Stream(s) => {
                if !s.sealed() {
                    return Err(SealError::NotSealed.into());
                }
                self.stream_hash = sha256(self.reader.raw());
                self.grown.clear();
                self.output.write_all(&PREAMBLE)?;
            }
            Record::Grant(_) if self.reader.record_offset() == self.reader.stream_offset() + PREAMBLE.len() as u64 => {
                return Err(Failure::refused("the input is a sidecar: grants without a stream").into());
            }
            Record::Keys(keys) => return self.keys(&keys),
            Record::Index(index) if !self.grown.is_empty() => {
                let index = moved(&index, &self.grown).to_record().map_err(anyhow::Error::msg)?;
                return Ok(self.output.write_all(&index)?);
            }
            // the stream before it lost its end, and has none in the copy either
            Record::Cut => self.cut = true,
            _ => {}
        }
        Ok(self.output.write_all(self.reader.raw())?)
    }

    /// The new keys record, and the start record behind it, which says what the old one was like when it was written.
    fn keys(&mut self, keys: &Keys) -> anyhow::Result<()> {
        let at = self.reader.record_offset() - self.reader.stream_offset();
        let old = self.reader.raw().to_vec();
        let secret = self.change.open(keys, &self.stream_hash)?;
        let behind = self.reader.next();
        let keys_hash = match &behind {
            Ok(Some(Record::Start(s))) => s.keys_hash,
            _ => sha256(&old),
        };
        self.kept.take(self.change, keys, &self.stream_hash, &keys_hash);
        let new = new_keys(self.change, keys, secret.as_ref(), &self.stream_hash, &keys_hash)?;
        if new.len() > old.len() {
            self.grown.push((at, (new.len() - old.len()) as u64));
        }
        self.output.write_all(&new)?;
        match behind? {
            Some(record) => self.take(record),
            None => Ok(()),
        }
    }
}

/// The whole keys record with its new recipients.
pub(super) fn new_keys(
    change: &Change<'_>,
    keys: &Keys,
    secret: Option<&SessionSecret>,
    stream_hash: &[u8; 32],
    keys_hash: &[u8; 32],
) -> anyhow::Result<Vec<u8>> {
    let new = change.keys(keys, secret, stream_hash, keys_hash)?;
    new.to_record().map_err(|_| SealError::TooManyRecipients.into())
}

/// The index of a stream some of whose keys records became longer.
fn moved(index: &Index, grown: &[(u64, u64)]) -> Index {
    let new = |offset: u64| {
        let before = grown.iter().filter(|(at, _)| *at < offset);
        before.fold(offset, |o, (_, by)| o.saturating_add(*by))
    };
    let entry = |e: &IndexEntry| IndexEntry { offset: new(e.offset), keys_offset: new(e.keys_offset), ..*e };
    Index { entries: index.entries.iter().map(entry).collect() }
}
