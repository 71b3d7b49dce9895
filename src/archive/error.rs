//! What can go wrong with an archive.

use crate::format::FormatError;

/// Why a recording stopped.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The records are out of order, or a file cannot be read.
    #[error(transparent)]
    Format(FormatError),
    /// The disk did not take it.
    #[error("cannot write the segment")]
    Write(#[source] std::io::Error),
    /// Grants without a stream.
    #[error("the input is a sidecar: grants without a stream")]
    Sidecar,
    /// The grants in the stream are too many to be repeated in every segment.
    #[error("the stream carries more than 64 MiB of grants; every segment would repeat them")]
    Grants,
}

impl ArchiveError {
    /// An error of a writer: what is not about records is the disk's.
    pub(super) fn writing(e: FormatError) -> Self {
        match e {
            FormatError::Io(e) => ArchiveError::Write(e),
            e => ArchiveError::Format(e),
        }
    }
}

impl From<FormatError> for ArchiveError {
    fn from(e: FormatError) -> Self {
        ArchiveError::Format(e)
    }
}
