//! `rewrap` that is killed, or finds the disk full or broken, at each of its writes: what was there still opens for the
//! old recipients or the new ones, and the same call finishes it.

use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use crate::support::streams::{Recipients, SECOND, sealed_to};
use crate::support::yard::{Yard, assert_status, told};

/// What changes a file, or says that it is to stay.
const CALLS: [&str; 7] = ["write", "pwrite64", "ftruncate", "fdatasync", "fsync", "rename", "renameat2"];

/// `cam.vv`: two key sessions for the desk; `new.key` and `new/` are who shall open it.
fn recorded() -> Yard {
    let yard = Yard::new();
    yard.write("cam.vv", &sealed_to(Recipients { first: vec!["p256"], later: vec!["p256", "rsa2048"] }, 600 * SECOND));
    yard.done(
        "mkdir new; cp $TESTDATA/certs/p384.pem new; cp $TESTDATA/certs/p256.key desk.key; cp $TESTDATA/certs/p384.key new.key
         chmod 600 desk.key new.key; decrypt-stream -i desk.key cam.vv -o plain.vv",
    );
    assert_eq!(yard.done("inspect --json cam.vv | jq .sessions"), "2\n");
    yard
}

/// The command with something done to the call of this name and number, counted from 1; `None` when there is no such
/// call.
fn stopped(yard: &Yard, command: &str, call: &str, number: usize, what: &str) -> Option<Output> {
    let strace = format!("strace -f -qq -o calls -e trace={call} -e inject={call}:{what}:when={number}");
    let output = yard.sh(&format!("exec {strace} {command}"));
    let calls = yard.text("calls");
    let was = calls.contains("(INJECTED)") || calls.contains("killed by SIGKILL") || output.status.signal().is_some();
    was.then_some(output)
}

/// Every call of the command, stopped in each way.
fn stops() -> impl Iterator<Item = (&'static str, &'static str)> {
    let ways = ["signal=KILL", "error=ENOSPC", "error=EIO"];
    CALLS.into_iter().flat_map(move |call| ways.into_iter().map(move |way| (call, way)))
}

#[test]
fn in_place_each_session_opens_with_the_old_list_or_the_new_one() {
    let yard = recorded();
    let old = yard.bytes("cam.vv");
    let command = "rewrap --in-place -i desk.key -r new here.vv";
    let mut counted = std::collections::BTreeMap::<&str, usize>::new();
    for (call, way) in stops() {
        for number in 1.. {
            yard.write("here.vv", &old);
            let Some(output) = stopped(&yard, command, call, number, way) else { break };
            *counted.entry(call).or_default() += 1;
            let what = format!("{way} at {call} number {number}: {}", told(&output));
            assert_eq!(yard.size("here.vv"), old.len() as u64, "{what}");
            // whoever has both keys sees all of it, whichever list counts in which session
            let both = yard.sh("decrypt-stream -q -i desk.key -i new.key here.vv -o both.vv -f");
            assert_status(&both, 0);
            assert!(yard.bytes("both.vv") == yard.bytes("plain.vv"), "{what}");
            let finished = yard.sh("rewrap -q --in-place -i desk.key -i new.key -r new here.vv");
            assert_eq!(finished.status.code(), Some(0), "{what}, then {}", told(&finished));
            let opened = yard.sh("decrypt-stream -q -i new.key here.vv | cmp - plain.vv");
            assert_eq!(opened.status.code(), Some(0), "{what}, then {}", told(&opened));
            assert_status(&yard.sh("decrypt-stream -q -i desk.key here.vv"), 4);
        }
    }
    // two lists are written and two wiped, and each is synced once for both; three ways
    let least = [("write", 3 * 4), ("fdatasync", 3 * 2)];
    for (call, least) in least {
        assert!(counted.get(call).is_some_and(|n| *n >= least), "{call}: {counted:?}");
    }
}

#[test]
fn a_copy_is_whole_or_says_that_it_is_cut_and_the_original_is_as_it_was() {
    let yard = recorded();
    let old = yard.bytes("cam.vv");
    let before = yard.names();
    let mut count = 0;
    for (call, way) in stops() {
        for number in 1.. {
            let copied = "rewrap -q -i desk.key -r new cam.vv -o new.vv";
            let Some(output) = stopped(&yard, copied, call, number, way) else { break };
            count += 1;
            let what = format!("{way} at {call} number {number}: {}", told(&output));
            assert!(yard.bytes("cam.vv") == old, "{what}");
            let opened = yard.sh("decrypt-stream -q -i new.key new.vv -o opened.vv");
            let is_whole = opened.status.success() && yard.bytes("opened.vv") == yard.bytes("plain.vv");
            if way.contains("KILL") {
                // who is killed leaves what was written, which does not pass for the whole
                let status = opened.status.code();
                assert!(is_whole || !yard.exists("new.vv") || status == Some(3), "{what}, then {}", told(&opened));
            } else {
                assert_eq!(yard.exists("new.vv"), is_whole, "{what}, then {}", told(&opened));
                assert!(!output.status.success() || is_whole, "{what}");
                let left: Vec<_> = yard.names().into_iter().filter(|n| !before.contains(n)).collect();
                assert!(
                    left.iter().all(|n| ["new.vv", "opened.vv", "calls"].contains(&n.as_str())),
                    "{what}: {left:?}"
                );
            }
            yard.sh("rm -f new.vv opened.vv .new.vv* new.vv.*");
        }
        yard.sh("rm -f new.vv opened.vv");
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn on_a_full_disk_nothing_is_lost_and_nothing_half_is_left() {
    let yard = recorded();
    // a disk of a megabyte, filled to its last byte
    let full = |script: &str| {
        yard.sh(&format!(
            "mkdir -p disk
             exec unshare $([ $(id -u) = 0 ] || echo -Ur) -m bash -c '
                 mount -t tmpfs -o size=1m none disk || exit 77
                 cp cam.vv disk; cat /dev/zero > disk/filling 2> filling.txt
                 {script}'"
        ))
    };
    let copied = full(
        "rewrap -q -i desk.key -r new disk/cam.vv -o disk/new.vv; echo status $?
         cmp disk/cam.vv cam.vv && ls -A disk",
    );
    if copied.status.code() == Some(77) {
        eprintln!("skipped: no mount namespace");
        return;
    }
    let said = String::from_utf8_lossy(&copied.stdout).into_owned();
    assert_eq!(said, "status 1\ncam.vv\nfilling\n", "{}", told(&copied));
    assert!(told(&copied).to_lowercase().contains("no space"), "{}", told(&copied));
    // inside the file there is room, and state on a full disk is no reason to stop
    let inside = full(
        "export XDG_STATE_HOME=$PWD/disk/state
         rewrap -q --in-place -i desk.key -r new disk/cam.vv; echo status $?
         decrypt-stream -q -i new.key disk/cam.vv | cmp - plain.vv && echo whole",
    );
    assert_eq!(String::from_utf8_lossy(&inside.stdout), "status 0\nwhole\n", "{}", told(&inside));
}
