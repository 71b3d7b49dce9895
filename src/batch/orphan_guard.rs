//! No job outlives its run: a process that waits for the end of the run, and ends what it left running.
//!
//! A run that is killed (SIGKILL, out of memory) cannot end its jobs. So the numbers of their process groups go to a
//! shell, which sees the end of its input when the run is gone.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use crate::base::lock;

/// Keeps a list of the groups that began and did not end, and kills them at the end of input.
const WATCH: &str = r#"trap '' INT TERM HUP QUIT PIPE
groups=' '
while read -r what group; do
    case $what in
        +) groups="$groups$group " ;;
        -) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
exit 0"#;

/// The process, for as long as this value lives.
#[derive(Debug)]
pub struct OrphanGuard {
    child: Child,
    list: Mutex<Option<ChildStdin>>,
}

impl OrphanGuard {
    /// Starts it, without any other variable than PATH.
    ///
    /// # Errors
    ///
    /// No shell can be started.
    pub fn start(path: &OsStr) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", WATCH])
            .env_clear()
            .env("PATH", path)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let list = Mutex::new(child.stdin.take());
        Ok(OrphanGuard { child, list })
    }

    /// A process group has begun.
    pub fn began(&self, group: u32) {
        self.write('+', group);
    }

    /// It is about to end; its number may soon be another's.
    pub fn ends(&self, group: u32) {
        self.write('-', group);
    }

    fn write(&self, what: char, group: u32) {
        let mut list = lock(&self.list);
        // without the process, jobs of a killed run go on until they end, and keep their items locked
        if let Some(list) = list.as_mut() {
            let _ = list.write_all(format!("{what} {group}\n").as_bytes());
        }
    }
}

impl Drop for OrphanGuard {
    fn drop(&mut self) {
        lock(&self.list).take();
        let _ = self.child.wait();
    }
}
