//! Pipelines that are interrupted: whoever dies, what was recorded is there.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use rustix::process::Signal;
use vidveil::format::{Reader, Record};

use crate::support::wait::PATIENCE;
use crate::support::yard::{Yard, assert_status, fed, kill, stderr, told, until};

/// More than a sealed stream has before its first frame: some frames are there.
const SOME_FRAMES: u64 = 38_000;

#[test]
fn a_privacy_server_that_is_killed_takes_nothing_from_the_archive() {
    let yard = Yard::with_camera(2);
    let pipeline = yard.start(
        "set +e
        capture --realtime --loop 3 camera.mp4 | encrypt-stream -r certs | tee -p sealed.vv |
            bash -c 'echo $$ > pid; exec protect -i desk.key --learn 0s' | view -o public.mp4
        echo ${PIPESTATUS[@]} > ended",
    );
    until("some frames are sealed", || yard.size("sealed.vv") > SOME_FRAMES);
    kill(yard.text("pid").trim().parse().unwrap(), Signal::KILL);
    pipeline.output();
    let ended = yard.text("ended");
    assert!(ended.starts_with("0 0 ") && ended.contains(" 137 "), "{ended}");
    let verdict = yard.done("verify -i desk.key sealed.vv");
    assert!(verdict.contains("whole and authenticated: 60 frames"), "{verdict}");
    assert!(yard.done("inspect --json sealed.vv").contains("\"end\":\"complete\""));
}

#[test]
fn an_interrupted_pipeline_closes_what_it_recorded() {
    let yard = Yard::with_camera(2);
    // tee would die of the signal that the others take as the word to finish: -i
    let pipeline = yard.start(
        "set +e; trap : INT
        capture --realtime --loop 1000 camera.mp4 | encrypt-stream -r certs | tee -i -p sealed.vv |
            protect -i desk.key --learn 0s --low-latency | tee -i public.vv | view -o public.mp4
        echo ${PIPESTATUS[@]} > ended",
    );
    until("some frames are public", || yard.size("public.vv") > 3_000);
    pipeline.signal(Signal::INT);
    let output = pipeline.output();
    assert_eq!(yard.text("ended"), "0 0 0 0 0 0\n", "{}", told(&output));
    let verdict = yard.done("verify -i desk.key sealed.vv");
    assert!(verdict.contains("whole and authenticated") && verdict.contains("ended: stopped"), "{verdict}");
    yard.done("decrypt-stream -i desk.key sealed.vv -o plain.vv");
    let times = |name: &str| yard.done(&format!("inspect --frames {name} | grep '^0 ' | cut -d' ' -f2 | sort -n"));
    assert!(times("plain.vv").lines().count() > 2);
    assert_eq!(times("plain.vv"), times("public.vv"));
    assert_eq!(yard.done("times public.mp4 | wc -l"), yard.done("inspect --frames plain.vv | wc -l"));
}

#[test]
fn the_second_signal_ends_a_command_at_once() {
    let yard = Yard::with_camera(1);
    for (command, arguments) in [
        ("encrypt-stream", &["-r", "certs"][..]),
        ("decrypt-stream", &["-i", "desk.key"]),
        ("protect", &["-i", "desk.key"]),
    ] {
        // the pipe stays open: there is no end of input to wait for
        let mut child = yard.command(command, arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mask = |field: &str| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix(field).map(str::trim).map(str::to_owned));
            u64::from_str_radix(&line.unwrap_or_default(), 16).unwrap_or(0) >> 1 & 1
        };
        until("the command listens to SIGINT", || mask("SigCgt:") == 1);
        kill(child.id(), Signal::INT);
        until("the signal has arrived", || mask("ShdPnd:") + mask("SigPnd:") == 0);
        assert!(child.try_wait().unwrap().is_none(), "{command} did not wait for the end of its input");
        // as timeout does it
        kill(child.id(), Signal::INT);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        assert!(child.try_wait().unwrap().is_none(), "{command}: two at once are one");
        kill(child.id(), Signal::INT);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{command}");
    }
}

