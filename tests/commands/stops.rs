//! What a signal does to work on files: it ends soon, leaves nothing half done, and says so on a terminal.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::yard::*;

/// Everything that works on files for a while, and what may be there afterwards.
const WORK: [(&str, &[&str]); 5] = [
    ("protect -q -i desk.key long.vv -o out.vv", &["out.vv"]),
    ("protect -q -i desk.key long.vv -o out.vv --report report.txt", &["out.vv", "report.txt"]),
    ("view -q -i desk.key long.vv -o out.mp4", &[]),
    ("view -q -i desk.key long.vv --contact-sheet sheet.png", &[]),
    ("view -q -i desk.key long.vv --export case.zip", &[]),
];

#[test]
fn work_on_files_stops_at_the_first_signal() {
    let yard = Yard::new();
    yard.done(
        "enroll desk; scene camera.mp4 320x240 4
         capture -q --camera gate --loop 500 camera.mp4 | encrypt-stream -q -r certs | head -c 300000000 > long.vv; true",
    );
    let before = yard.names();
    for (work, left) in WORK {
        let group = yard.start(&format!("exec env --default-signal=INT,TERM {work}"));
        until("it takes signals", || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", group.0.id())).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default().trim();
            u64::from_str_radix(caught, 16).unwrap_or(0) >> 1 & 1 == 1
        });
        std::thread::sleep(Duration::from_millis(100));
        group.signal(Signal::INT);
        let begun = Instant::now();
        let output = group.output();
        // far longer than it takes, and far shorter than the work
        assert!(begun.elapsed() < Duration::from_secs(60), "{work}");
        assert_eq!(output.status.code(), Some(130), "{work}\n{}", told(&output));
        let names = yard.names();
        let more: Vec<_> = names.iter().filter(|n| !before.contains(n) && !left.contains(&n.as_str())).collect();
        assert!(more.is_empty(), "{work}: {more:?}");
        left.iter().for_each(|name| drop(std::fs::remove_file(yard.path(name))));
    }
}

#[test]
fn on_a_terminal_it_is_said_what_the_next_one_does() {
    let yard = Yard::with_camera(1);
    // the input stays open, so that there is something to wait for
    let script = "{ until [ -s pid ]; do sleep 0.1; done; sleep 1; kill -INT $(cat pid); sleep 1; } |
        sh -c 'echo $$ > pid; exec decrypt-stream -i desk.key > /dev/null'";
    yard.write("run", script.as_bytes());
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-qec", "bash run", "/dev/null"]).current_dir(yard.path(""));
    let on_it = prelude(terminal).stdin(Stdio::null()).output().unwrap();
    let line = "decrypt-stream: finishing; once more to stop at once";
    assert!(String::from_utf8_lossy(&on_it.stdout).contains(line), "{}", told(&on_it));
    // and not where nobody reads it
    let output = yard.sh("rm pid; bash run");
    assert!(!stderr(&output).contains("finishing"), "{}", told(&output));
}
