//! Pipes between parent and child, besides stdin and stdout.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};

use super::error::ProtectError;

/// The child's further pipes: numbers of descriptors that it inherited from the parent, which names them by
/// `--notes-fd` and so on.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkerPipes {
    /// A line of JSON for each picture is written here.
    pub notes_fd: Option<i32>,
    /// The stream with outlines is written here.
    pub overlay_fd: Option<i32>,
    /// What comes here is learned from first.
    pub study_fd: Option<i32>,
    /// A byte for each packet that is done is written here.
    pub beats_fd: Option<i32>,
}

/// A pipe whose writing end the child inherits, after our end.
pub(super) fn from_child() -> Result<(File, OwnedFd), ProtectError> {
    let (read, write) = pipe()?;
    inherit(&write)?;
    Ok((File::from(read), write))
}

/// A pipe whose reading end the child inherits, after our end.
pub(super) fn to_child() -> Result<(File, OwnedFd), ProtectError> {
    let (read, write) = pipe()?;
    inherit(&read)?;
    Ok((File::from(write), read))
}

fn pipe() -> Result<(OwnedFd, OwnedFd), ProtectError> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|e| ProtectError::Pipe(io::Error::from(e)))
}

fn inherit(end: &OwnedFd) -> Result<(), ProtectError> {
    fcntl_setfd(end, FdFlags::empty()).map_err(|e| ProtectError::Pipe(io::Error::from(e)))
}

/// The child's flag for an end.
pub(super) fn flag(name: &str, end: &OwnedFd) -> String {
    format!("--{name}-fd={}", end.as_raw_fd())
}

impl WorkerPipes {
    /// Opens a descriptor that was inherited, for writing or for reading.
    pub(super) fn open(fd: Option<i32>, write: bool) -> Result<Option<File>, ProtectError> {
        let open = |fd: i32| File::options().write(write).read(!write).open(format!("/proc/self/fd/{fd}"));
        fd.map(open).transpose().map_err(ProtectError::InheritedPipe)
    }
}
