//! What a command has in its memory stays there: no core file, whatever the shell's limit is, and nobody but root looks
//! into it, another process of the same user neither.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::process::{Signal, geteuid, kill_process};

use crate::support::yard::{Yard, commands, kill, pid, until};

/// Becomes somebody who is not root.
const NOBODY: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";

/// The process and the processes that it has started.
fn family(pid: u32) -> Vec<u32> {
    // each thread has its own
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let children = threads.map(of).collect::<Vec<_>>().join(" ");
    let children: Vec<u32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    children.into_iter().flat_map(family).chain([pid]).collect()
}

#[test]
fn no_command_leaves_a_core_file_or_lets_others_look_into_it() {
    let yard = Yard::with_camera(4);
    yard.done(
        "capture camera.mp4 > plain.vv; encrypt-stream -r certs --rekey-interval 1s < plain.vv > sealed.vv
         mkdir archive; record -q archive < sealed.vv; mkdir bin; chmod -R a+rX,u+w .",
    );
    let somebody = if geteuid().is_root() { NOBODY } else { "" };
    if geteuid().is_root() {
        yard.done("chown -R 65534:65534 .");
    }
    // where dumps go to a program of the system, there is no file to look for
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    for (name, arguments, input) in [
        ("encrypt-stream", "-r certs", "plain.vv"),
        ("decrypt-stream", "-q -i desk.key", "sealed.vv"),
        ("rewrap", "-q -i desk.key -r certs", "sealed.vv"),
        ("protect", "-q -i desk.key --learn 0s", "sealed.vv"),
        // the key agent: its command waits for its end
        ("reprocess", "-q -i desk.key --do 'exec tail -s 0.2 -f --pid=$PPID /dev/null' archive done", "sealed.vv"),
    ] {
        // commands that others may not reach where they were built
        for each in [name, "decrypt-stream"] {
            fs::copy(commands().join(each), yard.path("bin").join(each)).unwrap();
        }
        let script = format!("umask 0; ulimit -c unlimited; exec {somebody} bin/{name} {arguments} > out");
        let mut shell = yard.shell(&script);
        shell.env("XDG_STATE_HOME", yard.path("state")).env("XDG_RUNTIME_DIR", yard.path(""));
        let mut child = shell.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let bytes = yard.bytes(input);
        let mut stdin = child.stdin.take().unwrap();
        // most of it, so that it is at work, and no end
        stdin.write_all(&bytes[..bytes.len() * 4 / 5]).unwrap();
        let is_here = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
        let at_work = || match name {
            "reprocess" => family(child.id()).len() > 1,
            _ => yard.size("out") > 0,
        };
        until(&format!("{name} is at work"), || is_here(child.id()) && at_work());
        let ours = family(child.id()).into_iter().filter(|pid| is_here(*pid)).collect::<Vec<_>>();
        assert!(name != "protect" || ours.len() > 1, "the process that decodes is there");
        for process in &ours {
            let memory = format!("/proc/{process}/mem");
            let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert!(core.split_whitespace().collect::<Vec<_>>()[4..6] == ["0", "0"], "{name}: {core}");
            // what forbids dumps belongs to root
            assert_eq!(fs::metadata(&memory).unwrap().uid(), 0, "{name}");
            let look = format!("exec {somebody} head -c 1 /proc/{process}/environ");
            let looked = Command::new("bash").args(["-c", &look]).output().unwrap();
            // one that was about to execute a job is that job by now
            let is_job = !is_here(*process);
            assert!(is_job || !looked.status.success(), "{name}: its environment, and so its memory, can be read");
            assert!(geteuid().is_root() || File::open(&memory).is_err(), "{name}");
        }
        kill(child.id(), Signal::ABORT);
        // without it they may be gone before the signal comes
        for other in ours.iter().filter(|process| **process != child.id()) {
            let _ = kill_process(pid(*other), Signal::ABORT);
        }
        let status = child.wait().unwrap();
        assert_eq!(status.signal().or(status.code()), Some(6), "{name}: {status}");
        assert!(!status.core_dumped() || pattern.starts_with('|'), "{name}");
        drop(stdin);
        let left = yard.names();
        assert!(!left.iter().any(|n| n.starts_with("core")), "{name}: {left:?}");
    }
}
