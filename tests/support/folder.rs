//! A folder in which programs are run.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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
}
