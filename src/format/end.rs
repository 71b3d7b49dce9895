//! The end record, and finding the index from the end of a file.

use std::io::{Read, Seek, SeekFrom};

use super::error::{Fault, FormatError};
use super::field_reader::Fields;
use super::header::{HEADER_LEN, Header, build};
use super::index::Index;
use super::limits;
use super::record_type::RecordType;

/// Whole end record in bytes.
const END_RECORD: u64 = HEADER_LEN as u64 + limits::END as u64;

/// What an end record claims. It proves nothing; the last close record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum EndKind {
    /// From epoch 0 to a close record with LAST.
    Complete = 1,
    /// Some whole epochs of a stream.
    Excerpt = 2,
    /// What was left of a stream that lost its end.
    Recovered = 3,
    /// Closed properly, but the writer's input was cut.
    Cut = 4,
}

/// The end record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// What it claims.
    pub kind: EndKind,
    /// Size of the whole index record just before it, 0 when there is none.
    pub index_len: u32,
}

impl End {
    /// Reads the body of an end record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        use EndKind::*;
        let mut f = Fields(body);
        let kind = f.u8()?;
        let kind = [Complete, Excerpt, Recovered, Cut].into_iter().find(|k| *k as u8 == kind).ok_or(Fault::Value)?;
        f.zeros(3)?;
        let end = End { kind, index_len: f.u32()? };
        f.finish()?;
        Ok(end)
    }

    /// The whole record, header and body.
    pub fn to_record(self) -> Result<Vec<u8>, Fault> {
        build(RecordType::End, 0, |out| {
            out.extend_from_slice(&[self.kind as u8, 0, 0, 0]);
            out.extend_from_slice(&self.index_len.to_be_bytes());
            Ok(())
        })
    }
}

/// The index of the last stream of a file, read from the file's end; `None` when there is none to be found there.
/// Its offsets count from that stream's preamble, so they are usable where the file holds one stream. A hint: what it
/// points at must be checked, and a scan from the beginning must do where it is wrong.
pub fn seek_index<F: Read + Seek>(file: &mut F) -> Result<Option<Index>, FormatError> {
    let len = file.seek(SeekFrom::End(0))?;
    let Some(at) = len.checked_sub(END_RECORD) else { return Ok(None) };
    file.seek(SeekFrom::Start(at))?;
    let mut record = [0; END_RECORD as usize];
    file.read_exact(&mut record)?;
    let (head, body) = record.split_at(HEADER_LEN);
    let is_end = Header::parse(head.try_into().unwrap_or([0; HEADER_LEN])).is_ok_and(|h| h.record == RecordType::End);
    let Some(end) = End::parse(body).ok().filter(|e| is_end && e.index_len > HEADER_LEN as u32) else {
        return Ok(None);
    };
    if end.index_len > limits::INDEX + HEADER_LEN as u32 {
        return Ok(None);
    }
    let Some(at) = at.checked_sub(u64::from(end.index_len)) else { return Ok(None) };
    file.seek(SeekFrom::Start(at))?;
    let mut record = vec![0; end.index_len as usize];
    file.read_exact(&mut record)?;
    let (head, body) = record.split_at(HEADER_LEN);
    let is_index =
        Header::parse(head.try_into().unwrap_or([0; HEADER_LEN])).is_ok_and(|h| h.record == RecordType::Index);
    Ok(Index::parse(body).ok().filter(|_| is_index))
}
