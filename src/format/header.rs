//! Preamble, record header, and the limits on every record's length.

use super::error::Fault;

/// Version of the container that this crate reads and writes.
pub const VERSION: u8 = 1;

/// The eight bytes before every stream: 0x89 (no text begins so), `VVEIL`, line feed, version.
pub const PREAMBLE: [u8; 8] = [0x89, b'V', b'V', b'E', b'I', b'L', 0x0A, VERSION];

/// Length of a record header, and of the preamble.
pub const HEADER_LEN: usize = 8;

/// Largest bodies, in bytes, and longest lists. Nothing is allocated before its length passed these.
pub mod limits {
    /// Stream record.
    pub const STREAM: u32 = 1 << 20;
    /// Keys record.
    pub const KEYS: u32 = 4 << 20;
    /// Start record.
    pub const START: u32 = 8 << 10;
    /// Frame record.
    pub const FRAME: u32 = 64 << 20;
    /// Close record.
    pub const CLOSE: u32 = 16 << 10;
    /// Grant record.
    pub const GRANT: u32 = 16 << 20;
    /// Index record.
    pub const INDEX: u32 = 2 << 20;
    /// End record (it has exactly this length).
    pub const END: u32 = 8;
    /// One packet before sealing.
    pub const PACKET: usize = FRAME as usize - 4096;
    /// Tracks in a stream.
    pub const TRACKS: usize = 16;
    /// Codec configuration of a track, and a certificate.
    pub const BLOB: usize = 64 << 10;
    /// Entries of an index.
    pub const INDEX_ENTRIES: usize = 32_768;
    /// CMS messages in a slot, and recipients of one message.
    pub const MESSAGES: usize = 1024;
    /// Certificates left out that a keys record names.
    pub const LEFT_OUT: usize = 1024;
    /// Smallest and largest slot of a keys record.
    pub const SLOT: std::ops::RangeInclusive<u32> = 4096..=1 << 20;
    /// Epochs in a key session; bounds the walk along its key chain.
    pub const SESSION_EPOCHS: u64 = 1 << 20;
    /// Frames in an epoch.
    pub const EPOCH_FRAMES: u32 = 1 << 24;
    /// Bytes of packets in an epoch.
    pub const EPOCH_BYTES: u64 = 64 << 30;
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordType {
    /// Begins a stream.
    Stream = 1,
    /// Opens a key session.
    Keys = 2,
    /// Opens an epoch.
    Start = 3,
    /// One packet.
    Frame = 4,
    /// Closes an epoch.
    Close = 5,
    /// Epoch keys for somebody.
    Grant = 6,
    /// Where epochs begin.
    Index = 7,
    /// Ends a stream.
    End = 8,
}

impl RecordType {
    /// The type with this number.
    pub fn from_byte(b: u8) -> Option<Self> {
        use RecordType::*;
        [Stream, Keys, Start, Frame, Close, Grant, Index, End].into_iter().find(|t| *t as u8 == b)
    }

    /// Its name in the manual page.
    pub fn name(self) -> &'static str {
        match self {
            RecordType::Stream => "stream",
            RecordType::Keys => "keys",
            RecordType::Start => "start",
            RecordType::Frame => "frame",
            RecordType::Close => "close",
            RecordType::Grant => "grant",
            RecordType::Index => "index",
            RecordType::End => "end",
        }
    }

    fn body_limit(self) -> u32 {
        match self {
            RecordType::Stream => limits::STREAM,
            RecordType::Keys => limits::KEYS,
            RecordType::Start => limits::START,
            RecordType::Frame => limits::FRAME,
            RecordType::Close => limits::CLOSE,
            RecordType::Grant => limits::GRANT,
            RecordType::Index => limits::INDEX,
            RecordType::End => limits::END,
        }
    }

    fn known_flags(self) -> u8 {
        match self {
            RecordType::Frame => 0x07,
            RecordType::Close => 0x01,
            _ => 0,
        }
    }
}

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
