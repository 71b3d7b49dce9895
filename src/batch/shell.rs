//! The shell that a command runs in, and what it finds there.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rustix::io::{FdFlags, fcntl_setfd};

use super::orphan_guard::Leash;

/// Starts a command in a shell, again and again.
#[derive(Debug)]
pub struct Shell {
    program: &'static str,
    script: String,
    variables: Vec<(OsString, OsString)>,
    /// One process is started at a time, so that a job inherits its own item's lock and no other's.
    starting: Mutex<()>,
    pub leash: Leash,
}

impl Shell {
    /// For a command. `variables` are for every job; the folder of the running program comes first in PATH.
    ///
    /// The shell knows `pipefail` where there is one that does: a command that fails in the middle of a pipeline must not pass for a success.
    ///
    /// # Errors
    ///
    /// No shell can be started (1).
    pub fn new(command: &str, mut variables: Vec<(OsString, OsString)>) -> anyhow::Result<Self> {
        variables.push(("PATH".into(), path()?));
        let knows = |program: &str| {
            let mut probe = Command::new(program);
            probe.args(["-c", "set -o pipefail"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            probe.status().is_ok_and(|s| s.success())
        };
        let strict = ["sh", "bash"].into_iter().find(|program| knows(program));
        let script = match strict {
            Some(_) => format!("set -o pipefail\n{command}"),
            None => command.to_owned(),
        };
        let leash = Leash::start().context("cannot start a shell")?;
        Ok(Shell { program: strict.unwrap_or("sh"), script, variables, starting: Mutex::new(()), leash })
    }

    /// Starts a job in a process group of its own, which inherits `lock`.
    pub fn start(
        &self,
        item: &[(&str, OsString)],
        (stdin, stdout): (Stdio, Stdio),
        lock: Option<&File>,
    ) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command.arg("-c").arg(&self.script).arg("reprocess").process_group(0);
        for name in ["VIDVEIL_ITEM", "VIDVEIL_INPUT", "VIDVEIL_OUTPUT"] {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(n, v)| (n, v))).envs(item.iter().map(|(n, v)| (n, v)));
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let _one = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = lock {
            fcntl_setfd(lock, FdFlags::empty())?;
        }
        let started = command.spawn();
        if let Some(lock) = lock {
            fcntl_setfd(lock, FdFlags::CLOEXEC)?;
        }
        let child = started?;
        self.leash.began(child.id());
        Ok(child)
    }
}

/// Our own commands first.
fn path() -> anyhow::Result<OsString> {
    let own = env::current_exe().context("cannot find the folder of the commands")?;
    let folder = own.parent().unwrap_or(Path::new("/")).to_owned();
    let others = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let all = std::iter::once(folder).chain(env::split_paths(&others));
    env::join_paths(all).context("PATH cannot be made: the folder of the commands has a colon in its name")
}
