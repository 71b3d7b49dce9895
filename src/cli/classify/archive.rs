//! Archives.

use std::error::Error;
use std::io;

use crate::archive::ArchiveError;

use super::format::of_format;
use super::recipients::of_recipients;
use super::seal::of_seal;
use super::storage::{of_io, of_storage};
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_archive(cause.downcast_ref::<ArchiveError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_archive(e: &ArchiveError, command: &str) -> Verdict {
    use ArchiveError::*;
    let failed = (Status::Failed, None);
    let hinted = |status, hint: &str| (status, Some(hint.to_owned()));
    match e {
        Format(e) | Continue { source: e, .. } => of_format(e).unwrap_or(failed),
        Seal(e) => of_seal(e).unwrap_or(failed),
        Recipients(e) => of_recipients(e, command),
        Storage(e) => of_storage(e, command),
        Write(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            hinted(Status::Usage, "a segment is never overwritten: record into another folder")
        }
        Randomness(_) => failed,
        Write(e) | WriteCopy(e) | Pipe(e) | Thread(e) => of_io(e).unwrap_or(failed),
        Read { source, .. } | Open { source, .. } | OpenFolder { source, .. } => of_io(source).unwrap_or(failed),
        Sidecar | Grants => (Status::Refused, None),
        SealedInPart(_) => {
            hinted(Status::Damaged, "what was recorded before it is sealed and closed, and says that its input was cut")
        }
        RecordedInPart(_) => hinted(Status::Damaged, "what came before it is kept"),
        AlreadySealed => hinted(Status::Usage, "rewrap changes who can open a sealed stream"),
        Nested => (Status::Damaged, None),
        OtherRole { .. } => hinted(Status::Refused, "nothing of it was written"),
        PlainOriginal { .. } => hinted(
            Status::Refused,
            "seal it with encrypt-stream, or use --allow-plain-original; nothing of it was written",
        ),
        Refused { kept: true, .. } => hinted(Status::Refused, "the epochs before it are kept"),
        Refused { kept: false, .. } => hinted(Status::Refused, "nothing of it was kept"),
        NoSegment(_) => hinted(Status::Failed, "record DIR makes them; other files are named one by one"),
        NoCamera { .. } | NothingThen(_) => hinted(Status::Failed, "record --list DIR lists what there is"),
        SeveralRecordings { .. } => {
            hinted(Status::Usage, "choose one: --camera NAME, --role original or --role public")
        }
        TwoGrowing => hinted(Status::Usage, "leave out what is being written: --to TIME"),
        NothingYet => failed,
        BeingWritten(_) => hinted(Status::Failed, "its recorder ends it; repair is for what a recorder left"),
    }
}
