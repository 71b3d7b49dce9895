//! What can go wrong between a name and its bytes.

use std::io;
use std::path::PathBuf;

use crate::base::text::{human_size, io_reason, quoted_path};

#[cfg(feature = "s3")]
use super::s3::ObjectError;

/// What a reader says when its input ends before its first byte.
pub const NOTHING_ARRIVED: &str = "nothing arrived: did the command before fail?";

/// An input that cannot be read, or an output that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is no such file.
    #[error("no such file: {}", quoted_path(.0))]
    NoFile(PathBuf),
    /// A file cannot be opened.
    #[error("cannot open {}", quoted_path(.path))]
    Open {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An input cannot be read. `name` is `stdin` or a path in quotes.
    #[error("cannot read {name}")]
    Read {
        /// Its name, ready for a message.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A file is a folder, where a file is wanted.
    #[error("{name} is a folder, not a file")]
    Folder {
        /// Its name, ready for a message.
        name: String,
    },
    /// A small file, as a certificate, is longer than what it should be can be.
    #[error("{} is longer than {}, which is not what it should be", quoted_path(.path), human_size(*.limit))]
    TooLong {
        /// Its name.
        path: PathBuf,
        /// What it may have, in bytes.
        limit: u64,
    },
    /// Stdin is named twice among the inputs.
    #[error("stdin is named twice")]
    StdinTwice,
    /// Stdin is a terminal, where a stream is wanted.
    #[error("input is a terminal")]
    StdinTerminal,
    /// A file's name means another file than at the start.
    #[error("{} is another file now", quoted_path(.0))]
    Replaced(PathBuf),
    /// A signal came while files were read.
    #[error("stopped")]
    Stopped,
    /// A signal came while a named pipe had no writer.
    #[error("stopped: nobody has written to {} yet", quoted_path(.0))]
    Interrupted(PathBuf),
    /// An input ended before its first byte.
    #[error("{}", NOTHING_ARRIVED)]
    NothingArrived,
    /// The output is a folder.
    #[error("{} is a folder", quoted_path(.0))]
    OutputFolder(PathBuf),
    /// The output's folder is missing.
    #[error("no such folder: {}", quoted_path(.0))]
    NoFolder(PathBuf),
    /// The output exists.
    #[error("{} exists already", quoted_path(.0))]
    Exists(PathBuf),
    /// The output is one of the inputs. `name` is `on stdout` or a path in quotes.
    #[error("the output {name} is the input")]
    SameFile {
        /// Its name, ready for a message.
        name: String,
    },
    /// The output is a file that the command reads, as a key or a certificate.
    #[error("the output {} is read or written by this command already", quoted_path(.0))]
    AlsoRead(PathBuf),
    /// The output is a device or a named pipe of another user.
    #[error("{} is a device or a named pipe of another user", quoted_path(.0))]
    Foreign(PathBuf),
    /// A file that is to be replaced is a device or a named pipe.
    #[error("{} is no regular file", quoted_path(.0))]
    NotRegular(PathBuf),
    /// Stdout is a terminal, where binary data would go to it.
    #[error("binary data is not written to a terminal")]
    StdoutTerminal,
    /// Stdin or stdout was closed when the program began.
    #[error("{0} is closed")]
    Closed(&'static str),
    /// Stdout cannot be written to.
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    /// A file cannot be created or given its name.
    #[error("cannot create {}", quoted_path(.path))]
    Create {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Too many unfinished files stand next to the one that is to be made.
    #[error("cannot create {}: too many unfinished files next to it", quoted_path(.0))]
    Unfinished(PathBuf),
    /// A write failed; the error says what.
    #[error(transparent)]
    Write(io::Error),
    /// A file did not take what was to be written.
    #[error("cannot write {name}: {}{}", io_reason(.reason), sizes(.reason, *.written, *.wanted))]
    NotWritten {
        /// Its name, ready for a message.
        name: String,
        /// How many bytes it has.
        written: u64,
        /// How many bytes more it should have taken, as far as that is known.
        wanted: u64,
        /// The system's reason.
        reason: io::Error,
    },
    /// The disk took the bytes and could not keep them.
    #[error("cannot write {name} to the disk")]
    Sync {
        /// The file's name, ready for a message.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A name on storage that is none.
    #[error("{}: {why}", quoted_path(.path))]
    Name {
        /// The name.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A folder on storage, where an object is wanted.
    #[error("{} is a folder, not an object", quoted_path(.0))]
    ObjectFolder(PathBuf),
    /// A name on storage, where only a file will do.
    #[error("{} is on storage, and here it must be a file", quoted_path(.0))]
    MustBeFile(PathBuf),
    /// This build has no storage.
    #[error("{}: this build knows no storage", quoted_path(.0))]
    NoStorage(PathBuf),
    /// What the storage says.
    #[cfg(feature = "s3")]
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// What was being done, and why it failed; where the error names its file, that alone.
pub(crate) fn not_written(doing: &str, error: &io::Error) -> String {
    match error.get_ref() {
        Some(known) if known.is::<StorageError>() => known.to_string(),
        _ => format!("{doing}: {}", io_reason(error)),
    }
}

/// Whether an error says that there is no room for more: on the disk, for the user, in a file.
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// What room there was and how much more is wanted, where room is what is missing.
fn sizes(error: &io::Error, written: u64, wanted: u64) -> String {
    match wanted {
        0 => String::new(),
        _ if !is_full(error) => String::new(),
        _ => format!(" (it has {}, and {} more are wanted)", human_size(written), human_size(wanted)),
    }
}

/// The same error with what was being done before it: `cannot read "a.vv": input/output error`.
///
/// The kinds that callers look at stay what they are: an interrupted call is done again, a broken pipe is silent. What
/// the storage says itself stays, too.
pub(crate) fn doing(error: io::Error, what: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::BrokenPipe => error,
        _ if is_of_storage(&error) => error,
        kind => io::Error::new(kind, format!("{what}: {}", io_reason(&error))),
    }
}

#[cfg(feature = "s3")]
fn is_of_storage(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|e| e.is::<ObjectError>())
}

#[cfg(not(feature = "s3"))]
fn is_of_storage(_: &io::Error) -> bool {
    false
}
