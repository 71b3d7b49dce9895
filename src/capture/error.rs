//! What can go wrong when video is captured.

use std::io;

use crate::base::NoRandomness;
use crate::foreign::ForeignError;
use crate::format::{Fault, FormatError};
use crate::media::MediaError;
use crate::storage::StorageError;

#[cfg(feature = "rtsp")]
use super::rtsp::RtspError;

/// A source that cannot be captured, or a stream that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// Stdin is a terminal, where video is wanted.
    #[error("input is a terminal")]
    Terminal,
    /// The source is a folder. `name` is a path in quotes.
    #[error("{name} is a folder, not a video")]
    Folder {
        /// Its name, ready for a message.
        name: String,
    },
    /// The source is a stream of this project and not a video.
    #[error("{name} is a vidveil stream already")]
    Stream {
        /// Its name, ready for a message.
        name: String,
    },
    /// A pipe is to be played several times.
    #[error("only a file can be played more than once")]
    NotRepeatable,
    /// The source is nothing that can be read as video.
    #[error("cannot read {name}")]
    Open {
        /// Its name, ready for a message.
        name: String,
        /// What is wrong with it.
        source: MediaError,
    },
    /// The source could be read for a while.
    #[error("cannot read all of {name}")]
    Read {
        /// Its name, ready for a message.
        name: String,
        /// What is wrong with it.
        source: MediaError,
    },
    /// The process that reads the source failed.
    #[error("cannot read {name}")]
    Foreign {
        /// Its name, ready for a message.
        name: String,
        /// What happened to it.
        source: ForeignError,
    },
    /// There are tracks in the source, and nothing in them.
    #[error("{name} holds no packet")]
    NoPacket {
        /// Its name, ready for a message.
        name: String,
    },
    /// A file that is played several times has other tracks than the first time.
    #[error("{name} changed while it was played")]
    Changed {
        /// Its name, ready for a message.
        name: String,
    },
    /// The stream record cannot hold what it should say, as a camera's name.
    #[error("the stream cannot be described: {0}")]
    Description(Fault),
    /// There is no stream id.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The stream cannot be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What a camera's address or the camera itself says.
    #[cfg(feature = "rtsp")]
    #[error(transparent)]
    Rtsp(#[from] RtspError),
}

impl CaptureError {
    /// A file or pipe that cannot be read; `name` is ready for a message.
    pub(super) fn read(name: &str, source: io::Error) -> Self {
        StorageError::Read { name: name.to_owned(), source }.into()
    }
}
