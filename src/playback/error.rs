//! What can go wrong when a recording is opened and shown.

use crate::foreign::ForeignError;
use crate::format::FormatError;
use crate::keys::Certificate;
use crate::media::MediaError;
use crate::seal::{Epochs, PieceFault, SealError};
use crate::storage::StorageError;

use super::skipped::epochs_text;

/// A recording that cannot be opened, shown, or is not whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaybackError {
    /// A file of the input cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The plain stream cannot be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The input does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The packets cannot be decoded, or not be written into the container.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The process that handles the video failed.
    #[error(transparent)]
    Foreign(ForeignError),
    /// One of several files does not open.
    #[error("{name}: {source}")]
    InFile {
        /// The file's name, ready for a message.
        name: String,
        /// Why it does not open.
        source: SealError,
    },
    /// A plain stream came although a private key was given.
    #[error("the stream is not sealed, although a key was given to open it")]
    NotSealed {
        /// The keys serve a whole pipeline; see [`Keyring::shared`](super::Keyring::shared).
        shared: bool,
    },
    /// A sealed stream came, and there is no private key.
    #[error("the stream is sealed, and no key was given")]
    NoKey {
        /// Certificates whose keys would open it, as the stream claims.
        recipients: Vec<Certificate>,
    },
    /// Nothing opens, and the grants that were given do not help.
    #[error("the grants are not for this stream, or not for the given key")]
    NotGranted {
        /// Certificates whose keys would open it, as the stream claims.
        recipients: Vec<Certificate>,
        /// What the given keys say of themselves.
        given: Vec<String>,
    },
    /// The input is not whole; what came before is authentic.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The keys open only a part, and all of it is required.
    #[error(
        "not all of the stream opens, and --require-complete was given: left out, not for the given key: {left_out}"
    )]
    OpensInPart {
        /// The epochs and tracks that do not open, as a text.
        left_out: String,
        /// Certificates whose keys would open them, as the stream claims; may be empty.
        recipients: Vec<Certificate>,
    },
    /// The keys open nothing of the time that was asked for.
    #[error("nothing of that time opens: left out, not for the given key: {left_out}")]
    NothingOpens {
        /// The epochs and tracks that do not open, as a text.
        left_out: String,
        /// Certificates whose keys would open them, as the stream claims; may be empty.
        recipients: Vec<Certificate>,
    },
    /// The input is an excerpt, and all of a stream is required.
    #[error("the input is an excerpt, and --require-complete was given")]
    Excerpt,
    /// Nothing in the input is a stream.
    #[error("the input holds no stream")]
    NoStream,
    /// The stream has only data tracks.
    #[error("the stream has neither pictures nor sound")]
    NothingToShow,
    /// The stream has no video track, where pictures are wanted.
    #[error("the stream has no pictures, only sound")]
    NoPictures,
    /// A stream of nothing.
    #[error("the stream holds no packet")]
    NoPackets,
    /// The moment is before the first picture or after the last one.
    #[error("there is no picture at that time")]
    NoPictureThen {
        /// UTC of the first picture of the input by the recorder's clock, ns since 1970.
        beginning_utc_ns: i64,
        /// From there to the end of the last one that was read, ns.
        length_ns: i64,
    },
    /// There are pictures, and no key frame: they are decoded only after those of earlier epochs.
    #[error(
        "the pictures of epoch {epoch} cannot be shown: they lean on epochs before it, back to the last key frame, which \
         are not in the input or do not open"
    )]
    NoKeyFrame {
        /// Number of the epoch that needs others.
        epoch: u64,
    },
    /// No picture could be decoded.
    #[error("no picture of the stream could be decoded")]
    NoneDecoded,
    /// A decoded picture has a size that no image can have.
    #[error("the picture has an impossible size")]
    PictureSize,
    /// A picture cannot be compressed.
    #[error("cannot make a PNG: {0}")]
    Png(String),
    /// A track was chosen that the stream does not have, or that shows nothing.
    #[error("the stream has no track {0} with pictures or sound")]
    NoSuchTrack(u16),
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

impl PlaybackError {
    /// The times go on after longer than an mp4 can say; Matroska can.
    pub fn is_gap(&self) -> bool {
        matches!(self, Self::Media(MediaError::GapTooLong(_)))
    }

    /// Whether the reader of our output has gone away.
    pub fn is_broken_pipe(&self) -> bool {
        let io = match self {
            PlaybackError::Format(FormatError::Io(e)) => Some(e),
            PlaybackError::Media(e) => e.io(),
            _ => None,
        };
        io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

/// What makes an input less than whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A record is damaged or forged, or the input ends before the stream does.
    #[error("{}{fault}", prefix(.file))]
    Stream {
        /// Which of several files, ready for a message.
        file: Option<String>,
        /// What is wrong.
        fault: SealError,
    },
    /// An epoch has the right number, and continues another recording.
    #[error(
        "{}damaged in epoch {epoch}: it does not name the close record before it, which is that of another recording",
        prefix(.file)
    )]
    Unchained {
        /// Which of several files, ready for a message.
        file: Option<String>,
        /// Number of the epoch.
        epoch: u64,
    },
    /// A piece of a stream does not go on from those before it in the same file or folder.
    #[error("{}damaged: {fault}", prefix(.file))]
    Piece {
        /// Which of several files, ready for a message.
        file: Option<String>,
        /// What is wrong.
        fault: PieceFault,
    },
    /// Epochs were granted, and the stream ended without them.
    #[error("{} granted, but not in the file", epochs_text(&[*.0]))]
    NotThere(Epochs),
    /// The stream was repaired, and its own end is missing.
    #[error("the stream was recovered: its own end is missing")]
    Recovered,
    /// The stream is closed properly, and was not complete when it was recorded.
    #[error("the stream is closed, but the recorder's input was cut")]
    RecorderCut,
    /// A stream has no end, and another one follows.
    #[error("a stream is cut: another one begins before its end")]
    NoEnd,
}

fn prefix(file: &Option<String>) -> String {
    file.as_ref().map(|name| format!("{name}: ")).unwrap_or_default()
}

impl From<ForeignError> for PlaybackError {
    fn from(e: ForeignError) -> Self {
        match e {
            ForeignError::Media(e) => PlaybackError::Media(e),
            e => PlaybackError::Foreign(e),
        }
    }
}
