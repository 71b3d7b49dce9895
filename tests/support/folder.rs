//! A folder in which programs are run.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::clips;
use super::output::stderr;

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn run(&self, program: &str, arguments: &str) -> Output {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(arguments.split_whitespace()).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// As [`Folder::run`], with success.
    #[track_caller]
    pub fn ok(&self, program: &str, arguments: &str) -> Output {
        let output = self.run(program, arguments);
        assert!(output.status.success(), "{program} {arguments}: {}", stderr(&output));
        output
    }

    /// Every name in it, hidden ones, too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A clip in it, as [`clips::clip`] makes it.
    #[track_caller]
    pub fn clip(&self, name: &str, arguments: &str) -> PathBuf {
        clips::clip(&self.path(name), arguments);
        self.path(name)
    }

    /// Captures, with success; gives what `capture` said.
    #[track_caller]
    pub fn capture(&self, arguments: &str) -> String {
        stderr(&self.ok(env!("CARGO_BIN_EXE_capture"), &format!("--force {arguments}")))
    }

    /// Views streams that are not encrypted, with success; gives what `view` said.
    #[track_caller]
    pub fn view(&self, arguments: &str) -> String {
        stderr(&self.ok(env!("CARGO_BIN_EXE_view"), &format!("--plain-ok --force {arguments}")))
    }
}
