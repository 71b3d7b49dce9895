//! A folder in which the built commands work, with clips made by ffmpeg and what looks at results.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::clips;
pub use super::output::{assert_says, assert_status, fed, stderr, told};
pub use super::wait::until;
use crate::support::repository;

/// A folder, and another one for what commands keep outside of it.
pub struct Yard(TempDir, TempDir);

impl Yard {
    pub fn new() -> Self {
        Yard(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap())
    }

    /// With `camera.mp4` (160x120, 10 pictures a second), `desk.key` and `certs/desk.pem`.
    pub fn with_camera(seconds: u32) -> Self {
        let yard = Yard::new();
        yard.done(&format!("scene camera.mp4 160x120 {seconds}; enroll desk"));
        yard
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Bytes of a file, 0 when there is none.
    pub fn size(&self, name: &str) -> u64 {
        std::fs::metadata(self.path(name)).map_or(0, |m| m.len())
    }

    /// Bytes of all files in a folder, 0 when there is none.
    pub fn size_of_all(&self, folder: &str) -> u64 {
        let files = std::fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        files.map(|f| f.metadata().map_or(0, |m| m.len())).sum()
    }

    /// Every name in the folder, hidden ones, too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A command of the family, in this folder.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(commands().join(name));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).env("XDG_STATE_HOME", self.1.path()).env("VIDVEIL_MODELS", "");
        command
    }

    /// Where the state of the runs into this folder is.
    pub fn state(&self, folder: &str) -> PathBuf {
        let all = self.1.path().join("vidveil/archives");
        let entries = std::fs::read_dir(&all).unwrap_or_else(|e| panic!("{}: {e}", all.display()));
        let mut found = entries.map(|e| e.unwrap().path());
        let starts = format!("{folder}-");
        found
            .find(|p| p.file_name().unwrap().to_str().unwrap().starts_with(&starts))
            .unwrap_or_else(|| panic!("no state of {folder}"))
    }

    /// bash with the functions of `tests/pipelines/prelude` and the commands first on PATH.
    pub fn shell(&self, script: &str) -> Command {
        let mut command = prelude(Command::new("bash"));
        command.args(["-c", &format!(". \"$PRELUDE\"\n{script}")]).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("XDG_STATE_HOME", self.1.path());
        command
    }

    pub fn sh(&self, script: &str) -> Output {
        self.shell(script).output().unwrap()
    }

    /// Runs the script, which must succeed without a word on stderr, and gives what it printed.
    #[track_caller]
    pub fn done(&self, script: &str) -> String {
        let output = self.sh(script);
        assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the script in a process group of its own; the whole group ends with the value.
    pub fn start(&self, script: &str) -> Group {
        Group(self.shell(script).process_group(0).spawn().unwrap())
    }
}

/// Where the built commands are; the folder VIDVEIL_COMMANDS has others, such as those of a release.
pub fn commands() -> PathBuf {
    let given = std::env::var_os("VIDVEIL_COMMANDS").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_BIN_EXE_vidveil")).parent().unwrap().into())
}

/// The commands first on PATH.
pub fn path_with_commands() -> String {
    format!("{}:{}", commands().display(), std::env::var("PATH").unwrap())
}

/// With the environment of `tests/pipelines/prelude`, and the commands first on PATH.
pub fn prelude(mut shell: Command) -> Command {
    // what is installed on this machine changes nothing
    shell.env("PATH", path_with_commands()).env("CLIPS", clips::folder()).env("VIDVEIL_MODELS", "");
    shell.env("PRELUDE", repository("tests/pipelines/prelude")).env("TESTDATA", repository("testdata"));
    shell
}

/// A running pipeline.
pub struct Group(pub Child);

impl Group {
    pub fn signal(&self, signal: Signal) {
        kill_process_group(pid(self.0.id()), signal).unwrap();
    }

    /// Waits for its end and gives what it said.
    pub fn output(mut self) -> Output {
        use std::io::Read;
        let mut output = Output { status: Default::default(), stdout: Vec::new(), stderr: Vec::new() };
        self.0.stdout.take().unwrap().read_to_end(&mut output.stdout).unwrap();
        self.0.stderr.take().unwrap().read_to_end(&mut output.stderr).unwrap();
        output.status = self.0.wait().unwrap();
        output
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = kill_process_group(pid(self.0.id()), Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

pub fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

pub fn kill(id: u32, signal: Signal) {
    kill_process(pid(id), signal).unwrap();
}
