//! `scripts/install`: one name on PATH, and gone again without a trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::repository;

fn install(arguments: &[&str], prefix: &Path) -> Output {
    let script = repository("scripts/install");
    Command::new(script).args(arguments).arg(prefix).output().unwrap()
}

fn built() -> &'static str {
    Path::new(env!("CARGO_BIN_EXE_vidveil")).parent().unwrap().to_str().unwrap()
}

#[track_caller]
fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every path below `folder`, relative, in order.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            paths.push(path.strip_prefix(folder).unwrap().to_owned());
        }
    }
    paths.sort();
    paths
}

#[test]
fn it_installs_one_name_and_uninstalls_everything() {
    let machine = tempfile::tempdir().unwrap();
    let prefix = machine.path().join("usr local");
    fs::create_dir_all(prefix.join("bin")).unwrap();
    fs::write(prefix.join("bin/view"), "vim's").unwrap();
    let before = tree(machine.path());

    assert_done(&install(&["--no-build", "--from", built()], &prefix));
    let mut names: Vec<_> = fs::read_dir(prefix.join("bin")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["vidveil", "view"]);
    assert_eq!(fs::read(prefix.join("bin/view")).unwrap(), b"vim's");
    for source in fs::read_dir(repository("src/bin")).unwrap() {
        let name = source.unwrap().path().file_stem().unwrap().to_owned();
        assert!(name == "vidveil" || prefix.join("libexec/vidveil").join(&name).is_file(), "{name:?}");
    }
    let pages = tree(&prefix.join("share/man"));
    assert!(pages.contains(&PathBuf::from("man1/vidveil.1")));
    assert!(
        pages
            .iter()
            .filter(|p| p.extension().is_some())
            .all(|p| { p.file_name().unwrap().to_string_lossy().starts_with("vidveil") })
    );

    let help = Command::new(prefix.join("bin/vidveil")).arg("--help").output().unwrap();
    assert_done(&help);
    assert!(String::from_utf8(help.stdout).unwrap().contains("encrypt-stream"));

    // Once more over it, then away.
    assert_done(&install(&["--no-build", "--from", built()], &prefix));
    assert_done(&install(&["--uninstall"], &prefix));
    assert_eq!(tree(machine.path()), before);
}

#[test]
fn uninstalling_what_is_not_there_is_an_error() {
    let machine = tempfile::tempdir().unwrap();
    let output = install(&["--uninstall"], machine.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing of ours"));
}
