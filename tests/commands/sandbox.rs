//! Somebody has found a hole in libav. What he tries is refused or ends the process that he is in, is reported, and the
//! pictures are hidden. A build with debug assertions plays him, on packets that say so (`src/media/exploit.rs`).
#![cfg(debug_assertions)]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Output;

use crate::support::output::{assert_says, stdout};
use crate::support::streams::edited;
use crate::support::yard::{Yard, assert_status, stderr, told, until};

/// The picture whose packet he has written: no key frame, in the middle of a group.
const PLACE: usize = 25;

/// Each picture is given out before the next one is read, so that it is known which ones were shown.
const AT_ONCE: &str = "--learn 0s --lookahead 0 --low-latency";

/// What he tries in a folder, and what is there afterwards if he can.
fn attempts(yard: &Yard, port: u16) -> Vec<String> {
    let path = |name: &str| yard.path(name).display().to_string();
    vec![
        format!("open {}", path("desk.key")),
        "open /etc/passwd".into(),
        "open /proc/self/maps".into(),
        format!("create {}", path("evidence")),
        format!("connect {port}"),
        format!("execute {}", path("evidence")),
        "trace".into(),
        "kill".into(),
        "descriptors".into(),
        format!("allocate {}", 8_u64 << 30),
        format!("fork {}", path("evidence")),
        "map".into(),
    ]
}

/// `plain.vv` and `sealed.vv` of a camera, in which one packet does what `attempt` says.
fn prepare(yard: &Yard, attempt: &str) {
    let bent = edited(&yard.bytes("cam.vv"), |n, packet| {
        if n == PLACE {
            let text = format!("vidveil exploit: {attempt}\n");
            assert!(packet.len() > text.len(), "{} bytes", packet.len());
            packet[..text.len()].copy_from_slice(text.as_bytes());
        }
        true
    });
    yard.write("plain.vv", &bent);
    yard.done("encrypt-stream -r certs plain.vv > sealed.vv");
}

fn with_noise() -> Yard {
    let yard = Yard::new();
    yard.done(
        "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=10:duration=5 -vf noise=alls=40:allf=t \
         -c:v libx264 -preset ultrafast -g 50 -bf 0 -qp 20 -pix_fmt yuv420p camera.mp4; capture camera.mp4 > cam.vv; enroll desk",
    );
    yard
}

/// Nothing of what he wanted is there.
#[track_caller]
fn assert_unharmed(yard: &Yard, inside: &TcpListener, attempt: &str, output: &Output) {
    let came = inside.accept().err().map(|e| e.kind());
    assert_eq!(came, Some(ErrorKind::WouldBlock), "{attempt}: he called out; {}", told(output));
    assert!(!yard.exists("evidence") && yard.size("open.txt") == 0, "{attempt}: he wrote; {}", told(output));
}

fn inside() -> (TcpListener, u16) {
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let port = inside.local_addr().unwrap().port();
    (inside, port)
}

/// `sealed.vv` into `public.vv`; `before` stands before the command, `more` among its flags.
fn protected(yard: &Yard, before: &str, more: &str) -> Output {
    yard.sh(&format!("{before} protect -i desk.key {AT_ONCE} {more} sealed.vv -f -o public.vv"))
}

#[test]
fn who_has_the_decoder_of_protect_has_nothing_and_his_pictures_are_hidden() {
    let yard = with_noise();
    let (inside, port) = inside();
    for attempt in attempts(&yard, port) {
        prepare(&yard, &attempt);
        let output = protected(&yard, "exec 9> open.txt;", "");
        assert_unharmed(&yard, &inside, &attempt, &output);
        assert_status(&output, 3);
        let said = stderr(&output);
        assert!(said.contains("protect: error: the decoder process died"), "{attempt}: {said}");
        hidden_to_the_last(&yard, &attempt);
    }
}

/// `public.vv` ends with the picture of the packet, or a later one, and what did not come of them before is hidden.
#[track_caller]
fn hidden_to_the_last(yard: &Yard, attempt: &str) {
    let inspected = yard.sh("inspect --json public.vv");
    assert!(String::from_utf8_lossy(&inspected.stdout).contains("\"end\":\"cut\""), "{attempt}: {}", told(&inspected));
    yard.sh("rm -f public.mp4; view public.vv -f -o public.mp4");
    let times: Vec<i64> = yard.done("times public.mp4").lines().map(|line| line.parse().unwrap()).collect();
    let wanted: Vec<i64> = (0..times.len()).map(|n| 100 * i64::try_from(n).unwrap()).collect();
    assert!(times.len() > PLACE && times == wanted, "{attempt}: a picture is missing: {times:?}");
    let flat = flat_pictures(yard);
    assert_eq!(flat.len(), times.len(), "{attempt}");
    assert!(flat[PLACE..].iter().all(|flat| *flat), "{attempt}: it is shown: {flat:?}");
}

