//! The frame around the commands that handle video from outside.
//!
//! Such a command is its own child for that. The other commands have nothing of libav in them: they start in a tenth of
//! the time, and what is wrong in it is not wrong in them.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

use clap::Parser;

use crate::foreign;

use super::run::{forbid_core_dumps, run};
use super::{Session, Status};

/// Makes a process the child that handles video from outside; only as the first argument, and in no help text.
pub(crate) const FOREIGN: &str = "--handle-foreign-video";

/// Runs a command as [`run`] does, or the child that it has started.
pub fn run_with_video<A: Parser>(
    name: &'static str,
    command: impl FnOnce(A, &Session) -> anyhow::Result<()>,
) -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(FOREIGN)) {
        return run(name, command);
    }
    forbid_core_dumps();
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let ends =
        || Ok::<_, io::Error>((io::stdin().as_fd().try_clone_to_owned()?, io::stdout().as_fd().try_clone_to_owned()?));
    let served = ends().is_ok_and(|(input, output)| foreign::serve(&words, input.into(), output.into()));
    if served { Status::Done.into() } else { Status::Failed.into() }
}