/// Where each record ends, and whether it is a frame.
fn records(bytes: &[u8]) -> Vec<(usize, bool)> {
    let mut reader = Reader::new(bytes);
    let mut ends = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        ends.push((usize::try_from(reader.offset()).unwrap(), matches!(record, Record::Frame(_))));
    }
    ends
}

/// Gives a command `input` record by record, and the next one only when the frame before has come out.
fn record_by_record(mut command: Command, input: &[u8]) -> usize {
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = child.stdout.take().unwrap();
    let (sender, arrived) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut reader = Reader::new(stdout);
        while let Some(record) = reader.next().unwrap() {
            if let Record::Frame(f) = record {
                sender.send(f.pts.unwrap()).unwrap();
            }
        }
    });
    let (mut from, mut count) = (0, 0);
    for (to, is_frame) in records(input) {
        stdin.write_all(&input[from..to]).unwrap();
        from = to;
        if is_frame {
            // the limit only ends a test that would hang
            arrived.recv_timeout(PATIENCE).expect("a frame waits for the next one");
            count += 1;
        }
    }
    drop(stdin);
    reader.join().unwrap();
    assert!(child.wait().unwrap().success());
    count
}

#[test]
fn each_record_comes_out_before_the_next_one_is_there() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 > cam.vv; encrypt-stream -r certs cam.vv > sealed.vv");
    assert_eq!(record_by_record(yard.command("encrypt-stream", &["-r", "certs"]), &yard.bytes("cam.vv")), 10);
    let decrypt = yard.command("decrypt-stream", &["-i", "desk.key"]);
    assert_eq!(record_by_record(decrypt, &yard.bytes("sealed.vv")), 10);
}

#[test]
fn a_reader_that_is_gone_is_no_error_to_tell() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 > cam.vv; encrypt-stream -r certs cam.vv > sealed.vv");
    for (command, arguments) in [
        ("capture", &["camera.mp4"][..]),
        ("encrypt-stream", &["-r", "certs", "cam.vv"]),
        ("decrypt-stream", &["-i", "desk.key", "sealed.vv"]),
        ("protect", &["-i", "desk.key", "sealed.vv"]),
        ("view", &["-i", "desk.key", "-o", "-", "sealed.vv"]),
        ("inspect", &["--frames", "sealed.vv"]),
        ("inspect", &["--json", "sealed.vv"]),
        ("verify", &["-i", "desk.key", "sealed.vv"]),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = yard.command(command, arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(141), ""), "{command} {arguments:?}");
    }
}

#[test]
fn nothing_on_the_pipe_means_that_the_command_before_failed() {
    let yard = Yard::with_camera(1);
    for (command, arguments) in [
        ("capture", &["-o", "x.vv"][..]),
        ("encrypt-stream", &["-r", "certs", "-o", "x.vv"]),
        ("decrypt-stream", &["-i", "desk.key", "-o", "x.vv"]),
        ("protect", &["-o", "x.vv"]),
        ("view", &["-o", "x.mp4"]),
        ("inspect", &[]),
        ("verify", &["-i", "desk.key"]),
    ] {
        let output = fed(yard.command(command, arguments), b"");
        let said = stderr(&output).replace("stdin: ", "");
        let expected = format!("{command}: error: nothing arrived: did the command before fail?\n");
        assert_eq!((output.status.code(), said), (Some(3), expected));
        assert!(output.stdout.is_empty() || command == "verify", "{}", told(&output));
    }
    assert_eq!(yard.names(), ["camera.mp4", "certs", "desk.key"]);
}

#[test]
fn a_full_disk_keeps_what_was_recorded_before() {
    let yard = Yard::with_camera(2);
    yard.done("capture --loop 20 camera.mp4 > cam.vv");
    // the limit on the size of a file stands for the size of the disk: the last write is a torn one
    let full = "trap '' XFSZ; ulimit -f 60;";
    for command in ["encrypt-stream -r certs cam.vv > sealed.vv", "encrypt-stream -r certs cam.vv -o sealed.vv"] {
        let output = yard.sh(&format!("{full} {command}"));
        assert_status(&output, 1);
        assert!(
            stderr(&output).starts_with("encrypt-stream: error: ") && stderr(&output).contains("large"),
            "{}",
            told(&output)
        );
        assert_eq!(yard.size("sealed.vv"), 60 * 1024);
        assert_prefix(&yard);
        std::fs::remove_file(yard.path("sealed.vv")).unwrap();
    }
    for command in
        ["encrypt-stream -r certs cam.vv", "capture camera.mp4", "protect --learn 0s cam.vv", "inspect cam.vv"]
    {
        for to in ["> /dev/full", "-o /dev/full"] {
            let output = yard.sh(&format!("{command} {to}"));
            assert_status(&output, 1);
            assert!(stderr(&output).contains("no space left on device"), "{command} {to}: {}", told(&output));
        }
    }
}

