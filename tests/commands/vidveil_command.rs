//! `vidveil COMMAND`: one name on PATH for the whole family.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use vidveil::cli::COMMANDS;

use crate::support::output::stderr;
use crate::support::programs::{copy_program, write_script};

fn vidveil(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// A folder as scripts/install leaves it, with a `view` that prints its arguments and ends with 7.
fn installation() -> tempfile::TempDir {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir_all(prefix.path().join("bin")).unwrap();
    fs::create_dir_all(prefix.path().join("libexec/vidveil")).unwrap();
    copy_program(Path::new(env!("CARGO_BIN_EXE_vidveil")), &prefix.path().join("bin/vidveil"));
    write_script(&prefix.path().join("libexec/vidveil/view"), "printf '<%s>' \"$@\"\nexit 7");
    prefix
}

#[test]
fn it_becomes_the_command_with_every_argument_as_it_was() {
    let prefix = installation();
    let output = vidveil(&prefix.path().join("bin/vidveil"), &["view", "--help", "-o", "a b", "--", "-x"]);
    assert_eq!(output.stdout, b"<--help><-o><a b><--><-x>");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_link_to_it_finds_the_same_commands() {
    let prefix = installation();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("veil");
    symlink(prefix.path().join("bin/vidveil"), &link).unwrap();
    assert_eq!(vidveil(&link, &["view", "x"]).stdout, b"<x>");
}

#[test]
fn alone_it_lists_the_family() {
    let output = vidveil(Path::new(env!("CARGO_BIN_EXE_vidveil")), &[]);
    let list = String::from_utf8(output.stdout).unwrap();
    for (name, about) in COMMANDS {
        assert!(list.lines().any(|line| line.trim().starts_with(name) && line.ends_with(about)), "{name}");
    }
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_unknown_command_is_a_usage_error_with_the_nearest_one() {
    let program = Path::new(env!("CARGO_BIN_EXE_vidveil"));
    let output = vidveil(program, &["veiw", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "vidveil: error: no such command: \"veiw\"\nvidveil: hint: did you mean view?\n");
    let output = vidveil(program, &["encrypt"]);
    assert!(stderr(&output).ends_with("hint: did you mean encrypt-stream?\n"));
    // A path is no name of a command, whatever lies there.
    let output = vidveil(program, &["../../../bin/sh"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_command_that_is_not_installed_is_reported() {
    let prefix = installation();
    let output = vidveil(&prefix.path().join("bin/vidveil"), &["protect"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("vidveil: error: protect is not installed next to "));
}
