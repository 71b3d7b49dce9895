//! What can be wrong with a container.

use super::record_type::RecordType;

/// One fact that makes a record unacceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant's message is its documentation")]
pub enum Fault {
    #[error("it does not begin as a vidveil stream does")]
    Magic,
    #[error("it is of version {0}; this program reads version 1")]
    Version(u8),
    #[error("record type {0} is unknown")]
    UnknownType(u8),
    #[error("a flag is set that version 1 does not have")]
    UnknownFlag,
    #[error("the track field of this record is not zero")]
    TrackField,
    #[error("the record is longer than its type may be")]
    TooLong,
    #[error("the record is shorter than its fields")]
    Short,
    #[error("bytes are left over after the last field")]
    LeftOver,
    #[error("a reserved field is not zero")]
    Reserved,
    #[error("a field has a value that version 1 does not know")]
    Value,
    #[error("a text is not UTF-8 or holds a control character")]
    Text,
    #[error("a time base or a ratio has a zero in it")]
    Ratio,
    #[error("there must be 1 to 16 tracks")]
    TrackCount,
    #[error("a field that this kind of track does not have is not zero")]
    TrackKind,
    #[error("a list in the record is longer than version 1 allows")]
    ListTooLong,
    #[error("a list is not in ascending order")]
    Unsorted,
    #[error("neither slot of the keys record is whole")]
    NoSlot,
    #[error("a slot's content is malformed")]
    SlotContent,
    #[error("this record is not allowed here")]
    Order,
    #[error("a plain stream has no keys and no grants")]
    KeysInPlain,
    #[error("a sealed epoch begins before any keys record")]
    NoKeys,
    #[error("the session number does not follow")]
    Session,
    #[error("the epoch number does not follow")]
    Epoch,
    #[error("it does not name the close record before it")]
    Chain,
    #[error("the hash of a keys record must be zero in a plain stream")]
    KeysHash,
    #[error("the frame's track is not in the stream record")]
    UnknownTrack,
    #[error("the frame counter does not follow: a frame is missing, repeated or moved")]
    Counter,
    #[error("a frame has a negative duration")]
    Duration,
    #[error("the close record's counts or times differ from the frames of its epoch")]
    Totals,
    #[error("the grant is for another stream")]
    GrantStream,
    #[error("the LAST flag and the reason do not agree")]
    LastReason,
    #[error("the signature does not go with the stream record's signer")]
    Signature,
    #[error("the end record contradicts the records before it")]
    End,
    #[error("the end record's index size is not that of the index before it")]
    IndexSize,
}

/// Why reading a container stopped. Offsets are bytes from the beginning of the input.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Not one byte came.
    #[error("nothing arrived: did the command before fail?")]
    Empty,
    /// The input does not begin a stream that can be read: foreign bytes, another version, a malformed stream record.
    #[error("not a vidveil stream that can be read: {fault}")]
    Header {
        /// Where the stream begins.
        offset: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// A record is malformed or stands where it must not.
    #[error("damaged at byte {offset}, {record} record: {fault}")]
    Record {
        /// Where the record begins.
        offset: u64,
        /// Its type as far as it could be determined.
        record: RecordName,
        /// What is wrong.
        fault: Fault,
    },
    /// The input stops before the stream's end record.
    #[error("cut at byte {offset}: the stream's end is missing")]
    Truncated {
        /// How many bytes there are.
        offset: u64,
    },
    /// Bytes after an end record that begin no stream.
    #[error("trailing garbage at byte {offset}, after the stream's end")]
    Trailing {
        /// Where they begin.
        offset: u64,
    },
    /// The source or sink failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl FormatError {
    /// The fault of a record that cannot be written: it has no place in a file.
    pub(crate) fn unwritable(record: RecordType, fault: Fault) -> Self {
        FormatError::Record { offset: 0, record: RecordName(record as u8), fault }
    }
}

/// A record's type for people: its name, or its number when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordName(pub u8);

impl std::fmt::Display for RecordName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match RecordType::from_byte(self.0) {
            Some(t) => f.write_str(t.name()),
            None => write!(f, "type {}", self.0),
        }
    }
}
