//! Somebody has found a hole in libav. What he tries is refused or ends the process that he is in, is reported, and the
//! pictures are hidden. A build with debug assertions plays him, on packets that say so (`src/media/exploit.rs`).
#![cfg(debug_assertions)]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Output;

use crate::support::output::{assert_says, stdout};
use crate::support::streams::edited;
use crate::support::yard::{Yard, assert_status, stderr, told};

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
            assert!(said.contains("the process that decodes ") && said.contains("view: hint: "), "{attempt}: {said}");
            assert!(!yard.exists("out.png"), "{attempt} {what}: {said}");
        }
    }
    prepare(&yard, "stay");
    let output = yard.sh("timeout 60 view -i desk.key --max-picture-time 2s sealed.vv --snapshot 3 -o out.png");
    assert_says(&output, 3, &["did not get on for 2 s"]);
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
            assert!(stderr(&output).contains("the process that decodes "), "{attempt}: {}", told(&output));
            let frames = stdout(&yard.sh("inspect --json out.vv"));
            assert!(frames.contains("\"end\":\"cut\""), "{attempt}: {frames}");
            assert!(yard.size("out.vv") > 20_000, "{attempt}: what came before is not kept");
        }
    }
}

#[test]
fn who_never_ends_is_ended_and_his_picture_is_hidden() {
    let yard = with_noise();
    prepare(&yard, "stay");
    let output = protected(&yard, "timeout 100", "--max-picture-time 3s");
    assert_says(&output, 3, &["the decoder process was ended: it took more than 3 s"]);
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

/// Linux before 5.13, or one in which both are switched off.
fn on_an_old_system(mut command: std::process::Command) -> Output {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };
    use std::os::unix::process::CommandExt;
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 22).unwrap();
    let calls = [
        (libc::SYS_landlock_create_ruleset, vec![]),
        (libc::SYS_seccomp, vec![]),
        (libc::SYS_prctl, vec![SeccompRule::new(vec![condition]).unwrap()]),
    ];
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(calls.into_iter().collect(), SeccompAction::Allow, missing, arch).unwrap();
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
        on_an_old_system(yard.shell(&script))
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
