//! A file whose writer died, ended properly. No key takes part, and no close record is made up.

use std::io::{Read, Seek, SeekFrom, Write};

use crate::format::{
    End, EndKind, FormatError, Frame, FrameFlags, HEADER_LEN, PREAMBLE, Reader, Reason, Record, Start, StreamRecord,
    Writer,
};

use super::error::ArchiveError;
use super::segment::{Segment, State, segments_in_full, times};
use super::segmenter::SegmentFile;

/// Frames of a tail that are listed one by one; more are counted.
const LISTED: usize = 1 << 16;

/// A file that can be read and changed.
pub trait Mend: Read + Seek + SegmentFile {}

impl<F: Read + Seek + SegmentFile> Mend for F {}

/// What had to be done to a segment that its writer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Nothing but its final name was missing.
    Whole,
    /// An end record was added, and so many bytes of a record that was not written whole were taken away.
    Ended {
        /// Bytes that were taken away.
        torn: u64,
        /// Whole frames behind the last close record.
        tail: u64,
    },
    /// There is no whole frame in it.
    Empty,
    /// What stands at this offset is no record, and it was not changed.
    Damaged(u64),
}

/// Ends a segment in its place: takes away a record at its end that was not written whole, and adds an end record.
///
/// Only for a file that nobody writes to. Stopped at any byte, it is finished by the next call.
///
/// # Errors
///
/// The file is no stream; it cannot be read or changed.
pub fn finish_leftover<F: Mend>(file: &mut F) -> Result<Finished, ArchiveError> {
    let found = match segments_in_full(file) {
        Ok(found) => found,
        Err(FormatError::Empty) => return Ok(Finished::Empty),
        // zeros, or a preamble that did not reach the disk whole
        Err(FormatError::Header { .. }) if !begins(file)? => return Ok(Finished::Damaged(0)),
        Err(FormatError::Header { .. }) => return Ok(Finished::Empty),
        Err(e) => return Err(e.into()),
    };
    let [s] = found.as_slice() else {
        return Ok(found.get(1).map_or(Finished::Empty, |second| Finished::Damaged(second.at)));
    };
    match s.state {
        State::Damaged(at) => return Ok(Finished::Damaged(at)),
        _ if !s.has_frames => return Ok(Finished::Empty),
        State::Ended(_) => return Ok(Finished::Whole),
        State::Open => {}
    }
    let end = End { kind: kind(s), index_len: 0 }.to_record().unwrap_or_default();
    file.cut_to(s.whole).map_err(ArchiveError::Write)?;
    file.seek(SeekFrom::Start(s.whole)).map_err(ArchiveError::Write)?;
    file.write_all(&end).map_err(ArchiveError::Write)?;
    Ok(Finished::Ended { torn: s.end.saturating_sub(s.whole), tail: s.tail })
}

/// Whether the file could be the beginning of a stream: its first bytes are a preamble's as far as they are not zeros.
fn begins<F: Mend>(file: &mut F) -> Result<bool, ArchiveError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(|e| ArchiveError::Format(e.into()))?;
    let read = Read::take(&mut *file, HEADER_LEN as u64).read_to_end(&mut head);
    read.map_err(|e| ArchiveError::Format(e.into()))?;
    let right = head.iter().zip(PREAMBLE).take_while(|(a, b)| **a == *b).count();
    Ok(head.iter().skip(right).all(|b| *b == 0))
}

/// What the last close record bears out.
fn kind(s: &Segment) -> EndKind {
    match (s.closed, s.epochs) {
        (Some(c), Some((0, _))) if s.is_last() && c.reason == Reason::InputCut => EndKind::Cut,
        (Some(_), Some((0, _))) if s.is_last() => EndKind::Complete,
        (Some(_), Some(_)) if s.is_last() => EndKind::Excerpt,
        _ => EndKind::Recovered,
    }
}

/// A frame behind the last close record: its own tag is all that vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TailFrame {
    /// Its epoch.
    pub epoch: u64,
    /// Its number in the epoch.
    pub counter: u32,
    /// Its track.
    pub track: u16,
    /// Key frame, gap, corrupt.
    pub flags: FrameFlags,
    /// UTC, ns.
    pub utc_ns: Option<i64>,
    /// Bytes of its record.
    pub bytes: usize,
}

