//! The unit that records a camera: systemd takes it, and what it runs does what it says.

use std::path::PathBuf;
use std::process::{Command, Output};

use rustix::process::Signal;

use crate::support::camera::{Camera, clip, recorded};
use crate::support::repository;
use crate::support::yard::{Group, Yard, told, until};

fn unit() -> PathBuf {
    repository("scripts/systemd/vidveil-camera@.service")
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let verified = match Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(unit()).output() {
        Ok(output) => output,
        Err(_) => return eprintln!("skipped: systemd_finds_nothing_wrong_with_the_unit: there is no systemd-analyze"),
    };
    assert!(verified.status.success() && verified.stderr.is_empty(), "{}", told(&verified));
}

/// What ExecStart has bash do, as systemd gives it: lines joined, `$$` a `$` (systemd.service(5)); with the
/// certificates in the yard.
fn script() -> String {
    let unit = std::fs::read_to_string(unit()).unwrap().replace("\\\n", " ");
    let line = unit.lines().find_map(|l| l.strip_prefix("ExecStart=/bin/bash -o pipefail -c '")).unwrap();
    line.strip_suffix('\'').unwrap().replace("$$", "$").replace("/etc/vidveil/certs", "certs")
}

/// Starts it with a configuration as /etc/vidveil/gate.conf has it.
fn start(yard: &Yard, configuration: &str) -> Group {
    yard.write("script", script().as_bytes());
    yard.start(&format!(
        "export CAMERA=gate CAPTURE= ENCRYPT= RECORD= STATE_DIRECTORY=$PWD/archive CREDENTIALS_DIRECTORY=$PWD
        export {configuration}
        exec bash -o pipefail -c \"$(cat script)\""
    ))
}

fn ended(group: Group) -> Output {
    group.signal(Signal::TERM);
    group.output()
}

#[test]
fn a_camera_is_recorded_until_the_service_is_stopped() {
    let yard = Yard::new();
    yard.done("enroll desk; umask 077; echo guard:secret > password");
    let clip = clip(&yard.path(""), "clip.mp4", "h264", "320x240", 2);
    let password = yard.path("password");
    let camera = Camera::with(&clip, 0, &["--credentials", password.to_str().unwrap()]);
    let service =
        start(&yard, &format!("ADDRESS={} CAPTURE='--transport tcp --wait 60s' RECORD='--segment 1m'", camera.address));
    until("something is in the archive", || yard.size_of_all("archive") > 60_000);
    let ended = ended(service);
    assert!(ended.status.success(), "{}", told(&ended));
    yard.done("verify -q -i desk.key archive/ && decrypt-stream -q -i desk.key archive/*.vv > plain.vv");
    let r = recorded(&yard.bytes("plain.vv"));
    assert_eq!((r.streams.len(), r.streams[0].camera.as_str()), (1, "gate"));
    assert!(yard.done("inspect archive/*.vv").contains("complete: stopped by the operator"));
}

#[test]
fn what_cannot_be_right_is_not_tried_again() {
    let yard = Yard::new();
    yard.done("enroll desk; : > password");
    for wrong in ["ADDRESS=rtsp://guard:secret@127.0.0.1:9/", "ADDRESS=rtsp://127.0.0.1:9/ RECORD=--kepe"] {
        let output = start(&yard, wrong).output();
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", told(&output));
    }
    // RestartPreventExitStatus has the 2; a camera that is away is tried again
    let output = start(&yard, "ADDRESS=rtsp://127.0.0.1:9/ CAPTURE='--wait 0s'").output();
    assert!(output.status.code().is_some_and(|status| status != 0 && status != 2), "{}", told(&output));
}
