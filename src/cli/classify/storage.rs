//! Files, pipes and objects.

use std::error::Error;
use std::io;

use crate::storage::{StorageError, is_full};

use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    if let Some(e) = cause.downcast_ref::<StorageError>() {
        return Some(of_storage(e, command));
    }
    if let Some(e) = cause.downcast_ref::<io::Error>() {
        return of_io(e);
    }
    #[cfg(feature = "s3")]
    if let Some(e) = cause.downcast_ref() {
        return Some(of_object(e));
    }
    None
}

/// `command` is the command that was called, for an example of how to call it.
pub(crate) fn of_storage(e: &StorageError, command: &str) -> Verdict {
    use StorageError::*;
    let usage = |hint: &str| (Status::Usage, Some(hint.to_owned()));
    match e {
        StdinTerminal => (Status::Usage, Some(format!("give a file or a pipe, as in: {command} < FILE"))),
        AlsoRead(_) => usage("write to another file"),
        Foreign(_) => usage("whoever it belongs to would get what is written; --force writes to it all the same"),
        SameFile { .. } => usage("write to another file, then rename it"),
        Exists(_) => usage("choose another name, or use --force to replace it"),
        Closed("stdout") => (Status::Failed, Some("to throw away what is written, use > /dev/null".into())),
        Closed(_) => (Status::Failed, Some(format!("give a file or a pipe, as in: {command} < FILE"))),
        StdoutTerminal => usage("write to a pipe or to -o FILE; -o - writes here all the same"),
        Name { .. } => usage("as in s3://BUCKET/KEY"),
        MustBeFile(_) => usage("streams are read from storage, and written there by -o"),
        NoStorage(_) => usage("build it with storage: cargo install vidveil --features s3"),
        Folder { .. } | StdinTwice | OutputFolder(_) | NoFolder(_) | NotRegular(_) | ObjectFolder(_) => {
            (Status::Usage, None)
        }
        Interrupted(_) | Stopped => (Status::Interrupted, None),
        NothingArrived => (Status::Damaged, None),
        Write(e) => of_io(e).unwrap_or((Status::Failed, None)),
        NotWritten { reason: e, .. } | Sync { source: e, .. } | Create { source: e, .. } | Stdout(e) => {
            (Status::Failed, full(e))
        }
        #[cfg(feature = "s3")]
        Object(e) => of_object(e),
        _ => (Status::Failed, None),
    }
}

/// What to do where there is no room.
fn full(e: &io::Error) -> Option<String> {
    is_full(e).then(|| "make room there, or write to another disk".into())
}

/// A pipe without a reader, a full disk, and what storage says through a read or a write.
pub(crate) fn of_io(e: &io::Error) -> Option<Verdict> {
    if e.kind() == io::ErrorKind::BrokenPipe {
        return Some((Status::ReaderGone, None));
    }
    // what is found only when a byte is read or written
    if let Some(e) = e.get_ref().and_then(|e| e.downcast_ref::<StorageError>()) {
        return Some(of_storage(e, ""));
    }
    #[cfg(feature = "s3")]
    if let Some(e) = e.get_ref().and_then(|e| e.downcast_ref()) {
        return Some(of_object(e));
    }
    full(e).map(|hint| (Status::Failed, Some(hint)))
}

#[cfg(feature = "s3")]
fn of_object(e: &crate::storage::s3::ObjectError) -> Verdict {
    use crate::storage::s3::ObjectError::*;
    let hint = match e {
        NoBucket { .. } => "AWS_ENDPOINT_URL says which server is asked",
        NoObject { .. } => "an archive folder on storage ends with a slash: s3://BUCKET/FOLDER/",
        Denied { .. } => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and what they may do"
        }
        Unreachable { .. } => "check AWS_ENDPOINT_URL and the network",
        Changed { .. } => "start again: what is there now is another object",
        Settings(_) => "vidveil(7), Storage, says what is read from the environment",
        _ => return (Status::Failed, None),
    };
    (Status::Failed, Some(hint.to_owned()))
}
