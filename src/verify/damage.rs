//! Where damage is, and what it costs.

use crate::base::text::count;
use crate::format::{EndKind, FormatError, Reason};
use crate::inspect::{Ending, Survey};
use crate::seal::SealError;

use super::findings::Kind;

/// The first epoch that is not proved because of an error, and the last where the error says so.
pub(super) fn epoch_lost(e: &SealError, open: Option<u64>, survey: Option<&Survey>) -> Option<(u64, Option<u64>)> {
    match e {
        SealError::EpochCommitment { epoch, .. }
        | SealError::Frame { epoch, .. }
        | SealError::Padding { epoch, .. }
        | SealError::Close { epoch, .. }
        | SealError::EpochSignature { epoch, .. } => Some((*epoch, Some(*epoch))),
        // its epochs open with the list before
        SealError::ForgedList { .. } => None,
        _ => {
            let s = survey.filter(|s| s.stream.is_some())?;
            // nothing that could be lost comes after a close record with LAST
            match (open, s.epoch_range) {
                (Some(epoch), _) => Some((epoch, None)),
                (None, Some((_, last))) if s.last.is_some_and(|r| r == Reason::NotLast) => {
                    Some((last.saturating_add(1), None))
                }
                (None, Some(_)) if s.last.is_some() => None,
                (None, Some((_, last))) => Some((last, None)),
                (None, None) => None,
            }
        }
    }
}

/// What is wrong with a stream that was read to its end.
pub(super) fn flaw(s: &Survey, at: u64) -> Option<(Kind, String, u64)> {
    if let Some(session) = s.sessions.inconsistent {
        let what =
            format!("damaged: the certificates of key session {session} are not those that its messages are for");
        return Some((Kind::Damaged, what, at));
    }
    if let Some(session) = s.sessions.tied {
        let what = format!("damaged: key session {session} has two lists of recipients with one number");
        return Some((Kind::Damaged, what, at));
    }
    if s.index_wrong {
        return Some((Kind::Damaged, "damaged: the index does not say where epochs begin".into(), at));
    }
    match &s.ending {
        Some(Ending::Missing { byte, fault }) => Some((Kind::Cut, format!("cut at byte {byte}: {fault}"), *byte)),
        Some(Ending::Record(EndKind::Cut)) => {
            Some((Kind::Cut, "cut: closed properly, but the recorder's input was cut".into(), at))
        }
        Some(Ending::Record(EndKind::Recovered)) => {
            Some((Kind::Cut, "cut: recovered, its own end is missing".into(), at))
        }
        Some(Ending::Record(EndKind::Complete | EndKind::Excerpt)) | None => None,
    }
}

/// The byte that the error names, or else the one where the last record began.
pub(super) fn byte_of(e: &SealError, record: u64) -> u64 {
    match e {
        SealError::Format(
            FormatError::Header { offset, .. }
            | FormatError::Record { offset, .. }
            | FormatError::Truncated { offset }
            | FormatError::Trailing { offset },
        )
        | SealError::ForgedList { offset, .. }
        | SealError::Unbound { offset, .. } => *offset,
        _ => record,
    }
}

/// The epoch that an error is in, and a text that names it where that of the error does not.
pub(super) fn epoch_of(e: &SealError, survey: Option<&Survey>) -> (Option<u64>, String) {
    match e {
        SealError::EpochCommitment { epoch, .. }
        | SealError::Frame { epoch, .. }
        | SealError::Padding { epoch, .. }
        | SealError::Close { epoch, .. }
        | SealError::EpochSignature { epoch, .. } => return (Some(*epoch), String::new()),
        SealError::ForgedList { .. } => return (None, String::new()),
        _ => {}
    }
    let Some((s, (_, epoch))) = survey.and_then(|s| Some((s, s.epoch_range?))) else { return (None, String::new()) };
    let text = match s.last {
        Some(_) => format!(" (after epoch {epoch})"),
        None => format!(" (in epoch {epoch}, after {} of it)", count(s.epoch_frames, "frame")),
    };
    (Some(epoch), text)
}
