//! Every fuzz target has a test that runs it on the stable toolchain; the corpora stay small; the tests exist that have
//! caught the planted bugs.

use std::collections::BTreeSet;
use std::fs;

use crate::security::assert_exists;
use crate::support::repository;

/// Bytes of a target's folder in `fuzz/corpus`: what is kept comes with every clone.
const ROOM: u64 = 40 << 10;

/// Their names in the table of targets.
fn targets() -> BTreeSet<String> {
    let table = fs::read_to_string(repository("fuzz/all.rs")).unwrap();
    let (_, table) = table.split_once("\nall! {\n").unwrap();
    let (table, _) = table.split_once("\n}\n").unwrap();
    table.lines().map(|line| line.trim().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn every_fuzz_target_runs_on_the_stable_toolchain() {
    let smoke = fs::read_to_string(repository("tests/library/fuzz_smoke.rs")).unwrap();
    let targets = targets();
    assert!(targets.len() > 20, "{targets:?}");
    for target in &targets {
        assert!(smoke.contains(&format!("run(\"{target}\", ")), "fuzz_smoke does not run {target}");
    }
}

#[test]
fn corpora_are_small_and_have_a_target() {
    let targets = targets();
    for folder in fs::read_dir(repository("fuzz/corpus")).unwrap().map(|e| e.unwrap().path()) {
        let target = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(targets.contains(&target), "fuzz/corpus/{target} is no target's");
        let bytes: u64 = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes <= ROOM, "fuzz/corpus/{target} has {bytes} bytes");
    }
}

#[test]
fn every_test_exists_that_caught_a_planted_bug() {
    let page = fs::read_to_string(repository("fuzz/README.md")).unwrap();
    let (_, table) = page.split_once("\n|---|---|\n| the tag").unwrap();
    let named: Vec<&str> = table.lines().flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() >= 10, "{named:?}");
    named.iter().for_each(|name| assert_exists(name));
}