/// What a copy holds.
#[derive(Debug, Default)]
pub struct Copied {
    /// Why the original could not be copied to its end as it is.
    pub fault: Option<FormatError>,
    /// Some stream in it had no end of its own, or said so.
    pub recovered: bool,
    /// Whole epochs.
    pub epochs: u64,
    /// Frames behind the last close record of the streams that were not whole.
    pub tail: Vec<TailFrame>,
    /// Frames more than those.
    pub more: u64,
    /// The streams, by the last record of each: whether anything was copied.
    pub streams: u64,
}

/// Copies every whole record of `input` up to its end or the first damage, and ends as recovered what has lost its end.
///
/// # Errors
///
/// No stream begins there; the output does not take it.
pub fn copy_whole<R: Read, W: Write>(input: R, output: W) -> Result<Copied, ArchiveError> {
    let mut copy = Copy {
        reader: Reader::new(input),
        writer: Writer::new(output),
        copied: Copied::default(),
        stream: None,
        start: None,
        tail: Vec::new(),
        more: 0,
    };
    loop {
        match copy.reader.next() {
            Ok(Some(record)) => copy.take(record)?,
            Ok(None) => break,
            Err(e) if copy.copied.streams == 0 => return Err(e.into()),
            Err(FormatError::Io(e)) => return Err(FormatError::Io(e).into()),
            Err(e) => {
                copy.lost()?;
                copy.copied.fault = Some(e);
                break;
            }
        }
    }
    Ok(copy.copied)
}

struct Copy<R, W> {
    reader: Reader<R>,
    writer: Writer<W>,
    copied: Copied,
    stream: Option<StreamRecord>,
    start: Option<Start>,
    tail: Vec<TailFrame>,
    more: u64,
}

impl<R: Read, W: Write> Copy<R, W> {
    fn take(&mut self, record: Record) -> Result<(), ArchiveError> {
        let raw = self.reader.raw();
        let written = match record {
            Record::Stream(s) => {
                self.copied.streams += 1;
                let written = self.writer.stream(&s);
                self.stream = Some(s);
                written.map(drop)
            }
            Record::Grant(_) if self.stream.is_none() => return Err(ArchiveError::Sidecar),
            Record::Grant(_) => self.writer.grant(raw),
            Record::Keys(k) => self.writer.keys(&k, raw),
            Record::Start(s) => {
                let written = self.writer.start(&s, raw);
                self.start = Some(s);
                written
            }
            Record::Frame(f) => {
                let written = self.writer.frame(&f, raw);
                self.note(&f);
                written
            }
            Record::Close(c) => {
                self.copied.epochs += 1;
                (self.start, self.more) = (None, 0);
                self.tail.clear();
                self.writer.close(&c, raw)
            }
            Record::End(e) if e.kind == EndKind::Recovered => return self.lost(),
            Record::End(_) => {
                self.stream = None;
                self.writer.finish()
            }
            Record::Cut => return self.lost(),
            Record::Index(_) => Ok(()),
        };
        written.map_err(ArchiveError::writing)
    }

    fn note(&mut self, f: &Frame) {
        let (Some(s), Some(start)) = (&self.stream, &self.start) else { return };
        if self.tail.len() >= LISTED {
            self.more += 1;
            return;
        }
        self.tail.push(TailFrame {
            epoch: start.epoch,
            counter: f.counter,
            track: f.track,
            flags: f.flags,
            utc_ns: times(s, f).map(|(from, _)| from),
            bytes: self.reader.raw().len(),
        });
    }

    /// The stream goes no further.
    fn lost(&mut self) -> Result<(), ArchiveError> {
        if self.stream.take().is_none() {
            return Ok(());
        }
        self.start = None;
        self.copied.recovered = true;
        self.copied.tail.append(&mut self.tail);
        self.copied.more += std::mem::take(&mut self.more);
        let ended = if self.writer.is_last() { self.writer.finish() } else { self.writer.recovered() };
        ended.map_err(ArchiveError::writing)
    }
}
