//! The shell that a command runs in, and what it finds there.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::io::{FdFlags, fcntl_setfd};

use crate::base::lock;

use super::error::BatchError;
use super::orphan_guard::OrphanGuard;

/// What jobs have of this process, besides what is theirs.
#[derive(Clone, Debug, Default)]
pub struct JobSurroundings<'a> {
    /// Variables of the environment that they do not get.
    pub without: Vec<OsString>,
    /// Variables that they get.
    pub variables: Vec<(OsString, OsString)>,
    /// Descriptors that they inherit, under the same numbers.
    pub descriptors: Vec<BorrowedFd<'a>>,
}

/// Starts a command in a shell, again and again.
pub struct Shell<'a> {
    program: &'static str,
    script: String,
    path: OsString,
    surroundings: &'a JobSurroundings<'a>,
    /// One process is started at a time, so that a job inherits its own item's lock and no other's, and no other
    /// process what is for jobs.
    starting: Mutex<()>,
    pub orphan_guard: OrphanGuard,
}

impl<'a> Shell<'a> {
    /// A shell for a command. The folder of the running program comes first in PATH.
    ///
    /// The shell knows `pipefail` where there is one that does: a command that fails in the middle of a pipeline must
    /// not pass for a success.
    ///
    /// # Errors
    ///
    /// No shell can be started.
    pub fn new(command: &str, surroundings: &'a JobSurroundings<'a>) -> Result<Self, BatchError> {
        let path = path()?;
        let knows = |program: &str| {
            let mut probe = Command::new(program);
            probe.env_clear().env("PATH", &path);
            probe.args(["-c", "set -o pipefail"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            probe.status().is_ok_and(|s| s.success())
        };
        let strict = ["sh", "bash"].into_iter().find(|program| knows(program));
        let script = match strict {
            Some(_) => format!("set -o pipefail\n{command}"),
            None => command.to_owned(),
        };
        let orphan_guard = OrphanGuard::start(&path).map_err(BatchError::Shell)?;
        let program = strict.unwrap_or("sh");
        Ok(Shell { program, script, path, surroundings, starting: Mutex::new(()), orphan_guard })
    }

    /// Starts a job in a process group of its own, which inherits `lock_of_item`.
    ///
    /// # Errors
    ///
    /// The system does not let it start.
    pub fn start(
        &self,
        item: &[(&str, OsString)],
        (stdin, stdout): (Stdio, Stdio),
        lock_of_item: Option<&File>,
    ) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command.arg("-c").arg(&self.script).arg("reprocess").process_group(0);
        for name in ["VIDVEIL_ITEM", "VIDVEIL_INPUT", "VIDVEIL_OUTPUT"] {
            command.env_remove(name);
        }
        for name in &self.surroundings.without {
            command.env_remove(name);
        }
        command.envs(self.surroundings.variables.iter().map(|(name, value)| (name, value)));
        command.env("PATH", &self.path).envs(item.iter().map(|(n, v)| (n, v)));
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let _one = lock(&self.starting);
        let inherited = self.surroundings.descriptors.iter().copied().chain(lock_of_item.map(AsFd::as_fd));
        let inherited: Vec<_> = inherited.collect();
        let mark = |flags| inherited.iter().try_for_each(|descriptor| fcntl_setfd(descriptor, flags));
        let started = mark(FdFlags::empty()).map_err(io::Error::from).and_then(|()| command.spawn());
        mark(FdFlags::CLOEXEC)?;
        let child = started?;
        self.orphan_guard.began(child.id());
        Ok(child)
    }
}

/// PATH with our own commands first.
fn path() -> Result<OsString, BatchError> {
    let own = env::current_exe().map_err(BatchError::OwnFolder)?;
    let folder = own.parent().unwrap_or(Path::new("/")).to_owned();
    let others = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let all = std::iter::once(folder).chain(env::split_paths(&others));
    env::join_paths(all).map_err(BatchError::Path)
}
