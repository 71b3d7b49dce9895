//! Video that cannot be read, decoded or written.

use std::error::Error;

use crate::foreign::ForeignError;
use crate::media::MediaError;

use super::storage::of_io;
use super::verdict::{SANDBOX, Verdict};
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    Some(of_media(cause.downcast_ref::<MediaError>()?))
}

pub(crate) fn of_media(e: &MediaError) -> Verdict {
    use MediaError::*;
    if let Some(verdict) = e.io().and_then(of_io) {
        return verdict;
    }
    match e {
        Empty => (Status::Damaged, None),
        Truncated | Damaged(_) => (Status::Damaged, None),
        Stopped => (Status::Interrupted, None),
        NotVideo => (
            Status::Failed,
            Some(
                "capture reads mp4, mkv, avi, mpegts, raw H.264 and H.265, and what else vidveil-capture(1) lists"
                    .into(),
            ),
        ),
        ContainerRefused(_) => (Status::Failed, Some("vidveil-capture(1) lists the containers that are read".into())),
        CodecRefused(_) => (
            Status::Failed,
            Some("vidveil-capture(1) lists the codecs that are taken; --no-audio leaves sound out".into()),
        ),
        CannotHold { container: "mp4", codec } => {
            (Status::Failed, Some(format!("name the file .mkv for {codec}: Matroska holds nearly everything")))
        }
        CannotHold { codec, .. } => {
            (Status::Failed, Some(format!("no video file holds {codec}; decrypt-stream gives it as it is")))
        }
        TooManyPixels { .. } => {
            (Status::Failed, Some("where the camera has pictures of that size, allow them with --max-pixels".into()))
        }
        TooManyReferences { .. } => {
            (Status::Failed, Some("have the camera lean on fewer pictures; --max-pixels allows more of them".into()))
        }
        NoVideoTrack => (
            Status::Failed,
            Some("give a file with moving pictures; sound alone cannot be recorded or protected".into()),
        ),
        GapTooLong(_) => (
            Status::Failed,
            Some("name the file .mkv, or make a file for each side of the gap, with --to and --from".into()),
        ),
        UnknownCodec(_) => {
            (Status::Failed, Some("ffmpeg -codecs lists what can be used; have the camera send H.264 or H.265".into()))
        }
        _ => (Status::Failed, None),
    }
}

/// What became of the process that handles video.
pub(crate) fn of_foreign(e: &ForeignError) -> Verdict {
    let hint = |status, hint: &str| (status, Some(hint.to_owned()));
    match e {
        ForeignError::Media(e) => of_media(e),
        ForeignError::Died(_) | ForeignError::Nonsense => {
            hint(Status::Damaged, "a packet that libav cannot survive: keep the original, and report a bug")
        }
        ForeignError::Hung(_) => hint(Status::Damaged, "--max-picture-time allows more, where the machine is slow"),
        ForeignError::Jail(_) => hint(Status::Refused, SANDBOX),
        _ => (Status::Failed, None),
    }
}
