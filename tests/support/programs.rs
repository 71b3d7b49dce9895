//! Programs that a test makes and then runs.
//!
//! A program that is open for writing anywhere cannot be run ("text file busy"), and a process which another thread
//! starts inherits for a moment what this one has open. So a process of its own writes the file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::yard::{commands, told};
use crate::support::repository;

/// Writes a script of /bin/sh that can be run at once.
pub fn write_script(path: &Path, script: &str) {
    let mut install =
        Command::new("install").args(["-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    install.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    assert!(install.wait().unwrap().success(), "{path:?}");
}

/// Copies a program to where it can be run at once.
pub fn copy_program(from: &Path, to: &Path) {
    let status = Command::new("install").args(["-m", "755"]).args([from, to]).status().unwrap();
    assert!(status.success(), "{to:?}");
}

/// Builds a package of its own below `tests`, without a time limit: the first time takes minutes on a slow machine.
/// Gives the folder of its programs.
pub fn built_package(name: &str) -> PathBuf {
    let manifest = repository("tests").join(name).join("Cargo.toml");
    // next to debug/, wherever that is
    let target = commands().with_file_name(name);
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    build.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(manifest).arg("--target-dir").arg(&target);
    let output = build.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{build:?}\n{}", told(&output));
    target.join("debug")
}
