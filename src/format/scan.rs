//! Where a file's keys records are, found without reading its frames.

use std::io::{Read, Seek, SeekFrom};

use super::end::{End, EndKind, seek_index};
use super::error::{Fault, FormatError, RecordName};
use super::hash::sha256;
use super::header::{HEADER_LEN, Header, PREAMBLE};
use super::index::Index;
use super::keys_record::Keys;
use super::record_type::RecordType;
use super::start::Start;
use super::stream::StreamRecord;

/// A keys record in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysPlace {
    /// SHA-256 of the stream record that it belongs to.
    pub stream_hash: [u8; 32],
    /// Where it begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// It is the first after a stream that is complete: whatever that one was, this is another.
    pub begins_anew: bool,
    /// It is the first one of its stream, or of a piece of that: no other one stands between it and the stream record.
    pub is_first: bool,
    /// The highest epoch that was found after it and before the next one. Where an index leads through the file, there
    /// may be higher ones.
    pub last_epoch: Option<u64>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeysPlaces {
    /// In the file's order.
    pub places: Vec<KeysPlace>,
    /// Streams that are not sealed.
    pub plain: u64,
    /// The last stream has no end record: it is being written, or was cut.
    pub open: bool,
    /// The last stream that was read is complete.
    complete: bool,
    /// A stream has begun, and no keys record of it has come.
    fresh: bool,
}

impl KeysPlaces {
    fn add(&mut self, stream_hash: [u8; 32], offset: u64) {
        let (begins_anew, is_first) = (std::mem::take(&mut self.complete), std::mem::take(&mut self.fresh));
        self.places.push(KeysPlace { stream_hash, offset, begins_anew, is_first, last_epoch: None });
    }

    /// An epoch of the session found last.
    fn epoch(&mut self, epoch: u64) {
        if let Some(place) = self.places.last_mut() {
            place.last_epoch = place.last_epoch.max(Some(epoch));
        }
    }
}

