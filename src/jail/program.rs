//! A program that goes to jail.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Where the dynamic linker looks, besides the system's folders: the program itself was found with it.
const LINKER: &str = "LD_LIBRARY_PATH";

/// What computes networks would start a thread for each processor, needed or not, and what threads reserve is counted
/// as memory in jail.
const ONE_THREAD: (&str, &str) = ("RTEN_NUM_THREADS", "1");

/// A program that calls [`super::enter`] before it reads anything.
#[derive(Clone, Debug)]
pub struct JailProgram {
    /// Its file.
    pub path: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<OsString>,
    /// A kernel that cannot confine it is refused.
    pub required: bool,
}

/// Starts it without the own environment, with pipes for stdin, stdout and stderr. It is in a process group of its own:
/// a signal of the terminal is for the command, which ends it.
///
/// # Errors
///
/// The program cannot be started.
pub fn spawn(program: &JailProgram, more: impl IntoIterator<Item = OsString>, stdin: Stdio) -> io::Result<Child> {
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).args(more).env_clear().process_group(0);
    command.envs(std::env::var_os(LINKER).map(|folders| (LINKER, folders))).envs([ONE_THREAD]);
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}
