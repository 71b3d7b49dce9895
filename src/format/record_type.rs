//! The types of records.

use super::limits;

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

    /// The longest body that it may have, in bytes.
    pub(super) fn body_limit(self) -> u32 {
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

    /// The flags that version 1 has for it.
    pub(super) fn known_flags(self) -> u8 {
        match self {
            RecordType::Frame => 0x17,
            RecordType::Close => 0x01,
            _ => 0,
        }
    }
}
