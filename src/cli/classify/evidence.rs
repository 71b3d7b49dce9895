//! Cases.

use std::error::Error;

use crate::evidence::EvidenceError;

use super::format::of_format;
use super::playback::of_playback;
use super::rewrap::of_rewrap;
use super::storage::of_io;
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_evidence(cause.downcast_ref::<EvidenceError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_evidence(e: &EvidenceError, command: &str) -> Verdict {
    use EvidenceError::*;
    let usage = |hint: &str| (Status::Usage, Some(hint.to_owned()));
    let otherwise = (Status::Failed, None);
    match e {
        Pipe => usage("keep the stream in a file first, or name a folder of record"),
        Exists(_) => usage("name a new folder, or a .zip file"),
        NoName | Appeared(_) | NothingToDisclose => (Status::Usage, None),
        NotDisclosed { .. } => (
            Status::Refused,
            Some("--disclose-keys takes the key of a recipient (-i or --card); a grant will not do".into()),
        ),
        NothingOpens | Sign(_) => otherwise,
        Stopped => (Status::Interrupted, None),
        Damaged(e) => of_format(e).unwrap_or(otherwise),
        Excerpt(e) => of_rewrap(e, command),
        Playback(e) | ContactSheet(e) => of_playback(e, command),
        Create { source: e, .. } | File { source: e, .. } | Zip { source: e, .. } | FinishZip { source: e, .. } => {
            of_io(e).unwrap_or(otherwise)
        }
    }
}
