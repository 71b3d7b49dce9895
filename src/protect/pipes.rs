//! Pipes between parent and child, besides stdin and stdout.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::Context;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};

/// What the child is told of its pipes: their numbers. They are hidden flags.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct WorkerPipes {
    /// Write a line of JSON for each picture to this descriptor
    #[arg(long, hide = true)]
    pub notes_fd: Option<i32>,

    /// Write the stream with outlines to this descriptor
    #[arg(long, hide = true)]
    pub overlay_fd: Option<i32>,

    /// Learn from what comes on this descriptor first
    #[arg(long, hide = true)]
    pub study_fd: Option<i32>,
}

/// A pipe: our end, and the child's, which it inherits.
pub(super) fn from_child() -> anyhow::Result<(File, OwnedFd)> {
    let (read, write) = pipe()?;
    inherit(&write)?;
    Ok((File::from(read), write))
}

/// The same for what goes to the child.
pub(super) fn to_child() -> anyhow::Result<(File, OwnedFd)> {
    let (read, write) = pipe()?;
    inherit(&read)?;
    Ok((File::from(write), read))
}

fn pipe() -> anyhow::Result<(OwnedFd, OwnedFd)> {
    pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from).context("cannot make a pipe")
}

fn inherit(end: &OwnedFd) -> anyhow::Result<()> {
    fcntl_setfd(end, FdFlags::empty()).map_err(io::Error::from).context("cannot make a pipe")
}

/// The child's flag for an end.
pub(super) fn flag(name: &str, end: &OwnedFd) -> String {
    format!("--{name}-fd={}", end.as_raw_fd())
}

impl WorkerPipes {
    /// Opens a descriptor that was inherited, for writing or for reading.
    pub(super) fn open(fd: Option<i32>, write: bool) -> anyhow::Result<Option<File>> {
        let open = |fd: i32| File::options().write(write).read(!write).open(format!("/proc/self/fd/{fd}"));
        fd.map(open).transpose().context("cannot open a pipe of the parent's")
    }
}
