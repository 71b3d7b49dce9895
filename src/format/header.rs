//! The preamble and the record header.

use super::error::Fault;
use super::record_type::RecordType;

/// Version of the container that this crate reads and writes.
pub const VERSION: u8 = 1;

/// The eight bytes before every stream: 0x89 (no text begins so), `VVEIL`, line feed, version.
pub const PREAMBLE: [u8; 8] = [0x89, b'V', b'V', b'E', b'I', b'L', 0x0A, VERSION];

/// Length of a record header, and of the preamble.
pub const HEADER_LEN: usize = 8;

/// The eight bytes before every record's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Type of the record.
    pub record: RecordType,
    /// Flags; which exist depends on the type.
    pub flags: u8,
    /// Track of a frame, 0 in other records.
    pub track: u16,
    /// Length of the body in bytes.
    pub body_len: u32,
}

impl Header {
    /// Reads and checks a header: type, flags, track field and the type's limit on the length.
    pub fn parse(b: [u8; HEADER_LEN]) -> Result<Self, Fault> {
        let record = RecordType::from_byte(b[0]).ok_or(Fault::UnknownType(b[0]))?;
        let h = Header {
            record,
            flags: b[1],
            track: u16::from_be_bytes([b[2], b[3]]),
            body_len: u32::from_be_bytes([b[4], b[5], b[6], b[7]]),
        };
        h.check()?;
        Ok(h)
    }

    fn check(&self) -> Result<(), Fault> {
        if self.flags & !self.record.known_flags() != 0 {
            return Err(Fault::UnknownFlag);
        }
        if self.track != 0 && self.record != RecordType::Frame {
            return Err(Fault::TrackField);
        }
        if self.body_len > self.record.body_limit() {
            return Err(Fault::TooLong);
        }
        Ok(())
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let (t, l) = (self.track.to_be_bytes(), self.body_len.to_be_bytes());
        [self.record as u8, self.flags, t[0], t[1], l[0], l[1], l[2], l[3]]
    }
}

/// Builds a whole record: `body` writes the body into the buffer, the length is filled in afterwards.
///
/// Errors: [`Fault::TooLong`] when the body is over its type's limit.
pub(super) fn build(
    record: RecordType,
    flags: u8,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
) -> Result<Vec<u8>, Fault> {
    let mut out = vec![0; HEADER_LEN];
    body(&mut out)?;
    let body_len = u32::try_from(out.len() - HEADER_LEN).map_err(|_| Fault::TooLong)?;
    let header = Header { record, flags, track: 0, body_len };
    header.check()?;
    out[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    Ok(out)
}
