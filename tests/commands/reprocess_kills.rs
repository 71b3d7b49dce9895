//! `reprocess` killed at random moments: in the end every item is done exactly once.
//!
//! A few kills here; `scripts/kill-reprocess` asks for more with VIDVEIL_KILLS.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::yard::*;

const ITEMS: usize = 24;

fn kills() -> u32 {
    std::env::var("VIDVEIL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

fn archive() -> Yard {
    let yard = Yard::new();
    fs::create_dir_all(yard.path("in/sub")).unwrap();
    for i in 0..ITEMS {
        let folder = if i % 3 == 0 { "in/sub" } else { "in" };
        let text = format!("item {i} of the archive\n").repeat(1000 + 700 * i);
        fs::write(yard.path(folder).join(format!("{i:02}.vv")), text).unwrap();
    }
    yard
}

/// Every file below, hidden ones, too.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Kills the run [`kills`] times, each time at another moment; then lets it come to its end.
fn killed_and_finished(yard: &Yard, arguments: &[&str]) {
    let mut random =
        u64::from(std::process::id()) << 32 | u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
    for _ in 0..kills() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut run = Group(yard.command("reprocess", arguments).spawn().unwrap());
        std::thread::sleep(Duration::from_millis(random >> 33 & 0xff));
        let _ = run.0.kill();
        run.0.wait().unwrap();
    }
    assert_status(&yard.command("reprocess", arguments).output().unwrap(), 0);
}

fn done_lines(yard: &Yard, folder: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let manifest = yard.state(folder).join("manifest-0-of-1.jsonl");
    for line in fs::read_to_string(manifest).unwrap().lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if line["state"] == "done" {
            *counts.entry(line["item"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn outputs_are_those_of_a_run_that_nobody_killed() {
    let yard = archive();
    let command = "tr a-z A-Z | sed 's/OF/of/'; sleep 0.02";
    assert_status(&yard.command("reprocess", &["-q", "--do", command, "in", "whole"]).output().unwrap(), 0);
    killed_and_finished(&yard, &["-q", "-j", "3", "--do", command, "in", "out"]);
    assert_eq!(content(&yard.path("out")), content(&yard.path("whole")));
    let counts = done_lines(&yard, "out");
    assert_eq!((counts.len(), counts.values().max()), (ITEMS, Some(&1)), "{counts:?}");
}

#[test]
fn what_must_not_be_done_twice_is_done_once_in_place() {
    let yard = archive();
    let mut expected = content(&yard.path("in"));
    expected.values_mut().for_each(|bytes| bytes.extend_from_slice(b"once\n"));
    killed_and_finished(&yard, &["-q", "-j", "3", "--in-place", "--do", "cat; echo once; sleep 0.02", "in"]);
    let found = content(&yard.path("in"));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} has {} bytes and not {}", found[name].len(), bytes.len());
    }
}
