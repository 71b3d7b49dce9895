//! What the rooms' errors mean for the exit status: the one place that maps them.

use std::error::Error;
use std::io;

use crate::archive::ArchiveError;
use crate::format::FormatError;
use crate::keys::Certificate;
use crate::media::MediaError;
use crate::seal::SealError;

use super::{Status, text};

type Verdict = (Status, Option<String>);

/// The status and the hint of one cause in a chain; `None` when it is no room's error.
///
/// One function for each room's error enum, tried in turn.
pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    let rooms: [fn(&(dyn Error + 'static)) -> Option<Verdict>; 4] = [format, seal, media, archive];
    rooms.into_iter().find_map(|room| room(cause))
}

fn format(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    of_format(cause.downcast_ref::<FormatError>()?)
}

fn archive(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    Some(match cause.downcast_ref::<ArchiveError>()? {
        ArchiveError::Format(e) => return of_format(e),
        ArchiveError::Write(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            (Status::Usage, Some("a segment is never overwritten: record into another folder".into()))
        }
        ArchiveError::Write(_) => (Status::Failed, None),
        ArchiveError::Sidecar | ArchiveError::Grants => (Status::Refused, None),
    })
}

fn of_format(e: &FormatError) -> Option<Verdict> {
    Some(match e {
        FormatError::Io(e) if e.kind() == io::ErrorKind::BrokenPipe => (Status::ReaderGone, None),
        FormatError::Io(_) => (Status::Failed, None),
        FormatError::Empty => (Status::Damaged, None),
        FormatError::Header { .. } => (
            Status::Damaged,
            Some("give what capture, encrypt-stream or protect wrote; capture reads video files".into()),
        ),
        _ => (Status::Damaged, None),
    })
}

fn seal(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    Some(match cause.downcast_ref::<SealError>()? {
        SealError::Format(e) => return of_format(e),
        SealError::NotRecipient { recipients, .. } => (Status::Refused, Some(who_could(recipients))),
        SealError::NoRecipients { .. } | SealError::Recipients(_) => {
            (Status::Refused, Some("enroll-cert --check says what is wrong with each certificate".into()))
        }
        SealError::Session { .. }
        | SealError::Grant { .. }
        | SealError::EpochCommitment { .. }
        | SealError::Frame { .. }
        | SealError::Padding { .. }
        | SealError::Close { .. }
        | SealError::BadRecipient { .. } => (Status::Damaged, None),
        SealError::NoRoom { .. } => {
            (Status::Failed, Some("without --in-place a copy with more room is written: rewrap ... < OLD > NEW".into()))
        }
        SealError::NotSealed | SealError::Shared { .. } => (Status::Refused, None),
        SealError::NotKept => (Status::Failed, None),
        SealError::Keys(_) | SealError::TooManyRecipients | SealError::TooManyGranted { .. } | SealError::Crypto => {
            (Status::Failed, None)
        }
    })
}

fn media(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    use MediaError::*;
    let e = cause.downcast_ref::<MediaError>()?;
    if e.io().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return Some((Status::ReaderGone, None));
    }
    Some(match e {
        Empty => (Status::Damaged, None),
        Truncated | Damaged(_) => (Status::Damaged, None),
        Stopped => (Status::Interrupted, None),
        NotVideo => {
            (Status::Failed, Some("capture reads what ffmpeg reads: mp4, mkv, avi, mpegts, raw H.264 and H.265".into()))
        }
        NoVideoTrack => (
            Status::Failed,
            Some("give a file with moving pictures; sound alone cannot be recorded or protected".into()),
        ),
        UnknownCodec(_) => {
            (Status::Failed, Some("ffmpeg -codecs tells what can be used; have the camera send H.264 or H.265".into()))
        }
        _ => (Status::Failed, None),
    })
}

/// Says whose keys would open.
pub(super) fn who_could(recipients: &[Certificate]) -> String {
    let one = |c: &Certificate| format!("{} (serial {}, {})", text::quoted(c.subject()), c.serial_hex(), c.key_type());
    let all: Vec<_> = recipients.iter().map(one).collect();
    format!("give -i with the private key of {}", all.join(" or of "))
}
