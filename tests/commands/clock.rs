//! Certificates that expire, come and go while a recording runs, and a clock that the test turns: libfaketime around
//! the real
//! `encrypt-stream`, which is given its input frame by frame. Nothing here depends on how fast the machine is.

use std::fs::File;
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::yard::{Yard, until};

/// Frames in an epoch of the recordings here: one every 10 s of media time.
pub const EPOCH: usize = 10;
pub const DAY_1: &str = "2027-01-01 12:00:00";
pub const AFTER_1_DAY: &str = "2027-01-02 12:00:01";
pub const AFTER_2_DAYS: &str = "2027-01-03 12:00:01";

const FRAME: u8 = 4;
const KEYS: u8 = 2;
const END: u8 = 8;

/// The library that `faketime` preloads.
pub fn faketime_library() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let output = Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output();
        let output = output.expect("faketime: scripts/setup installs it");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

/// Type and place of each whole record of the first stream in `bytes`.
fn records(bytes: &[u8]) -> Vec<(u8, std::ops::Range<usize>)> {
    let (mut all, mut at) = (Vec::new(), 8);
    while let Some(header) = bytes.get(at..at + 8) {
        let end = at + 8 + u32::from_be_bytes(header[4..].try_into().unwrap()) as usize;
        if end > bytes.len() {
            break;
        }
        all.push((header[0], at..end));
        at = end;
        if header[0] == END {
            break;
        }
    }
    all
}

/// Frames in all streams of `bytes`.
fn frames_in(bytes: &[u8]) -> usize {
    let of_the_first = records(bytes);
    let next = of_the_first.last().filter(|(kind, _)| *kind == END).map_or(bytes.len(), |(_, end)| end.end);
    let frames = of_the_first.iter().filter(|(kind, _)| *kind == FRAME).count();
    if next == bytes.len() { frames } else { frames + frames_in(&bytes[next..]) }
}

/// Where the n-th record of a type lies.
fn nth(bytes: &[u8], kind: u8, n: usize) -> std::ops::Range<usize> {
    records(bytes).into_iter().filter(|(k, _)| *k == kind).nth(n).unwrap().1
}

/// A stream of a picture a second, and a key frame every tenth: as many epochs as a minute has without waiting for one.
/// It is made once.
fn input() -> Vec<u8> {
    static INPUT: OnceLock<Vec<u8>> = OnceLock::new();
    let made = INPUT.get_or_init(|| {
        let yard = Yard::new();
        yard.done(
            "ffmpeg -v error -nostdin -f lavfi -i testsrc=size=64x48:rate=1:duration=60 \
                -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -threads 1 camera.mp4
            capture -q camera.mp4 -o plain.vv",
        );
        yard.bytes("plain.vv")
    });
    made.clone()
}

/// A running `encrypt-stream -r certs` whose wall clock stands where the test puts it.
pub struct Recording {
    pub yard: Yard,
    child: Child,
    stdin: Option<ChildStdin>,
    input: Vec<u8>,
    fed: usize,
}

/// How a recording ended.
pub struct Ended {
    pub yard: Yard,
    pub status: Option<i32>,
    pub said: String,
}

impl Recording {
    /// Begins on [`DAY_1`] with a certificate of each name, valid for that number of days.
    fn begin(certificates: &[(&str, u32)]) -> Self {
        Recording::begin_at(DAY_1, certificates)
    }

    /// Begins at a time, with certificates that were made on [`DAY_1`].
    fn begin_at(time: &str, certificates: &[(&str, u32)]) -> Self {
        Recording::begin_with(time, certificates, &[], "")
    }

    /// The same with further arguments for `encrypt-stream`, after a script.
    pub fn begin_with(time: &str, certificates: &[(&str, u32)], arguments: &[&str], script: &str) -> Self {
        let yard = Yard::new();
        for (name, days) in certificates {
            yard.done(&enrol(name, *days, "certs"));
        }
        yard.done(script);
        let mut recording =
            Recording { input: input(), child: start(&yard, time, arguments), stdin: None, fed: 0, yard };
        recording.stdin = recording.child.stdin.take();
        recording
    }

    /// Lets the recorder have the input up to this number of frames, and waits until it has sealed them.
    pub fn feed(&mut self, frames: usize) -> &mut Self {
        self.offer(frames);
        let (yard, child) = (&self.yard, &mut self.child);
        until("the frames are sealed", || {
            assert!(child.try_wait().unwrap().is_none(), "it has ended: {}", yard.text("said"));
            frames_in(&yard.bytes("sealed.vv")) == frames
        });
        self
    }

    /// Lets the recorder have the input up to this number of frames.
    pub fn offer(&mut self, frames: usize) {
        let end = nth(&self.input, FRAME, frames - 1).end;
        // a recorder that has stopped does not read any more
        let _ = self.stdin.as_mut().unwrap().write_all(&self.input[self.fed..end]);
        self.fed = end;
    }

    pub fn turn_clock(&mut self, to: &str) -> &mut Self {
        set_clock(&self.yard, to);
        self
    }

