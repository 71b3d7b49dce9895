//! Folders that somebody else can write to: links, pipes and foreign files in the place of what belongs there.
//!
//! What others put there is named and left alone: nothing is written, cut or removed through it, nothing hangs, and
//! what it says is not believed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::yard::*;

/// What may stand in the place of a file or a folder.
const TRAPS: [&str; 7] =
    ["link to a file", "link to nothing", "link to a folder", "hard link", "pipe", "socket", "folder"];

/// A folder outside, with a file that must stay as it is.
fn outside(yard: &Yard) -> PathBuf {
    let folder = yard.path("outside");
    fs::create_dir_all(folder.join("folder")).unwrap();
    fs::write(folder.join("profile"), "# the user's own\n").unwrap();
    fs::set_permissions(folder.join("profile"), fs::Permissions::from_mode(0o640)).unwrap();
    folder
}

/// Puts the trap at `place`; false where it makes no sense there.
fn set(trap: &str, place: &Path, outside: &Path) -> bool {
    if fs::symlink_metadata(place).is_ok_and(|m| m.is_dir()) {
        fs::remove_dir_all(place).unwrap();
    } else {
        let _ = fs::remove_file(place);
    }
    match trap {
        "link to a file" => symlink(outside.join("profile"), place).unwrap(),
        "link to nothing" => symlink(outside.join("new"), place).unwrap(),
        "link to a folder" => symlink(outside.join("folder"), place).unwrap(),
        "hard link" => fs::hard_link(outside.join("profile"), place).unwrap(),
        "pipe" => rustix::fs::mknodat(rustix::fs::CWD, place, rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap(),
        "socket" => drop(std::os::unix::net::UnixListener::bind(place).unwrap()),
        _ => fs::create_dir(place).unwrap(),
    }
    true
}

/// Everything that is outside: names, bytes, permissions.
fn state_of(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            found.extend(state_of(&path));
        }
        let bytes = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        found.insert(path, (meta.permissions().mode(), bytes));
    }
    found
}

/// Runs the script, which must end by itself.
#[track_caller]
fn ends(yard: &Yard, script: &str) -> Output {
    let output = yard.sh(&format!("timeout --kill-after=1 30 bash -c '{script}'"));
    assert!(!matches!(output.status.code(), Some(124 | 137)), "it hangs: {script}\n{}", told(&output));
    assert_ne!(output.status.code(), Some(101), "{script}\n{}", told(&output));
    output
}

