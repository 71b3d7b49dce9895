//! The manual pages are those of the flags, and are well formed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::repository;

/// The names, without ending, of the files in `folder` that end in `.extension`.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(repository(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|e| e == extension));
    files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_command_has_the_page_of_its_flags() {
    let commands = names("src/bin", "rs");
    assert!(commands.contains("vidveil"));
    assert_eq!(commands, names("man", "1"), "run scripts/make-man");
    for name in commands {
        let program = Path::new(env!("CARGO_BIN_EXE_vidveil")).with_file_name(&name);
        let output = Command::new(&program).arg("--man-page").output().unwrap();
        assert!(output.status.success(), "{name} --man-page");
        let page = fs::read(repository("man").join(format!("{name}.1"))).unwrap();
        assert!(page == output.stdout, "man/{name}.1 is not fresh: run scripts/make-man");
    }
}

#[test]
fn every_page_is_well_formed() {
    for section in ["1", "5", "7"] {
        for name in names("man", section) {
            let page = repository("man").join(format!("{name}.{section}"));
            let lint = Command::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(&page).output();
            let lint = lint.expect("mandoc is missing: run scripts/setup");
            let told = String::from_utf8_lossy(&lint.stdout).into_owned();
            // A date would make a page stale on the next day.
            let faults: Vec<&str> = told.lines().filter(|line| !line.contains("missing date")).collect();
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }
}