/// Which pictures of `public.mp4` are of one colour: hidden whole, and nothing of them is known.
fn flat_pictures(yard: &Yard) -> Vec<bool> {
    yard.done("ffmpeg -v error -y -i public.mp4 -fps_mode passthrough -pix_fmt gray -f rawvideo public.raw");
    let differs = |picture: &[u8]| picture.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) > 6).count();
    yard.bytes("public.raw").chunks_exact(160 * 120).map(|picture| differs(picture) < 200).collect()
}

#[test]
fn who_has_the_decoder_of_view_has_nothing_either() {
    let yard = with_noise();
    let (inside, port) = inside();
    for attempt in attempts(&yard, port) {
        prepare(&yard, &attempt);
        // the sheet has the same decoder, and takes its time
        let sheet = Some("--contact-sheet out.png").filter(|_| attempt.starts_with("connect"));
        for what in ["--snapshot 3 -o out.png"].into_iter().chain(sheet) {
            yard.sh("rm -f out.png evidence");
            let output = yard.sh(&format!("exec 9> open.txt; view -i desk.key sealed.vv {what} -f"));
            assert_unharmed(&yard, &inside, &attempt, &output);
            assert_status(&output, 3);
            let said = stderr(&output);
            assert!(
                said.contains("the process that handles the video ") && said.contains("view: hint: "),
                "{attempt}: {said}"
            );
            assert!(!yard.exists("out.png"), "{attempt} {what}: {said}");
        }
    }
    prepare(&yard, "stay");
    let output = yard.sh("timeout 60 view -i desk.key --max-picture-time 2s sealed.vv --snapshot 3 -o out.png");
    assert_says(&output, 3, &["did not get on for 2 s"]);
}

#[test]
fn who_has_the_muxer_of_view_has_nothing_either_and_no_file_is_left() {
    let yard = with_noise();
    let (inside, port) = inside();
    for attempt in attempts(&yard, port) {
        prepare(&yard, &attempt);
        // what is exported is copied by the same muxer, and takes its time
        let export = Some("--export case.zip > out.log").filter(|_| attempt.starts_with("connect"));
        let piped = ["-o out.mp4", "-o out.mkv", "> piped.mkv", "--play --player cat"];
        for what in piped.into_iter().chain(export) {
            yard.sh("rm -rf out.* case.zip evidence");
            let output = yard.sh(&format!("exec 9> open.txt; view -i desk.key sealed.vv -f {what}"));
            assert_unharmed(&yard, &inside, &attempt, &output);
            assert_status(&output, 3);
            let said = stderr(&output);
            assert!(said.contains("the process that handles the video "), "{attempt} {what}: {said}");
            assert!(!yard.exists("out.mp4") && !yard.exists("out.mkv") && !yard.exists("case.zip"), "{attempt} {what}");
        }
    }
    for attempt in ["stay", "sleep"] {
        prepare(&yard, attempt);
        let output = yard.sh("timeout 200 view -i desk.key --max-picture-time 6s sealed.vv -f -o out.mp4");
        assert_status(&output, 3);
        assert!(stderr(&output).contains("did not get on for 6 s"), "{attempt}: {}", told(&output));
    }
}

#[test]
fn a_player_that_pauses_has_all_the_time_it_wants() {
    let yard = with_noise();
    yard.done("encrypt-stream -r certs cam.vv > sealed.vv; view -i desk.key sealed.vv -o whole.mkv");
    assert!(yard.size("whole.mkv") > 150_000, "it would fit into the pipes");
    let output =
        yard.sh("set -o pipefail; view -i desk.key --max-picture-time 4s sealed.vv | (sleep 9; cat) > paused.mkv");
    assert_status(&output, 0);
    let pictures = |name: &str| yard.done(&format!("times {name}"));
    assert_eq!(pictures("paused.mkv"), pictures("whole.mkv"));
}

