//! Archives.

use std::error::Error;
use std::io;

use crate::archive::ArchiveError;

use super::format::of_format;
use super::{Status, Verdict};

pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    Some(match cause.downcast_ref::<ArchiveError>()? {
        ArchiveError::Format(e) => return of_format(e),
        ArchiveError::Write(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            (Status::Usage, Some("a segment is never overwritten: record into another folder".into()))
        }
        ArchiveError::Write(_) => (Status::Failed, None),
        ArchiveError::Sidecar | ArchiveError::Grants => (Status::Refused, None),
    })
}
