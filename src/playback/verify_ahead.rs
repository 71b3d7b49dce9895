//! Signatures checked before anything of an epoch is used, where the input is a file.
//!
//! A signature stands after the frames that it covers. So a file is read twice, epoch by epoch: first by this reader,
//! then by the one that gives the frames out, which checks the same bytes again.

use std::io::{self, Read, Seek, SeekFrom};

use crate::format::{FormatError, Reader, Record};
use crate::keys::Signers;
use crate::seal::{EpochPlace, SealError, SignatureCheck};
use crate::storage::{Handle, Input};

/// Reads epochs of a file ahead.
pub(super) struct VerifyAhead {
    file: Handle,
    /// Where in the file the input begins.
    origin: u64,
    accepted: Signers,
    /// The reader of a stream, and where that begins.
    stream: Option<(u64, Reader<At>, SignatureCheck)>,
}

impl VerifyAhead {
    /// One for an input of which nothing was read yet; `None` when it is no file.
    pub fn new(input: &mut Input, accepted: &Signers) -> Option<Self> {
        if !input.is_seekable() {
            return None;
        }
        let origin = input.stream_position().ok()?;
        let file = input.file_below().try_clone().ok()?;
        Some(VerifyAhead { file, origin, accepted: accepted.clone(), stream: None })
    }

    /// Reads the epoch at `place` to its close record.
    ///
    /// Errors: its signature is wrong or missing, or it is damaged.
    pub fn verify(&mut self, place: EpochPlace) -> Result<(), SealError> {
        if self.stream.as_ref().is_none_or(|(at, ..)| *at != place.stream_at) {
            let base = self.origin.saturating_add(place.stream_at);
            let reader = Reader::new(At { file: self.file.try_clone().map_err(FormatError::from)?, base, at: 0 });
            self.stream = Some((place.stream_at, reader, SignatureCheck::demanding(self.accepted.clone())));
        }
        let Some((at, reader, signature_check)) = &mut self.stream else { return Ok(()) };
        let moved = |e: FormatError| SealError::from(shifted(e, *at));
        let from = |offset: u64| offset.saturating_sub(place.stream_at);
        if reader.offset() == 0 {
            see(reader, signature_check, *at)?;
        }
        if let Some(keys_at) = place.keys_at {
            reader.jump(from(keys_at)).map_err(moved)?;
            see(reader, signature_check, *at)?;
        }
        reader.jump(from(place.start_at)).map_err(moved)?;
        loop {
            match see(reader, signature_check, *at)? {
                Some(Record::Start(_) | Record::Frame(_)) => {}
                Some(Record::Close(c)) if signature_check.signed_epoch().is_some_and(|s| s.epoch == c.epoch) => {
                    return Ok(());
                }
                _ => {
                    return Err(FormatError::Truncated { offset: at.saturating_add(reader.offset()) }.into());
                }
            }
        }
    }
}

/// Reads a record and shows it to the signature check.
fn see(reader: &mut Reader<At>, signature_check: &mut SignatureCheck, base: u64) -> Result<Option<Record>, SealError> {
    let record = reader.next().map_err(|e| shifted(e, base))?;
    if let Some(record) = &record {
        signature_check.read(record, reader.raw(), base.saturating_add(reader.record_offset()))?;
    }
    Ok(record)
}

/// The error as one of the whole input.
fn shifted(e: FormatError, base: u64) -> FormatError {
    let by = |offset: u64| offset.saturating_add(base);
    match e {
        FormatError::Header { offset, fault } => FormatError::Header { offset: by(offset), fault },
        FormatError::Record { offset, record, fault } => FormatError::Record { offset: by(offset), record, fault },
        FormatError::Truncated { offset } => FormatError::Truncated { offset: by(offset) },
        FormatError::Trailing { offset } => FormatError::Trailing { offset: by(offset) },
        e => e,
    }
}

/// A file from some byte on, read without moving anybody else's place in it.
struct At {
    file: Handle,
    base: u64,
    at: u64,
}

impl Read for At {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.base.saturating_add(self.at))?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for At {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(at) => self.at = at,
            SeekFrom::Current(by) => self.at = self.at.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?,
            SeekFrom::End(_) => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(self.at)
    }
}