#[test]
fn who_has_the_reader_of_capture_has_nothing_and_what_came_before_is_kept() {
    let yard = with_noise();
    let (inside, port) = inside();
    yard.done("ffmpeg -v error -i camera.mp4 -c copy camera.mkv");
    let cam = yard.bytes("cam.vv");
    let mut packets = Vec::new();
    edited(&cam, |_, packet| {
        packets.push(packet.to_vec());
        true
    });
    let whole = yard.bytes("camera.mkv");
    let place = whole.windows(64).position(|bytes| bytes == &packets[PLACE][..64]).expect("the packet is in it");
    for attempt in attempts(&yard, port) {
        let mut bent = whole.clone();
        let text = format!("vidveil exploit: {attempt}\n");
        bent[place..place + text.len()].copy_from_slice(text.as_bytes());
        yard.write("bent.mkv", &bent);
        for command in ["capture bent.mkv -f -o out.vv", "cat bent.mkv | capture -f -o out.vv"] {
            let output = yard.sh(&format!("rm -f evidence; exec 9> open.txt; {command}"));
            assert_unharmed(&yard, &inside, &attempt, &output);
            assert_status(&output, 3);
            assert!(stderr(&output).contains("the process that handles the video "), "{attempt}: {}", told(&output));
            let frames = stdout(&yard.sh("inspect --json out.vv"));
            assert!(frames.contains("\"end\":\"cut\""), "{attempt}: {frames}");
            assert!(yard.size("out.vv") > 20_000, "{attempt}: what came before is not kept");
        }
    }
}

#[test]
fn a_reader_of_capture_that_hangs_is_ended_and_one_whose_camera_is_silent_is_not() {
    let yard = with_noise();
    yard.done("ffmpeg -v error -i camera.mp4 -c copy camera.mkv");
    let whole = yard.bytes("camera.mkv");
    // a third of the way there is a picture whose packet says what is done
    for attempt in ["stay", "sleep"] {
        let mut bent = whole.clone();
        let (place, text) = (whole.len() / 3, format!("vidveil exploit: {attempt}\n"));
        bent[place..place + text.len()].copy_from_slice(text.as_bytes());
        yard.write("bent.mkv", &bent);
        yard.done("rm -f fifo; mkfifo fifo");
        let held = "(cat bent.mkv; exec sleep 600) > fifo & w=$!; \
                    timeout 200 capture --max-picture-time 6s -f -o out.vv < fifo; s=$?; kill $w; exit $s";
        for command in ["timeout 200 capture --max-picture-time 6s bent.mkv -f -o out.vv", held] {
            let output = yard.sh(command);
            assert_status(&output, 3);
            assert!(stderr(&output).contains("did not get on for 6 s"), "{attempt}: {}", told(&output));
            assert!(yard.size("out.vv") > 20_000, "{attempt}: what came before is not kept");
        }
    }
    yard.done("capture camera.mkv > wanted.vv");
    let silent = "(head -c 100000 camera.mkv; sleep 9; tail -c +100001 camera.mkv) | \
                  capture --max-picture-time 4s -f -o out.vv";
    assert_status(&yard.sh(silent), 0);
    let frames = |name: &str| yard.done(&format!("inspect --json {name} | grep -o '\"frames\":[0-9]*'"));
    assert_eq!(frames("out.vv"), frames("wanted.vv"));
}

#[test]
fn who_never_ends_is_ended_and_his_picture_is_hidden() {
    let yard = with_noise();
    prepare(&yard, "stay");
    let output = protected(&yard, "timeout 300", "--max-picture-time 15s");
    assert_says(&output, 3, &["the decoder process was ended: it took more than 15 s"]);
    hidden_to_the_last(&yard, "stay");
}

#[test]
fn the_decoder_has_no_environment() {
    let yard = with_noise();
    prepare(&yard, "environment");
    let output = protected(&yard, "AWS_SECRET_ACCESS_KEY=secret", "");
    // it aborts when there is none
    assert_says(&output, 3, &["the decoder process died"]);
}

/// What of the jail a system lacks.
#[derive(Clone, Copy, PartialEq)]
enum Lacks {
    Landlock,
    Seccomp,
    /// Linux before 5.13, or one in which both are switched off.
    Both,
}

