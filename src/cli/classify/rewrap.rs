//! Recipients changed, epochs cut out or granted.

use std::error::Error;

use crate::base::text::{clock_time, rfc3339};
use crate::rewrap::RewrapError;

use super::format::of_format;
use super::seal::of_seal;
use super::seal::who_could;
use super::storage::{of_io, of_storage};
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_rewrap(cause.downcast_ref::<RewrapError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_rewrap(e: &RewrapError, command: &str) -> Verdict {
    use RewrapError::*;
    let failed = |hint: &str| (Status::Failed, Some(hint.to_owned()));
    let otherwise = (Status::Failed, None);
    match e {
        Stopped => (Status::Interrupted, None),
        CutStream => (Status::Damaged, None),
        Sidecar => (Status::Refused, None),
        NotFile(_) => (Status::Usage, None),
        SignedPipe => (Status::Usage, Some("give the file by its name, or verify it first".into())),
        EpochTooLarge => failed("give the file by its name, not a pipe"),
        NoTrack => failed("inspect lists the tracks"),
        OnlyClaimed { .. } => (
            Status::Refused,
            Some(
                "give a key of the new list, too (a second -i): it proves the list, and finishes what was interrupted"
                    .into(),
            ),
        ),
        NotGranted { recipients, .. } => (Status::Refused, Some(who_could(recipients))),
        NothingShown { shown_utc_ns: Some((first, end)) } => failed(&format!(
            "it shows {} from its first picture on, which is of {}",
            clock_time(end.saturating_sub(*first).unsigned_abs()),
            rfc3339(*first)
        )),
        Format(e) => of_format(e).unwrap_or(otherwise),
        Seal(e) => of_seal(e).unwrap_or(otherwise),
        Storage(e) => of_storage(e, command),
        Change { source, .. } => of_io(source).unwrap_or(otherwise),
        Io(e) => of_io(e).unwrap_or(otherwise),
        FileChanged | NoFrame | TooManyGrants | Locked(_) | NothingShown { shown_utc_ns: None } | Record(_) => {
            otherwise
        }
    }
}
