//! Sources that cannot be captured.

use std::error::Error;

use crate::capture::CaptureError;

use super::format::of_format;
use super::media::{of_foreign, of_media};
#[cfg(feature = "rtsp")]
use super::rtsp::of_rtsp;
use super::storage::of_storage;
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    // an address is parsed before anything is captured
    #[cfg(feature = "rtsp")]
    if let Some(e) = cause.downcast_ref() {
        return Some(of_rtsp(e));
    }
    Some(of_capture(cause.downcast_ref::<CaptureError>()?, command))
}

/// `command` is the command that was called, for an example of how to call it.
pub(crate) fn of_capture(e: &CaptureError, command: &str) -> Verdict {
    use CaptureError::*;
    let usage = |hint: &str| (Status::Usage, Some(hint.to_owned()));
    match e {
        Terminal => usage("give a video file or a pipe, as in: capture VIDEO"),
        Folder { .. } => (Status::Usage, None),
        Stream { .. } => usage("give it to encrypt-stream, protect or view"),
        NotRepeatable => usage("give the video as a file"),
        Open { source, .. } | Read { source, .. } => of_media(source),
        Foreign { source, .. } => of_foreign(source),
        NoPacket { .. } => (Status::Damaged, None),
        Description(_) => (Status::Failed, Some("is the camera's name right".into())),
        Changed { .. } | Random(_) => (Status::Failed, None),
        Format(e) => of_format(e).unwrap_or((Status::Failed, None)),
        Storage(e) => of_storage(e, command),
        #[cfg(feature = "rtsp")]
        Rtsp(e) => of_rtsp(e),
    }
}