    fn shell(&mut self, script: &str) -> &mut Self {
        self.yard.done(script);
        self
    }

    /// The input ends here, without its end record: the recording is closed as cut.
    pub fn end(mut self) -> Ended {
        drop(self.stdin.take());
        self.wait()
    }

    /// The rest of the input, with its end record.
    pub fn finish(mut self) -> Ended {
        let _ = self.stdin.take().unwrap().write_all(&self.input[self.fed..]);
        self.wait()
    }

    /// Waits for a recorder that stops of its own accord: its input stays open.
    pub fn stops(mut self) -> Ended {
        let child = &mut self.child;
        until("the recording stops", || child.try_wait().unwrap().is_some());
        self.wait()
    }

    fn wait(mut self) -> Ended {
        let status = self.child.wait().unwrap().code();
        Ended { status, said: self.yard.text("said"), yard: std::mem::replace(&mut self.yard, Yard::new()) }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that makes a key and a certificate on [`DAY_1`].
fn enrol(name: &str, days: u32, folder: &str) -> String {
    format!(
        "TZ=UTC faketime -f '{DAY_1}' enroll-cert -q --generate --name {name} --days {days} --key {name}.key -o {folder}/{name}.pem"
    )
}

/// A time without "@" stands still.
pub fn set_clock(yard: &Yard, time: &str) {
    yard.write("clock.new", time.as_bytes());
    std::fs::rename(yard.path("clock.new"), yard.path("clock")).unwrap();
}

fn start(yard: &Yard, time: &str, arguments: &[&str]) -> Child {
    set_clock(yard, time);
    let mut command = yard.command("encrypt-stream", &["-r", "certs", "--rekey-interval", "10s"]);
    command
        .args(arguments)
        .env("LD_PRELOAD", faketime_library())
        .env("FAKETIME_TIMESTAMP_FILE", yard.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("TZ", "UTC")
        .env_remove("FAKETIME")
        .stdin(Stdio::piped())
        .stdout(File::create(yard.path("sealed.vv")).unwrap())
        .stderr(File::create(yard.path("said")).unwrap());
    command.spawn().unwrap()
}

impl Ended {
    fn inspect(&self) -> Value {
        let output = self.yard.sh("inspect --json sealed.vv");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Subjects of the certificates that open each session, sorted.
    fn sessions(&self) -> Vec<Vec<String>> {
        let all = self.inspect();
        let name = |recipient: &Value| {
            let mut known = all["recipients"].as_array().unwrap().iter();
            known.find(|r| r["sha256"] == recipient["sha256"]).unwrap()["subject"].as_str().unwrap().to_owned()
        };
        let names = |session: &Value| {
            let mut names: Vec<_> = session["recipients"].as_array().unwrap().iter().map(name).collect();
            names.sort();
            names
        };
        all["key_sessions"].as_array().unwrap().iter().map(names).collect()
    }

    /// Exit status of `decrypt-stream`, and how many frames came out.
    #[track_caller]
    fn opens(&self, name: &str, file: &str) -> (i32, usize) {
        let said = self.yard.done(&format!(
            "set +e; decrypt-stream -q -i {name}.key {file} 2>/dev/null > {name}.vv; echo $?
            inspect --frames {name}.vv 2>/dev/null | wc -l || true"
        ));
        let mut numbers = said.lines().map(|line| line.trim().parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap() as usize)
    }

    /// Writes `tail.vv`, the excerpt that begins with this session.
    fn excerpt_from(&self, session: usize) {
        let bytes = self.yard.bytes("sealed.vv");
        let stream_record = records(&bytes)[0].1.end;
        let (from, to) = (nth(&bytes, KEYS, session).start, nth(&bytes, END, 0).start);
        let index = records(&bytes).iter().rev().nth(1).filter(|(kind, _)| *kind == 7).map_or(0, |(_, at)| at.len());
        let excerpt = [8, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0];
        self.yard.write("tail.vv", &[&bytes[..stream_record], &bytes[from..to - index], &excerpt].concat());
    }

    /// It stopped because nobody was left, said so in one line, and the stream is whole to this recipient.
    #[track_caller]
    fn stopped_whole(&self, frames: usize, name: &str) {
        assert_eq!(self.status, Some(4), "{}", self.said);
        let all = self.inspect();
        assert_eq!((&all["end"], &all["frames"]), (&"complete".into(), &frames.into()), "{all}");
        assert_eq!(all["reason"], "no valid certificate left");
        let verdict = self.yard.done(&format!("verify -i {name}.key sealed.vv"));
        assert!(verdict.contains("whole and authenticated"), "{verdict}");
    }
}

#[test]
fn a_certificate_that_expires_gets_no_more_than_the_epoch_that_was_open() {
    // the clock moves by less than the rekey interval: it is not the epoch's end that the recorder looks out for
    let mut recording = Recording::begin_at("2027-01-02 11:59:57", &[("long", 30), ("short", 1)]);
    recording.feed(EPOCH + 5).turn_clock(AFTER_1_DAY).feed(2 * EPOCH + 5);
    let ended = recording.end();
    assert_eq!(ended.sessions(), [vec!["CN=long", "CN=short"], vec!["CN=long"]]);
    let left_out = &ended.inspect()["key_sessions"][1]["left_out"][0];
    assert_eq!((&left_out["name"], &left_out["reason"]), (&"CN=short".into(), &"expired".into()));
    assert_eq!(left_out["not_after"], "2027-01-02T12:00:00Z");
    // not even the rest of the epoch: the clock is asked at every frame
    assert_eq!(ended.opens("short", "sealed.vv"), (3, EPOCH + 5));
    assert_eq!(ended.opens("long", "sealed.vv"), (3, 2 * EPOCH + 5));
    assert!(ended.said.contains("CN=short") && ended.said.contains("expired"), "{}", ended.said);
}

#[test]
fn recording_stops_when_the_last_certificate_expires() {
    let mut recording = Recording::begin(&[("monday", 1), ("tuesday", 2)]);
    recording.feed(EPOCH + 2).turn_clock(AFTER_1_DAY).feed(EPOCH + 7).turn_clock(AFTER_2_DAYS);
    recording.offer(3 * EPOCH);
    let ended = recording.stops();
    ended.stopped_whole(EPOCH + 7, "tuesday");
    assert_eq!(ended.sessions(), [vec!["CN=monday", "CN=tuesday"], vec!["CN=tuesday"]]);
    assert_eq!(ended.opens("monday", "sealed.vv"), (0, EPOCH + 2));
    assert_eq!(ended.said.lines().filter(|line| line.contains("error: ")).count(), 1, "{}", ended.said);
    assert!(ended.said.contains("CN=tuesday") && ended.said.contains("expired"), "{}", ended.said);
}

#[test]
fn the_line_about_the_end_says_what_expired_and_when() {
    let mut recording = Recording::begin(&[("only", 2)]);
    recording.feed(3).turn_clock(AFTER_2_DAYS).offer(4);
    let ended = recording.stops();
    ended.stopped_whole(3, "only");
    let error = ended.said.lines().find(|line| line.contains("error: ")).unwrap();
    assert!(error.contains("CN=only") && error.contains("expired") && error.contains("2027-01-03"), "{}", ended.said);
}

#[test]
fn a_certificate_that_is_added_opens_what_comes_from_the_next_epoch_on() {
    let mut recording = Recording::begin(&[("first", 30)]);
    recording.feed(EPOCH + 5).shell(&enrol("second", 30, "certs")).feed(3 * EPOCH + 5);
    let ended = recording.end();
    assert_eq!(ended.sessions(), [vec!["CN=first"], vec!["CN=first", "CN=second"]]);
    assert_eq!(ended.opens("first", "sealed.vv").1, 3 * EPOCH + 5);
    assert_eq!(ended.opens("second", "sealed.vv"), (3, EPOCH + 5));
    ended.excerpt_from(1);
    assert_eq!(ended.opens("second", "tail.vv").1, EPOCH + 5);
    assert_eq!(ended.opens("first", "tail.vv").1, EPOCH + 5);
}

#[test]
fn a_certificate_that_is_removed_gets_no_more_than_the_epoch_that_was_open() {
    let mut recording = Recording::begin(&[("stays", 30), ("goes", 30)]);
    recording.feed(EPOCH + 5).shell("rm certs/goes.pem").feed(3 * EPOCH + 5);
    let ended = recording.end();
    assert_eq!(ended.sessions(), [vec!["CN=goes", "CN=stays"], vec!["CN=stays"]]);
    assert_eq!(ended.opens("goes", "sealed.vv"), (3, 2 * EPOCH));
    assert_eq!(ended.opens("stays", "sealed.vv").1, 3 * EPOCH + 5);
}

#[test]
fn recording_stops_when_the_last_certificate_is_removed() {
    let mut recording = Recording::begin(&[("only", 30)]);
    recording.feed(EPOCH + 5).shell("rm certs/only.pem").feed(2 * EPOCH).offer(2 * EPOCH + 1);
    let ended = recording.stops();
    ended.stopped_whole(2 * EPOCH, "only");
    assert_eq!(ended.said.lines().filter(|line| line.contains("error: ")).count(), 1, "{}", ended.said);
}

#[test]
fn a_clock_that_is_set_back_does_not_bring_an_expired_certificate_back() {
    let mut recording = Recording::begin(&[("long", 30), ("short", 1)]);
    recording.feed(5).turn_clock(AFTER_1_DAY).feed(EPOCH + 5).turn_clock(DAY_1).feed(3 * EPOCH + 5);
    let ended = recording.end();
    assert_eq!(ended.sessions()[0], ["CN=long", "CN=short"]);
    for later in &ended.sessions()[1..] {
        assert_eq!(later, &["CN=long"]);
    }
    assert_eq!(ended.opens("short", "sealed.vv"), (3, 5));
}