/// `sealed.vv` opens as the beginning of `cam.vv`, with the status of a cut.
#[track_caller]
fn assert_prefix(yard: &Yard) {
    let output = yard.sh("decrypt-stream -i desk.key sealed.vv -o plain.vv -f");
    assert_status(&output, 3);
    let frames = |name: &str| String::from_utf8(yard.sh(&format!("inspect --frames {name}")).stdout).unwrap();
    let (part, whole) = (frames("plain.vv"), frames("cam.vv"));
    assert!(!part.is_empty() && part.len() < whole.len() && whole.starts_with(&part), "{part}");
    assert_status(&yard.sh("verify -i desk.key sealed.vv"), 3);
}

#[test]
fn an_archiver_that_is_killed_leaves_what_it_recorded() {
    let yard = Yard::with_camera(2);
    yard.done("capture --loop 100 camera.mp4 > cam.vv");
    let pipeline = yard.start(
        "set +e; capture --realtime --loop 100 camera.mp4 |
            bash -c 'echo $$ > pid; exec encrypt-stream -r certs -o sealed.vv'; echo ${PIPESTATUS[@]} > ended",
    );
    until("some frames are sealed", || yard.size("sealed.vv") > SOME_FRAMES);
    kill(yard.text("pid").trim().parse().unwrap(), Signal::KILL);
    pipeline.output();
    assert_eq!(yard.text("ended"), "141 137\n");
    assert_prefix(&yard);
}

#[test]
fn the_file_can_be_followed_while_it_grows() {
    let yard = Yard::with_camera(2);
    let pipeline = yard.start("capture --realtime --loop 1000 camera.mp4 | encrypt-stream -r certs -o sealed.vv");
    until("some frames are sealed", || yard.size("sealed.vv") > SOME_FRAMES);
    let mut reader = Reader::new(BufReader::new(File::open(yard.path("sealed.vv")).unwrap().take(SOME_FRAMES)));
    let mut frames = 0;
    while let Ok(Some(record)) = reader.next() {
        frames += usize::from(matches!(record, Record::Frame(_)));
    }
    assert!(frames > 0);
    drop(pipeline);
}

#[test]
fn a_wrong_key_is_reported_while_the_recording_goes_on() {
    let yard = Yard::with_camera(1);
    yard.done("enroll thief; capture camera.mp4 | encrypt-stream -r certs/desk.pem > sealed.vv");
    let sealed = yard.bytes("sealed.vv");
    for (command, arguments) in [
        ("protect", &["-i", "thief.key"][..]),
        ("decrypt-stream", &["-i", "thief.key"]),
        ("view", &["-i", "thief.key"]),
    ] {
        let mut child = yard.command(command, arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // all but the end, and the pipe stays open
        stdin.write_all(&sealed[..sealed.len() - 20]).unwrap();
        let mut said = std::io::BufRead::lines(BufReader::new(child.stderr.take().unwrap()));
        let warning = said.next().unwrap().unwrap();
        assert!(warning.contains("warning: key session 0 is not for the given key"), "{command}: {warning}");
        let hint = said.next().unwrap().unwrap();
        assert!(hint.contains("desk"), "{command}: {hint}");
        stdin.write_all(&sealed[sealed.len() - 20..]).unwrap();
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(4), "{command}");
        let told: Vec<String> = said.map(Result::unwrap).collect();
        assert!(told.first().is_some_and(|l| l.contains("error: ")), "{command}: {told:?}");
    }
    // a file's end comes by itself: it is reported once
    let output = yard.sh("decrypt-stream -i thief.key sealed.vv");
    assert!(!stderr(&output).contains("warning"), "{}", told(&output));
}
