//! People that cannot be hidden.

use std::error::Error;

use crate::protect::ProtectError;

use super::archive::of_archive;
use super::playback::of_playback;
use super::recipients::of_recipients;
use super::storage::of_io;
use super::verdict::{SANDBOX, Verdict};
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_protect(cause.downcast_ref::<ProtectError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_protect(e: &ProtectError, command: &str) -> Verdict {
    use ProtectError::*;
    let hint = |status, hint: &str| (status, Some(hint.to_owned()));
    let usage = |text| hint(Status::Usage, text);
    let failed = (Status::Failed, None);
    match e {
        Scene { .. } => usage("vidveil-scene(5) has every key and its values"),
        NoDetector(_) => {
            usage("build with the feature \"detect\", which is one of the default ones; or leave the flag out")
        }
        NoModel => usage("use --model yunet.onnx, the face detector YuNet for pictures of 640x640"),
        UnusedModel => usage("use --also faces, too"),
        Model { .. } => usage("give the ONNX file of YuNet for pictures of 640x640"),
        PeopleModel { .. } => usage("scripts/get-model people gets one that can be; --people-model none does without"),
        Reference { .. } => usage("give a PNG of the empty scene, as view --snapshot makes it"),
        ReferenceSize { .. } => usage("make it from the same camera with the same settings, not turned and not scaled"),
        Public => usage("give the original"),
        SeveralVideos(_) => hint(Status::Failed, "--track N hides people in that one; run protect once for each"),
        NoSuchVideo { .. } => hint(Status::Failed, "name one of them with --track"),
        NoVideo => hint(Status::Failed, "protect hides people in video; there is nothing to hide"),
        OnlyAudio | WorkerStopped => (Status::Damaged, None),
        WorkerDied(_) => {
            hint(Status::Damaged, "a packet that the decoder cannot survive: keep the original, and report a bug")
        }
        WorkerHung(_) => hint(Status::Damaged, "--max-picture-time allows more, where the machine is slow"),
        TooManyPictures => (Status::Damaged, None),
        Jail(_) => hint(Status::Refused, SANDBOX),
        Worker { code, hint, .. } => (worker_status(*code), hint.clone()),
        Pipe(e) | InheritedPipe(e) | Start(e) | ReadWorker(e) | Wait(e) | Io(e) => of_io(e).unwrap_or(failed),
        Recipients(e) => of_recipients(e, command),
        Archive(e) => of_archive(e, command),
        Playback(e) => of_playback(e, command),
        Codec(_) | PacketFirst | LongSettings | NoPipes | NotPublic | WrongManifest | WrongNotes | Close | Thread => {
            failed
        }
    }
}

/// How the command ends whose decoder process ended with `code`.
pub(crate) fn worker_status(code: i32) -> Status {
    u8::try_from(code).ok().and_then(Status::from_code).unwrap_or(Status::Failed)
}