/// The number of the epoch whose start record is at `at`; `None` where it is too short.
fn epoch_at<F: Read + Seek>(file: &mut F, at: u64) -> Result<Option<u64>, FormatError> {
    // after the session's number
    file.seek(SeekFrom::Start(at.saturating_add(HEADER_LEN as u64 + 4)))?;
    let mut number = [0; 8];
    match file.read_exact(&mut number) {
        Ok(()) => Ok(Some(u64::from_be_bytes(number))),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Finds every keys record of a file that holds streams back to back.
///
/// The index leads to them where it is right: each session's number must be one above the one before, each start record
/// must be where it says, and what follows the last one is walked through. Else the records are walked through by
/// their headers. So nothing of a frame's body is read, and with an index the time does not depend on the file's size.
///
/// Errors: what is no stream, or a record header that is damaged.
pub fn find_keys<F: Read + Seek>(file: &mut F) -> Result<KeysPlaces, FormatError> {
    let length = file.seek(SeekFrom::End(0))?;
    let index = seek_index(file)?;
    let mut found = KeysPlaces::default();
    let mut next = Some(0);
    while let Some(at) = next {
        next = stream(file, at, length, index.as_ref(), &mut found)?;
    }
    Ok(found)
}

/// The whole record at `offset`, header and body. Errors: it is none of that type, or not all there.
pub fn record_at<F: Read + Seek>(file: &mut F, offset: u64, record: RecordType) -> Result<Vec<u8>, FormatError> {
    let header = match here(file, offset)? {
        Here::Record(h) if h.record == record => h,
        _ => return Err(fault(offset, record, Fault::Order)),
    };
    let mut bytes = header.to_bytes().to_vec();
    let total = bytes.len() + header.body_len as usize;
    // grows with what is there, not with what the header claims
    Read::take(&mut *file, u64::from(header.body_len)).read_to_end(&mut bytes)?;
    if bytes.len() < total {
        return Err(FormatError::Truncated { offset: offset.saturating_add(bytes.len() as u64) });
    }
    Ok(bytes)
}

enum Here {
    Record(Header),
    Preamble,
    /// Fewer bytes than a header has.
    Nothing,
}

fn here<F: Read + Seek>(file: &mut F, at: u64) -> Result<Here, FormatError> {
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; HEADER_LEN];
    match file.read_exact(&mut head) {
        Ok(()) if head == PREAMBLE => Ok(Here::Preamble),
        Ok(()) => {
            let parsed = Header::parse(head);
            parsed.map(Here::Record).map_err(|fault| FormatError::Record {
                offset: at,
                record: RecordName(head[0]),
                fault,
            })
        }
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(Here::Nothing),
        Err(e) => Err(e.into()),
    }
}

/// One stream; gives where the next one begins.
fn stream<F: Read + Seek>(
    file: &mut F,
    at: u64,
    length: u64,
    index: Option<&Index>,
    found: &mut KeysPlaces,
) -> Result<Option<u64>, FormatError> {
    match here(file, at)? {
        Here::Preamble => {}
        Here::Nothing if length == 0 => return Err(FormatError::Empty),
        _ if at == 0 => return Err(FormatError::Header { offset: 0, fault: Fault::Magic }),
        _ => return Err(FormatError::Trailing { offset: at }),
    }
    let first = at + PREAMBLE.len() as u64;
    let mut hash = [0; 32];
    match here(file, first)? {
        Here::Record(h) if h.record == RecordType::Stream => {
            let record = record_at(file, first, RecordType::Stream)?;
            let s = StreamRecord::parse(&record[HEADER_LEN..]);
            let s = s.map_err(|fault| FormatError::Header { offset: at, fault })?;
            found.plain += u64::from(!s.sealed());
            hash = sha256(&record);
        }
        Here::Nothing => {
            found.open = true;
            return Ok(None);
        }
        _ => {}
    }
    found.fresh = true;
    let (before, complete) = (found.places.len(), found.complete);
    if let Some(index) = index {
        match by_index(file, at, length, hash, index, found) {
            Ok(true) => return Ok(None),
            Err(FormatError::Io(e)) => return Err(e.into()),
            // the index is a hint: the records themselves count
            Ok(false) | Err(_) => {
                found.places.truncate(before);
                (found.open, found.complete, found.fresh) = (false, complete, true);
            }
        }
    }
    walk(file, first, length, hash, found)
}

/// False where the index does not lead through the whole of this stream, which must be the file's last.
fn by_index<F: Read + Seek>(
    file: &mut F,
    stream_at: u64,
    length: u64,
    stream_hash: [u8; 32],
    index: &Index,
    found: &mut KeysPlaces,
) -> Result<bool, FormatError> {
    let (mut before, mut last_session) = (None, None);
    let Some(last) = index.entries.last() else { return Ok(false) };
    let entry_at = |offset: u64| stream_at.checked_add(offset).filter(|at| *at < length);
    for e in &index.entries {
        if before == Some(e.keys_offset) {
            continue;
        }
        let (Some(keys_at), Some(start_at)) = (entry_at(e.keys_offset), entry_at(e.offset)) else { return Ok(false) };
        let keys = record_at(file, keys_at, RecordType::Keys)?;
        let Ok(keys) = Keys::parse(&keys[HEADER_LEN..]) else { return Ok(false) };
        let start = record_at(file, start_at, RecordType::Start)?;
        let Ok(start) = Start::parse(&start[HEADER_LEN..]) else { return Ok(false) };
        let follows = match last_session {
            Some(n) => keys.session.checked_sub(1) == Some(n),
            None => first_keys(file, stream_at)? == Some(keys_at),
        };
        if !follows || start.epoch != e.epoch || start.session != keys.session {
            return Ok(false);
        }
        (before, last_session) = (Some(e.keys_offset), Some(keys.session));
        found.add(stream_hash, keys_at);
        found.epoch(start.epoch);
    }
    let Some(tail) = entry_at(last.offset) else { return Ok(false) };
    // the stream that the index is of ends where the file does
    Ok(walk(file, tail, length, stream_hash, found)?.is_none() && !found.open)
}

/// Where the first keys record is: after the stream record and the grants.
fn first_keys<F: Read + Seek>(file: &mut F, stream_at: u64) -> Result<Option<u64>, FormatError> {
    let mut at = stream_at + PREAMBLE.len() as u64;
    loop {
        match here(file, at)? {
            Here::Record(h) if h.record == RecordType::Keys => return Ok(Some(at)),
            Here::Record(h) if matches!(h.record, RecordType::Stream | RecordType::Grant) => at += size(&h),
            _ => return Ok(None),
        }
    }
}

/// From the record at `at` to the end of its stream; gives where the next stream begins.
fn walk<F: Read + Seek>(
    file: &mut F,
    mut at: u64,
    length: u64,
    stream_hash: [u8; 32],
    found: &mut KeysPlaces,
) -> Result<Option<u64>, FormatError> {
    loop {
        let h = match here(file, at)? {
            Here::Record(h) => h,
            Here::Preamble => return Ok(Some(at)),
            Here::Nothing => {
                found.open = true;
                return Ok(None);
            }
        };
        let after = at + size(&h);
        if after > length {
            found.open = true;
            return Ok(None);
        }
        match h.record {
            RecordType::Keys => found.add(stream_hash, at),
            RecordType::Start => epoch_at(file, at)?.into_iter().for_each(|epoch| found.epoch(epoch)),
            RecordType::End => {
                let end = record_at(file, at, RecordType::End)?;
                let end = End::parse(end.get(HEADER_LEN..).unwrap_or_default());
                found.complete = end.is_ok_and(|e| e.kind == EndKind::Complete);
                return Ok((after < length).then_some(after));
            }
            _ => {}
        }
        at = after;
    }
}

fn size(h: &Header) -> u64 {
    (HEADER_LEN as u64).saturating_add(h.body_len.into())
}

fn fault(offset: u64, record: RecordType, fault: Fault) -> FormatError {
    FormatError::Record { offset, record: RecordName(record as u8), fault }
}
