//! The Nth call of the system fails, for every N and every command that writes: the work is done, or exit status 1 and
//! nothing half under a final name. A fault of the machine is never called damage, and nothing hangs.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use crate::support::random::Random;
use crate::support::writers::{WRITERS, yard};
use crate::support::yard::*;
use crate::support::{repository, thorough};

/// Calls that fail, and how. EINTR is no failure: the call is made again.
const FAULTS: [(&str, &[&str]); 12] = [
    ("read", &["EIO", "EINTR"]),
    ("pread64", &["EIO", "EINTR"]),
    ("write", &["ENOSPC", "EDQUOT", "EIO", "EINTR"]),
    ("copy_file_range", &["EIO", "ENOSPC"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("fdatasync", &["EIO"]),
    ("rename,renameat,renameat2", &["EIO", "ENOSPC"]),
    ("link,linkat", &["EIO", "EDQUOT"]),
    ("mkdir,mkdirat", &["ENOSPC"]),
    ("openat,open", &["EIO", "EMFILE", "ENOSPC"]),
    ("ftruncate", &["EIO"]),
    ("close", &["EIO"]),
];

/// Calls of every third command that fail; with VIDVEIL_THOROUGH every call of every command.
const SOME: usize = 3;

/// An empty folder in the place of a disk.
const CLEAN: &str = "rm -rf disk; mkdir disk; ";

/// How often a process made each call: what it did before its program and the libraries were loaded, and the most that
/// any thread did.
fn counted(log: &str) -> BTreeMap<&str, (usize, usize)> {
    let mut threads: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut loaded = BTreeMap::new();
    let main = log.split(' ').next().unwrap_or_default();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        *threads.entry((thread, name)).or_default() += 1;
        if thread == main && arguments.contains(".so") {
            loaded = threads.clone();
        }
    }
    let mut calls = BTreeMap::new();
    for ((_, name), count) in &threads {
        let (_, last) = calls.entry(*name).or_insert((loaded.get(&(main, *name)).copied().unwrap_or(0), 0));
        *last = *count.max(last);
    }
    calls
}

/// For strace: those of the calls that the system has.
fn known(names: &str) -> String {
    names.split(',').map(|name| format!("?{name}")).collect::<Vec<_>>().join(",")
}

/// What is wrong with how the command ended, one of whose calls failed.
fn wrong(output: &Output) -> Option<&'static str> {
    let said = stderr(output);
    let kept_silent = said.trim().is_empty();
    match output.status.code() {
        _ if said.contains("panicked") => Some("it panicked"),
        _ if !output.stdout.is_empty() => Some("files are not as they should be"),
        Some(0) => None,
        Some(1) if kept_silent => Some("it does not say why"),
        // of several certificates the one that cannot be read is left out
        Some(4) if said.contains("left out") => None,
        Some(1) => None,
        // the loader's own
        Some(127) if said.contains("shared libraries") => None,
        Some(124) => Some("it hangs"),
        _ => Some("it is no failure of the machine"),
    }
}

#[test]
fn a_call_that_fails_is_a_failure_and_nothing_else() {
    let yard = yard();
    let mut random = Random(0x6661_756c_7473);
    let mut failed = Vec::new();
    let mut runs = 0;
    let first = if thorough() { 0 } else { random.below(3) };
    for writer in WRITERS.iter().skip(first).step_by(if thorough() { 1 } else { 3 }) {
        let output = yard.sh(&format!(
            "set +e +o pipefail; {CLEAN}{}",
            writer.script(
                &format!("strace -f -qq -o log -e trace={}", known(&FAULTS.map(|(names, _)| names).join(","))),
                ""
            )
        ));
        assert_status(&output, 0);
        let log = yard.text("log");
        let calls = counted(&log);
        let mut faults = Vec::new();
        for (names, errors) in FAULTS {
            // the names are of one call, of which a system has the one or the other
            let found = names.split(',').filter_map(|name| calls.get(name)).max_by_key(|(_, last)| *last);
            let (loaded, last) = found.copied().unwrap_or_default();
            let calls = (loaded + 1..=last).collect::<Vec<_>>();
            if !calls.is_empty() {
                faults.extend(errors.iter().map(|error| (names, *error, calls.clone())));
            }
        }
        let all = faults.iter().flat_map(|(names, error, calls)| calls.iter().map(move |n| (*names, *error, *n)));
        let some = |_| {
            let (names, error, calls) = &faults[random.below(faults.len())];
            (*names, *error, calls[random.below(calls.len())])
        };
        let chosen: Vec<_> = if thorough() { all.collect() } else { (0..SOME).map(some).collect() };
        for (names, error, n) in chosen {
            runs += 1;
            let before = format!("timeout 100 strace -f -qq -o log -e inject={}:error={error}:when={n}", known(names));
            let output = yard.sh(&format!("set +e +o pipefail; {CLEAN}{}", writer.script(&before, "")));
            // the number of a call that is to fail is taken away, and nobody in jail may call that
            if yard.text("log").contains("SIGSYS") {
                continue;
            }
            let mut wrong = wrong(&output);
            if wrong.is_none() && error == "EINTR" && output.status.code() != Some(0) {
                wrong = Some("it gives up where a call was interrupted");
            }
            failed.extend(wrong.map(|w| format!("{w}: {names} {n}, {error}: {}\n{}", writer.command, told(&output))));
        }
    }
    assert!(failed.is_empty(), "{}\n{} of {runs} runs", failed.join("\n"), failed.len());
}

#[test]
fn short_and_interrupted_reads_and_writes_change_nothing() {
    let yard = yard();
    let source = repository("tests/support/short_calls.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(yard.path("short.so")).arg(source).arg("-ldl");
    assert_status(&compiler.output().unwrap(), 0);
    let mut failed = Vec::new();
    for writer in WRITERS {
        for seed in 1..=if thorough() { 20 } else { 1 } {
            let before = format!("LD_PRELOAD=$PWD/short.so SHORT_SEED={seed} timeout 100");
            let output = yard.sh(&format!("set +e +o pipefail; {CLEAN}{}", writer.script(&before, "")));
            if output.status.code() != Some(0) || !output.stdout.is_empty() {
                failed.push(format!("{} with seed {seed}\n{}", writer.command, told(&output)));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
