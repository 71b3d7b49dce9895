//! A file whose writer died, ended properly. No key takes part, and no close record is made up.

use std::io::{Read, Seek, SeekFrom};

use crate::format::{End, EndKind, FormatError, HEADER_LEN, PREAMBLE, Reason};

use super::error::ArchiveError;
use super::segment::{Segment, SegmentState, segments_in_full};
use super::segmenter::SegmentFile;

/// A file that can be read and changed.
pub trait Mend: Read + Seek + SegmentFile {}

impl<F: Read + Seek + SegmentFile> Mend for F {}

/// What had to be done to a segment that its writer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Nothing but its final name was missing.
    Whole,
    /// An end record was added, and the bytes of a record that was not written whole were removed.
    Ended {
        /// Number of bytes that were removed.
        torn: u64,
        /// Whole frames after the last close record.
        tail: u64,
    },
    /// There is no whole frame in it.
    Empty,
    /// What stands at this offset is no record, and it was not changed.
    Damaged(u64),
}

/// Ends a segment in its place: removes a record at its end that was not written whole, and adds an end record.
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
        SegmentState::Damaged(at) => return Ok(Finished::Damaged(at)),
        _ if !s.has_frames => return Ok(Finished::Empty),
        SegmentState::Ended(_) => return Ok(Finished::Whole),
        SegmentState::Open => {}
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