fn on_a_system_that(lacks: Lacks, mut command: std::process::Command) -> Output {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };
    use std::os::unix::process::CommandExt;
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 22).unwrap();
    let landlock = [(libc::SYS_landlock_create_ruleset, vec![])];
    let seccomp = [(libc::SYS_seccomp, vec![]), (libc::SYS_prctl, vec![SeccompRule::new(vec![condition]).unwrap()])];
    let landlock = landlock.into_iter().filter(|_| lacks != Lacks::Seccomp);
    let calls = landlock.chain(seccomp.into_iter().filter(|_| lacks != Lacks::Landlock));
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(calls.collect(), SeccompAction::Allow, missing, arch).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    // SAFETY: between fork and exec it makes calls of the system only.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
    }
    command.output().unwrap()
}

#[test]
fn a_system_that_cannot_confine_is_warned_of_once_or_refused() {
    let yard = Yard::with_camera(2);
    yard.done("capture camera.mp4 | encrypt-stream -r certs > sealed.vv");
    let protect = |more: &str| {
        let script = format!("protect -i desk.key --learn 0s {more} sealed.vv -f -o public.vv");
        on_a_system_that(Lacks::Both, yard.shell(&script))
    };
    let output = protect("");
    assert_status(&output, 0);
    let said = stderr(&output);
    assert_eq!(said.matches("is not confined as it should be").count(), 1, "{said}");
    assert!(said.contains("Landlock (") && said.contains("seccomp (") && said.contains("--require-sandbox"), "{said}");
    yard.done("rm public.vv");
    let output = protect("--require-sandbox");
    assert_status(&output, 4);
    let said = stderr(&output);
    assert!(said.contains("cannot confine the process") && said.contains("Landlock"), "{said}");
    assert!(!yard.exists("public.vv"), "{said}");
    // and where it can, nothing is said
    yard.done("protect -i desk.key --learn 0s --require-sandbox sealed.vv -o public.vv");
}

/// Where one of the two is missing the other one still refuses what it can: neither is there for show.
#[test]
fn landlock_and_seccomp_each_refuse_what_they_can_alone() {
    let yard = with_noise();
    let (inside, port) = inside();
    let files = |attempt: &String| ["open ", "create ", "connect ", "execute "].iter().any(|w| attempt.starts_with(w));
    for attempt in attempts(&yard, port) {
        prepare(&yard, &attempt);
        let script = "exec 9> open.txt; view -i desk.key sealed.vv --snapshot 3 -f -o out.png";
        for lacks in [Lacks::Landlock, Lacks::Seccomp] {
            if lacks == Lacks::Seccomp && !files(&attempt) {
                continue;
            }
            let output = on_a_system_that(lacks, yard.shell(script));
            assert_unharmed(&yard, &inside, &attempt, &output);
            assert_status(&output, 3);
            let (said, missing) = (stderr(&output), if lacks == Lacks::Seccomp { "seccomp (" } else { "Landlock (" });
            assert!(said.contains("is not confined as it should be") && said.contains(missing), "{attempt}: {said}");
        }
    }
}

/// The process that decodes, while somebody in it does nothing: what the system says that it may.
#[test]
fn the_system_says_of_the_decoder_that_it_may_do_nothing() {
    let yard = with_noise();
    prepare(&yard, "sleep");
    let script =
        "export SECRET=secret; exec view -i desk.key sealed.vv --snapshot 3 --max-picture-time 600s -o out.png";
    let view = yard.start(script);
    let children = |pid: u32| {
        let path = format!("/proc/{pid}/task/{pid}/children");
        std::fs::read_to_string(path)
            .unwrap_or_default()
            .split_whitespace()
            .map(|c| c.parse().unwrap())
            .collect::<Vec<u32>>()
    };
    let of = |pid: u32, file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let mut child = 0;
    until("the decoder is in jail", || {
        child = children(view.0.id()).into_iter().next().unwrap_or(0);
        child > 0 && of(child, "status").contains("Seccomp:\t2")
    });
    let (status, limits) = (of(child, "status"), of(child, "limits"));
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(status.contains("Threads:\t1\n"), "{status}");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{limits}"));
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max core file size"), ["0", "0"], "{limits}");
    assert_eq!(limit("Max file size"), ["0", "0"], "{limits}");
    let few = |name: &str, most: u64| limit(name).iter().all(|l| l.parse::<u64>().is_ok_and(|l| l <= most));
    assert!(few("Max open files", 16), "{limits}");
    assert!(few("Max address space", 3 << 30), "{limits}");
    // who may not look has nothing to see
    let open = std::fs::read_dir(format!("/proc/{child}/fd")).map_or(0, Iterator::count);
    assert!(open <= 5, "{open} descriptors");
    assert!(!of(child, "environ").contains("SECRET"));
}
