//! What can go wrong with an archive.

use std::io;
use std::path::PathBuf;

use crate::base::NoRandomness;
use crate::base::text::{quoted, quoted_path};
use crate::format::{FormatError, Role};
use crate::recipients::RecipientsError;
use crate::seal::SealError;
use crate::storage::StorageError;
use crate::storage::error::not_written;

/// Why a stream cannot be sealed or recorded, or an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The records are out of order, or a file cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A stream cannot be sealed.
    #[error(transparent)]
    Seal(SealError),
    /// Nobody is left to encrypt to.
    #[error(transparent)]
    Recipients(#[from] RecipientsError),
    /// An input cannot be opened, or an output cannot be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system gave no random numbers.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The disk did not take a segment.
    #[error("{}", not_written("cannot write the segment", .0))]
    Write(#[source] io::Error),
    /// The disk did not take the copy of a damaged file.
    #[error("{}", not_written("cannot write the copy", .0))]
    WriteCopy(#[source] io::Error),
    /// A file or a folder cannot be read.
    #[error("cannot read {}", quoted_path(.path))]
    Read {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be opened.
    #[error("cannot open {}", quoted_path(.path))]
    Open {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder to record into cannot be made or opened.
    #[error("cannot open the folder {}", quoted_path(.path))]
    OpenFolder {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives no pipe.
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The recording that is to be continued cannot be read.
    #[error("cannot continue {}", quoted_path(.path))]
    Continue {
        /// Its name.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// Grants without a stream.
    #[error("the input is a sidecar: grants without a stream")]
    Sidecar,
    /// The grants in the stream are too many to be repeated in every segment.
    #[error("the stream carries more than 64 MiB of grants; every segment would repeat them")]
    Grants,
    /// The input of the encryptor ended early. What came before is sealed and closed.
    #[error("the input is not whole: {0}")]
    SealedInPart(FormatError),
    /// The input of the recorder ended early. What came before is kept.
    #[error("the input is not whole: {0}")]
    RecordedInPart(FormatError),
    /// A stream that is to be sealed is sealed.
    #[error("the input is sealed already")]
    AlreadySealed,
    /// A stream begins before the one before it ends.
    #[error("a stream begins inside another one")]
    Nested,
    /// The policy asks for streams of another role.
    #[error("this is {} of {}, and --only {} was given", a_role(*.role), quoted(.camera), .only.name())]
    OtherRole {
        /// The stream's role.
        role: Role,
        /// The camera's name.
        camera: String,
        /// The role that may be recorded.
        only: Role,
    },
    /// The policy asks for sealed originals.
    #[error("this original of {} is not sealed", quoted(.camera))]
    PlainOriginal {
        /// The camera's name.
        camera: String,
    },
    /// The policy asks for signatures, and one is missing, wrong or of another signer.
    #[error("{}", refusal(.fault))]
    Refused {
        /// What is wrong with the signature.
        fault: SealError,
        /// Epochs before it are kept.
        kept: bool,
    },
    /// There is no segment in a folder.
    #[error("there is no segment in {}", quoted_path(.0))]
    NoSegment(PathBuf),
    /// There is no such camera in a folder.
    #[error("there is no camera {} in {}", quoted(.camera), quoted_path(.folder))]
    NoCamera {
        /// The camera's name.
        camera: String,
        /// The folder.
        folder: PathBuf,
    },
    /// There is nothing of the chosen time in a folder.
    #[error("{} holds nothing of that time", quoted_path(.0))]
    NothingThen(PathBuf),
    /// There are several recordings in a folder, and one is to be read.
    #[error("{} holds several recordings: {}", quoted_path(.folder), listed(.recordings))]
    SeveralRecordings {
        /// The folder.
        folder: PathBuf,
        /// Their cameras and roles.
        recordings: Vec<(String, Role)>,
    },
    /// Segments of two folders are being written, and only the last file of an input can grow.
    #[error("two of the folders are being recorded into")]
    TwoGrowing,
    /// No segment has a whole epoch yet.
    #[error("nothing is recorded yet")]
    NothingYet,
    /// A segment that is being written cannot be repaired.
    #[error("{} is being written", quoted_path(.0))]
    BeingWritten(PathBuf),
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

impl From<SealError> for ArchiveError {
    fn from(e: SealError) -> Self {
        match e {
            SealError::Format(e) => ArchiveError::Format(e),
            e => ArchiveError::Seal(e),
        }
    }
}

fn a_role(role: Role) -> &'static str {
    match role {
        Role::Original => "an original",
        Role::Public => "a public stream",
    }
}

fn refusal(fault: &SealError) -> String {
    match fault {
        SealError::Unsigned => "the stream is not signed, and --signer or --ca asks for it".into(),
        e => e.to_string(),
    }
}

fn listed(recordings: &[(String, Role)]) -> String {
    let one = |(camera, role): &(String, Role)| format!("{} ({})", quoted(camera), role.name());
    recordings.iter().map(one).collect::<Vec<_>>().join(", ")
}
