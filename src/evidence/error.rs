//! What can go wrong while a case is made.

use std::io;
use std::path::PathBuf;

use crate::base::text::quoted_path;
use crate::format::FormatError;
use crate::keys::KeyError;
use crate::playback::PlaybackError;
use crate::rewrap::RewrapError;
use crate::storage::error::not_written;

/// Why there is no case, or not one of all that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The input is a pipe, which cannot be read several times.
    #[error("a case is made of files, not of a pipe")]
    Pipe,
    /// The path of the case ends without a name.
    #[error("the case has no name")]
    NoName,
    /// There is a file or folder of that name.
    #[error("{} exists already", quoted_path(.0))]
    Exists(PathBuf),
    /// A file or folder of that name appeared while the case was made.
    #[error("{} exists already", quoted_path(.0))]
    Appeared(PathBuf),
    /// The folder of the case cannot be made, or not be given its name.
    #[error("cannot create {}", quoted_path(.path))]
    Create {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the case cannot be made. `name` is ready for a message.
    #[error("cannot create {name}")]
    File {
        /// Its name in the case, and the case.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the case cannot be put into the zip file.
    #[error("{}", not_written(&format!("cannot put {name} into the zip"), .source))]
    Zip {
        /// Its name in the case.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The zip file cannot be finished.
    #[error("{}", not_written(&format!("cannot finish {}", quoted_path(.path)), .source))]
    FinishZip {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The keys open nothing of the time that was asked for.
    #[error("the key opens nothing of that time")]
    NothingOpens,
    /// Keys are to be disclosed, and the stream is not sealed.
    #[error("the stream is not sealed: there are no keys to disclose")]
    NothingToDisclose,
    /// The keys of an epoch were granted, and are not to be given to others.
    #[error("the keys of epoch {epoch} are not yours to disclose")]
    NotDisclosed {
        /// Its number.
        epoch: u64,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// The case is made, and ends before the part does: the recording is damaged.
    #[error("the case ends where the recording is damaged")]
    Damaged(#[source] FormatError),
    /// The contact sheet cannot be made.
    #[error("cannot make the contact sheet")]
    ContactSheet(#[source] PlaybackError),
    /// The list of checksums cannot be signed.
    #[error(transparent)]
    Sign(#[from] KeyError),
    /// The excerpt cannot be cut out, its keys do not open, or a file cannot be read or written.
    #[error(transparent)]
    Excerpt(RewrapError),
    /// The excerpt does not open, or is not whole.
    #[error(transparent)]
    Playback(#[from] PlaybackError),
}

/// What stops an excerpt stops the case in the same way.
impl<E> From<E> for EvidenceError
where
    RewrapError: From<E>,
{
    fn from(e: E) -> Self {
        EvidenceError::Excerpt(e.into())
    }
}
