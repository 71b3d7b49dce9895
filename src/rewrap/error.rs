//! What can go wrong while recipients are changed, or epochs are cut out or granted.

use std::io;

use crate::base::text::{count, io_reason};
use crate::format::{Fault, FormatError};
use crate::keys::Certificate;
use crate::seal::SealError;
use crate::storage::StorageError;

/// Why a stream was not rewrapped, cut or granted, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapError {
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// Another stream begins before the end of one; all of them are in the copy.
    #[error("a stream is cut: another one begins before its end")]
    CutStream,
    /// The input holds grants and no stream.
    #[error("the input is a sidecar: grants without a stream")]
    Sidecar,
    /// The file is not what it was when it was read first.
    #[error("the file changed while it was read")]
    FileChanged,
    /// No frame is shown at the time that was asked for.
    #[error("there is no frame at that time")]
    NoFrame,
    /// An epoch of a pipe, or those from the last key frame before the part on, are larger than what is kept in memory.
    #[error("the epochs from the last key frame before that time on are too large to be held in memory")]
    EpochTooLarge,
    /// The grants of a stream are larger than what is kept of them in memory.
    #[error("the stream holds more grants than can be kept")]
    TooManyGrants,
    /// A file cannot be opened for writing. `name` is its path in quotes.
    #[error("cannot change {name}: {}", io_reason(.source))]
    Change {
        /// Its name, ready for a message.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// What is to be changed in place is a device, a pipe or a folder. The name is in quotes.
    #[error("{0} is not a file")]
    NotFile(String),
    /// The file is being changed by somebody else. The name is in quotes.
    #[error("{0} is locked: another rewrap is at work on it")]
    Locked(String),
    /// The input whose signatures are to be checked first is a pipe.
    #[error("to check who signed it, the stream is read twice: it must be a file")]
    SignedPipe,
    /// Some sessions of a file claim to have the wanted recipients, and none of the given keys opens them. They stay as
    /// they are.
    #[error(
        "{}: that these are the recipients is only claimed, since no given key opens what is there; it was left as it \
         is",
        count(*.sessions, "key session")
    )]
    OnlyClaimed {
        /// How many.
        sessions: u64,
    },
    /// None of the tracks that are to be granted is in the stream.
    #[error("the stream has no such track")]
    NoTrack,
    /// An epoch that is to be granted does not open with the given keys.
    #[error("epoch {epoch} is not for the given key, so it cannot be granted")]
    NotGranted {
        /// Its number.
        epoch: u64,
        /// Certificates whose keys would open it.
        recipients: Vec<Certificate>,
    },
    /// Nothing is shown at the time that was asked for.
    #[error("the stream shows nothing at that time")]
    NothingShown {
        /// When the first picture of the stream is shown and when the last one ends, UTC ns; `None` when no picture has
        /// a time.
        shown_utc_ns: Option<(i64, i64)>,
    },
    /// A record does not become one that may stand in a stream.
    #[error(transparent)]
    Record(#[from] Fault),
    /// The stream is damaged, or cannot be read or written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The stream does not open, or the recipients do not fit.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The input or the output cannot be opened, read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Reading or writing failed.
    #[error("{}", io_reason(.0))]
    Io(#[from] io::Error),
}