/// Every file and folder below.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn nothing_that_stands_in_the_place_of_the_state_is_written_through() {
    let yard = Yard::new();
    let run = "mkdir -p in/sub; echo a > in/a.vv; echo b > in/sub/b.vv; reprocess -q --state state --do cat in out";
    assert_status(&yard.sh(run), 0);
    // whatever a run writes
    let mut places: Vec<PathBuf> = below(&yard.path("state"));
    let plan = places.iter().find(|p| p.to_str().unwrap().contains("plan-")).unwrap().file_name().unwrap().to_owned();
    for name in [plan.to_str().unwrap(), "manifest-0-of-1.jsonl"] {
        places.push(yard.path("state").join(format!(".{name}.part")));
    }
    let lock = |item: &str| {
        let hash = yard.done(&format!("printf %s {item} | sha256sum | cut -c 1-32"));
        hash.trim().to_owned()
    };
    let (a, b) = (lock("a.vv"), lock("sub/b.vv"));
    places.extend([&a, &b].map(|item| yard.path("state/locks").join(item)));
    places.extend([&a, &b].map(|item| yard.path("out/.reprocess/drafts").join(item)));
    places.extend([".reprocess", ".reprocess/drafts", "sub", "a.vv"].map(|name| yard.path("out").join(name)));
    let mut refused = 0;
    for place in places {
        for trap in TRAPS {
            assert_status(&yard.sh(&format!("rm -rf state out in outside; {run}; rm out/a.vv")), 0);
            let outside = outside(&yard);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            if !set(trap, &place, &outside) {
                continue;
            }
            let before = state_of(&outside);
            let output = ends(&yard, "reprocess -q --keep-going --again-after 0 --state state --do cat in out");
            let named = format!("{trap} at {}\n{}", place.display(), told(&output));
            assert!(state_of(&outside) == before, "{named}");
            // it is done all the same, or it is said why not
            let done = fs::read(yard.path("out/a.vv")).is_ok_and(|b| b == b"a\n") && output.status.success();
            let said = stderr(&output);
            let why = ["symbolic link", "no regular file", "hard link", "not a directory", "is a directory", "exists"];
            assert!(done || !output.status.success() && why.iter().any(|w| said.contains(w)), "{named}");
            refused += u32::from(!done);
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn the_state_is_not_in_the_archive_and_nothing_there_is_believed() {
    let yard = Yard::new();
    let run = "reprocess -q --in-place --do 'cat; echo done' in";
    assert_status(&yard.sh(&format!("mkdir in; echo a > in/a.vv; echo b > in/b.vv; {run}")), 0);
    // what the state says is of no use to who can write only the archive
    let state = yard.state("in");
    assert!(!state.starts_with(yard.path("in")));
    assert_eq!(fs::metadata(state.parent().unwrap()).unwrap().permissions().mode() & 0o077, 0);
    // as runs of before kept it
    assert_status(&yard.sh(&format!("cp -r '{}' in/.reprocess/; mv in/.reprocess/in-* in/.reprocess/x; cp -r in/.reprocess/x/. in/.reprocess/; mkdir -p in/.reprocess/locks", state.display())), 0);
    fs::remove_dir_all(&state).unwrap();
    assert_status(&yard.sh(run), 0);
    assert_eq!(yard.text("in/a.vv"), "a\ndone\ndone\n", "a manifest in the archive was believed");
    // an older file with the size and the time of the one that is known
    assert_status(&yard.sh("touch -r in/a.vv time; printf 'a\\nDONE\\ndone\\n' > in/a.vv; touch -r time in/a.vv"), 0);
    assert_status(&yard.sh(run), 0);
    assert_eq!(yard.text("in/a.vv"), "a\nDONE\ndone\ndone\n", "size and time were believed");
    assert_eq!(yard.text("in/b.vv"), "b\ndone\ndone\n");
    // the same bytes anew are the same: nothing is done twice
    assert_status(&yard.sh("cp -p in/b.vv b; rm in/b.vv; cp b in/b.vv; chmod 600 in/a.vv"), 0);
    assert_status(&yard.sh(run), 0);
    assert_eq!(yard.text("in/b.vv"), "b\ndone\ndone\n");
}

#[test]
fn an_output_that_was_exchanged_is_made_again() {
    let yard = Yard::new();
    let run = "reprocess -q --do 'tr a-z A-Z' in out";
    assert_status(&yard.sh(&format!("mkdir in; echo a > in/a.vv; echo b > in/b.vv; {run}; touch -r out/a.vv time")), 0);
    assert_status(&yard.sh("echo X > out/a.vv; touch -r time out/a.vv; cp out/b.vv b; rm out/b.vv; cp b out/b.vv"), 0);
    let before = fs::metadata(yard.path("out/b.vv")).unwrap().modified().unwrap();
    assert_status(&yard.sh(run), 0);
    assert_eq!((yard.text("out/a.vv"), yard.text("out/b.vv")), ("A\n".into(), "B\n".into()));
    // what has the right hash stays
    assert_eq!(fs::metadata(yard.path("out/b.vv")).unwrap().modified().unwrap(), before);
}

/// An archive of segments, of which the last was left by a recorder that died.
fn recorded(yard: &Yard) -> Vec<PathBuf> {
    yard.done(
        "scene camera.mp4 160x120 6; enroll desk
         capture -q --camera gate camera.mp4 | encrypt-stream -q -r certs --rekey-interval 1s -o sealed.vv
         record -q recorded --segment 2s < sealed.vv
         last=$(ls recorded/*.vv | tail -n 1); mv \"$last\" \"$last.part\"; truncate -s -40 \"$last.part\"",
    );
    below(&yard.path("recorded"))
}

#[test]
fn what_stands_in_the_place_of_a_segment_is_named_and_left_alone() {
    let yard = Yard::new();
    let segments = recorded(&yard);
    let part = segments.iter().find(|s| s.extension().unwrap() == "part").unwrap();
    let finished = segments.iter().find(|s| s.extension().unwrap() == "vv").unwrap();
    for place in [part, finished] {
        for trap in TRAPS {
            let readers = [
                "record --list archive",
                "verify archive",
                "decrypt-stream -i desk.key archive -o /dev/null",
                "inspect archive",
                "reprocess -q -k --again-after 0 --do cat archive copies",
                "encrypt-stream -q -r certs --continue archive sealed.vv -o /dev/null",
                "record -q archive --keep-bytes 1 < sealed.vv",
                "record -q archive < sealed.vv",
            ];
            assert_status(&yard.sh("rm -rf archive outside; cp -r recorded archive"), 0);
            let outside = outside(&yard);
            let place = yard.path("archive").join(place.file_name().unwrap());
            set(trap, &place, &outside);
            let before = state_of(&outside);
            for reader in readers {
                let output = ends(&yard, reader);
                let named = format!("{reader}: {trap} at {}\n{}", place.display(), told(&output));
                assert!(state_of(&outside) == before, "{named}");
            }
            let kind = fs::symlink_metadata(&place);
            let there =
                kind.is_ok_and(|m| m.is_symlink() || m.file_type().is_fifo() || !m.is_file() || trap == "hard link");
            assert!(there || place == yard.path("archive").join(finished.file_name().unwrap()), "{trap} is gone");
        }
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_can_be_left() {
    let yard = Yard::with_camera(1);
    yard.done("mkfifo pipe.vv; mkdir f; cp certs/desk.pem f; mkfifo f/pipe.pem f/pipe.crl");
    for script in ["verify pipe.vv", "decrypt-stream -i desk.key pipe.vv", "inspect pipe.vv", "view pipe.vv"] {
        for signal in [Signal::TERM, Signal::INT] {
            // a shell in the background starts what it starts without SIGINT
            let group = yard.start(&format!("exec env --default-signal=INT,TERM {script}"));
            let waits = || fs::read_to_string(format!("/proc/{}/syscall", group.0.id())).unwrap_or_default();
            let name = script.split(' ').next().unwrap();
            until("it waits", || {
                let comm = fs::read_to_string(format!("/proc/{}/comm", group.0.id())).unwrap_or_default();
                comm.trim() == name && waits().starts_with(|c: char| c.is_ascii_digit())
            });
            std::thread::sleep(Duration::from_millis(300));
            group.signal(signal);
            let output = group.output();
            // by its handler, or where a command has none by the signal
            assert!(matches!(output.status.code(), Some(130) | None), "{script}\n{}", told(&output));
        }
    }
    // one that somebody writes to is an input like any other
    yard.done(
        "capture -q camera.mp4 -o clip.vv; (sleep 0.5; cat clip.vv) > pipe.vv & inspect --json pipe.vv > facts; wait",
    );
    // in a folder of certificates or lists it is none
    let output = ends(&yard, "encrypt-stream -r f clip.vv -o /dev/null");
    assert_status(&output, 0);
    assert!(stderr(&output).contains("pipe.pem") && stderr(&output).contains("no regular file"), "{}", told(&output));
}

#[test]
fn the_record_of_the_revoked_is_never_written_through_a_link() {
    use crate::support::authority::Authority;
    for trap in TRAPS {
        let yard = Yard::with_camera(1);
        let ca = Authority::new("CA");
        ca.recipient("gone", 30);
        ca.recipient("here", 30);
        ca.revoke("gone", "lists.crl", true);
        yard.done("capture -q camera.mp4 -o clip.vv; mkdir certs2 lists");
        for (from, to) in [
            ("gone.pem", "certs2/gone.pem"),
            ("here.pem", "certs2/here.pem"),
            ("lists.crl", "lists/a.crl"),
            ("ca.pem", "ca.pem"),
        ] {
            yard.write(to, &ca.read(from));
        }
        let outside = outside(&yard);
        set(trap, &yard.path("lists/.vidveil-revoked"), &outside);
        let before = state_of(&outside);
        let output = ends(&yard, "encrypt-stream -q -r certs2 --crl lists --ca ca.pem clip.vv -o out.vv");
        assert!(state_of(&outside) == before, "{trap}\n{}", told(&output));
        if trap != "hard link" {
            assert!(
                !output.status.success() && stderr(&output).contains(".vidveil-revoked"),
                "{trap}\n{}",
                told(&output)
            );
        }
    }
}

#[test]
fn what_a_job_opened_is_for_its_user_alone_whatever_had_its_name() {
    let yard = Yard::with_camera(1);
    yard.done(
        "mkdir in; capture -q camera.mp4 | encrypt-stream -q -r certs/ > in/a.vv; umask 022
         mkdir plain taken given; echo old > taken/a.vv; chmod 666 taken/a.vv; [ $UID != 0 ] || chown 60001 taken/a.vv
         open='reprocess -q -i desk.key --do'
         $open 'decrypt-stream -q; stat -c %a plain/.reprocess/drafts/* > draft' in plain
         $open 'decrypt-stream -q' in taken
         $open 'decrypt-stream -q' --mode 640 in given
         $open 'protect -q --learn 0s' in public
         reprocess -q --do cat in sealed
         reprocess -q --do 'decrypt-stream -q -i desk.key | view -q --plain-ok -o - -' --suffix .mkv in film",
    );
    let id = yard.done("id -u").trim().to_owned();
    for (file, mode) in [
        ("plain/a.vv", "600"),
        ("taken/a.vv", "600"),
        ("given/a.vv", "640"),
        ("public/a.vv", "644"),
        ("sealed/a.vv", "644"),
        ("film/a.mkv", "600"),
    ] {
        assert_eq!(yard.done(&format!("stat -c '%a %u' {file}")), format!("{mode} {id}\n"), "{file}");
    }
    assert_eq!(yard.text("draft"), "600\n");
    // in its place an item stays as open as it was
    yard.done("enroll more; chmod 664 in/a.vv; reprocess -q -i desk.key --in-place --do 'rewrap -q -r certs' in");
    assert_eq!(yard.done("stat -c %a in/a.vv"), "664\n");
}

#[test]
fn a_state_that_others_can_write_is_warned_of() {
    let yard = Yard::with_camera(1);
    yard.done("mkdir in; capture -q camera.mp4 | encrypt-stream -q -r certs/ > in/a.vv");
    let warned = |prepare: &str| {
        let run = "reprocess -q --do cat --again-after 0s --state state in out";
        let output = yard.sh(&format!("{prepare}; {run}"));
        assert_status(&output, 0);
        stderr(&output)
    };
    assert_eq!(warned("mkdir -m 755 state"), "");
    let line = |place: &str, who: &str, mode: &str| {
        format!(
            "reprocess: warning: the state of the runs: \"{place}\" can be written by {who} (mode {mode}): whoever may do that \
             decides what counts as done\n"
        )
    };
    assert_eq!(warned("chmod 777 state"), line("state", "everybody", "0777"));
    assert_eq!(warned("chmod 755 state; chmod 777 state/locks"), line("state/locks", "everybody", "0777"));
    assert_eq!(
        warned("chmod 755 state/locks; chmod 666 state/*.jsonl"),
        line("state/manifest-0-of-1.jsonl", "everybody", "0666")
    );
    // who can write the folder around it can put another one there, unless everybody can only change his own
    assert_eq!(warned("chmod 644 state/*.jsonl; chmod 777 ."), line(".", "everybody", "0777"));
    assert_eq!(warned("chmod 1777 ."), "");
    if rustix::process::geteuid().is_root() {
        assert!(warned("chmod 700 .; chown 60001 state").contains("belongs to the user with the number 60001"));
    }
}

#[test]
fn recorders_that_begin_at_once_take_nothing_from_each_other() {
    const RECORDERS: usize = 40;
    let yard = Yard::with_camera(1);
    yard.done(&format!(
        "mkdir s; for i in $(seq {RECORDERS}); do capture -q --camera c$i camera.mp4 | encrypt-stream -q -r certs -o s/$i.vv; done"
    ));
    for round in 0..3 {
        let output = yard.sh(&format!(
            "rm -rf archive; for i in $(seq {RECORDERS}); do record -q archive < s/$i.vv & done
             for job in $(jobs -p); do wait $job || exit 1; done"
        ));
        assert_status(&output, 0);
        assert_eq!(stderr(&output), "");
        let names = below(&yard.path("archive"));
        let finished = names.iter().filter(|n| n.extension().unwrap() == "vv").count();
        assert_eq!((finished, names.len()), (RECORDERS, RECORDERS), "round {round}: {names:?}");
        assert!(names.iter().all(|n| fs::metadata(n).unwrap().len() > 1000));
    }
}
