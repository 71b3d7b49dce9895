//! Stdin and stdout as files, and whether they were closed when the program began (`>&-`).
//!
//! Before `main`, Rust opens `/dev/null` in the place of what is closed, so that no file gets its number. Whoever asks
//! later reads nothing, writes without an error, and loses everything; `>/dev/null` looks the same. So it is noted
//! before.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, FdFlags};
use rustix::stdio;

use super::{OutputFile, StorageError, read_files};

static STDIN_CLOSED: AtomicBool = AtomicBool::new(false);
static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// The loader calls it before `main`.
#[used]
#[allow(
    unsafe_code,
    reason = "only the loader comes before Rust's runtime; a list of functions for it, no unsafe call"
)]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static AT_START: extern "C" fn() = note_closed;

extern "C" fn note_closed() {
    let is_closed = |stream: BorrowedFd<'_>| rustix::io::fcntl_getfd(stream) == Err(Errno::BADF);
    STDIN_CLOSED.store(is_closed(stdio::stdin()), Ordering::Relaxed);
    STDOUT_CLOSED.store(is_closed(stdio::stdout()), Ordering::Relaxed);
}

/// Has a program that takes the place of this one find closed what was closed.
pub fn keep_closed() {
    for (is_closed, stream) in [(&STDIN_CLOSED, stdio::stdin()), (&STDOUT_CLOSED, stdio::stdout())] {
        if is_closed.load(Ordering::Relaxed) {
            let _ = rustix::io::fcntl_setfd(stream, FdFlags::CLOEXEC);
        }
    }
}

/// Whether stdin can be read at all.
///
/// # Errors
///
/// It is closed.
pub fn check_stdin() -> Result<(), StorageError> {
    if STDIN_CLOSED.load(Ordering::Relaxed) { Err(StorageError::Closed("stdin")) } else { Ok(()) }
}

/// Stdin, to be read without the buffer of [`io::stdin`].
///
/// # Errors
///
/// It is a terminal, or closed.
pub fn open_stdin() -> Result<File, StorageError> {
    check_stdin()?;
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(StorageError::StdinTerminal);
    }
    match stdin.as_fd().try_clone_to_owned() {
        Ok(descriptor) => Ok(File::from(descriptor)).inspect(read_files::is_being_read),
        Err(source) => Err(StorageError::Read { name: "stdin".to_owned(), source }),
    }
}

/// Stdout, to be written without the buffer of [`io::stdout`], which takes what a closed one loses.
///
/// # Errors
///
/// It is closed.
pub fn open_stdout() -> Result<OutputFile, StorageError> {
    if STDOUT_CLOSED.load(Ordering::Relaxed) {
        return Err(StorageError::Closed("stdout"));
    }
    let descriptor = io::stdout().as_fd().try_clone_to_owned().map_err(StorageError::Stdout)?;
    Ok(OutputFile::named(File::from(descriptor), "to stdout".to_owned()))
}
