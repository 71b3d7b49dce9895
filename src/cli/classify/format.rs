//! Bytes that are no stream, or a damaged one.

use std::error::Error;

use crate::format::FormatError;

use super::storage::of_io;
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    of_format(cause.downcast_ref::<FormatError>()?)
}

pub(crate) fn of_format(e: &FormatError) -> Option<Verdict> {
    Some(match e {
        FormatError::Io(e) => of_io(e).unwrap_or((Status::Failed, None)),
        FormatError::Empty => (Status::Damaged, None),
        FormatError::Header { .. } => (
            Status::Damaged,
            Some("give what capture, encrypt-stream or protect wrote; capture reads video files".into()),
        ),
        _ => (Status::Damaged, None),
    })
}
