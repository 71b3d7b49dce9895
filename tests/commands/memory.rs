//! No key outlives its use: the memory of the running commands is read, and no secret of before is found in it.
//!
//! The commands forbid dumps, so that only root may look: without it these tests are skipped.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::memory::{self, Needle, StreamKeys, private_numbers, record_ends};
use crate::support::testdata;
use crate::support::yard::{Yard, until};

/// A command whose input stays open.
struct Held {
    child: Child,
    fed: usize,
}

impl Held {
    fn new(command: &mut Command, out: &Path) -> Held {
        let out = File::create(out).unwrap();
        Held { child: command.stdin(Stdio::piped()).stdout(out).stderr(Stdio::null()).spawn().unwrap(), fed: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
        self.fed += bytes.len();
    }

    /// Waits until it waits for input that does not come.
    fn wait_idle(&self) {
        let (pid, mut calm) = (self.child.id(), 0);
        let ticks = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<_> =
                stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            (fields.first().cloned(), fields.get(11).cloned(), fields.get(12).cloned())
        };
        let mut before = ticks();
        until("it waits for input", || {
            let now = ticks();
            calm = if now == before && now.0.as_deref() == Some("S") { calm + 1 } else { 0 };
            before = now;
            calm > 30
        });
    }

    #[track_caller]
    fn assert_without(&self, needles: &[&Needle]) {
        assert!(needles.len() > 3);
        let found = memory::found(self.child.id(), needles);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[track_caller]
    fn assert_with(&self, needles: &[&Needle]) {
        let found = memory::found(self.child.id(), needles);
        assert_eq!(found.len(), needles.len(), "the looking finds what must be there: {found:?}");
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

fn readable() -> bool {
    let can = memory::can_be_read();
    if !can {
        eprintln!("skipped: only root may read the memory of a process that forbids dumps");
    }
    can
}

/// A folder with a plain stream of `seconds`, its bytes, and certificates of both kinds of keys.
fn yard(seconds: u32) -> (Yard, Vec<u8>) {
    let yard = Yard::new();
    yard.done(&format!("scene camera.mp4 160x120 {seconds}; capture camera.mp4 > plain.vv; mkdir certs more"));
    for name in ["rsa2048", "p256"] {
        std::fs::copy(testdata(&format!("certs/{name}.pem")), yard.path(&format!("certs/{name}.pem"))).unwrap();
    }
    let plain = yard.bytes("plain.vv");
    (yard, plain)
}

fn key(name: &str) -> Vec<u8> {
    std::fs::read(testdata(&format!("certs/{name}.key"))).unwrap()
}

fn keys_of(yard: &Yard, sealed: &str) -> StreamKeys {
    StreamKeys::of(&yard.bytes(sealed), &key("rsa2048"))
}

#[test]
fn a_recorder_keeps_the_keys_of_its_open_epoch_and_nothing_before() {
    if !readable() {
        return;
    }
    let (yard, plain) = yard(12);
    let ends = record_ends(&plain);
    let mut recorder = Held::new(
        &mut yard.command("encrypt-stream", &["-r", "certs", "--rekey-interval", "2s"]),
        &yard.path("sealed.vv"),
    );

    // in the middle of an epoch
    let middle = ends[ends.len() / 2 + 3];
    recorder.feed(&plain[..middle]);
    recorder.wait_idle();
    let keys = keys_of(&yard, "sealed.vv");
    assert!(keys.epochs.len() >= 3, "{}", keys.epochs.len());
    recorder.assert_with(&keys.open_frame_keys());
    recorder.assert_without(&keys.closed());

    // another certificate: another session
    std::fs::copy(testdata("certs/p384.pem"), yard.path("certs/p384.pem")).unwrap();
    let late = ends[ends.len() - 8];
    recorder.feed(&plain[middle..late]);
    recorder.wait_idle();
    let keys = keys_of(&yard, "sealed.vv");
    assert_eq!(keys.sessions.len(), 2);
    recorder.assert_with(&keys.open_frame_keys());
    recorder.assert_without(&keys.closed());

    // the stream's end, and the recorder waits for another one
    recorder.feed(&plain[late..]);
    recorder.wait_idle();
    let keys = keys_of(&yard, "sealed.vv");
    recorder.assert_without(&keys.all());
    recorder.end();
}

#[test]
fn who_opens_a_stream_keeps_none_of_its_keys_after_its_end() {
    if !readable() {
        return;
    }
    let (yard, _) = yard(6);
    yard.done("encrypt-stream -q -r certs --rekey-interval 2s plain.vv > sealed.vv");
    let sealed = yard.bytes("sealed.vv");
    for name in ["rsa2048", "p256"] {
        let path = testdata(&format!("certs/{name}.key"));
        let path = path.to_str().unwrap();
        let keys = StreamKeys::of(&sealed, &key(name));
        for (command, arguments) in [
            ("decrypt-stream", vec!["-q", "-i", path]),
            ("protect", vec!["-q", "-i", path, "--learn", "0s"]),
            ("rewrap", vec!["-q", "-i", path, "--add", "-r", "more.pem"]),
        ] {
            std::fs::copy(testdata("certs/p384.pem"), yard.path("more.pem")).unwrap();
            let mut held = Held::new(&mut yard.command(command, &arguments), &yard.path("out"));
            held.feed(&sealed);
            held.wait_idle();
            let found = memory::found(held.child.id(), &keys.all());
            assert!(found.is_empty(), "{command} -i {name}.key: {found:#?}");
            held.end();
        }
    }
}

#[test]
fn a_key_file_leaves_no_copy_beside_the_key_in_use() {
    if !readable() {
        return;
    }
    let (yard, _) = yard(1);
    let phrase = testdata("certs/passphrase.txt");
    let words = std::fs::read_to_string(&phrase).unwrap();
    for (file, plain) in [("rsa2048", "rsa2048"), ("p256", "p256"), ("p384", "p384"), ("p256.enc", "p256")] {
        let path = testdata(&format!("certs/{file}.key"));
        let arguments = ["-q", "-i", path.to_str().unwrap(), "--passphrase-file", phrase.to_str().unwrap()];
        let mut held = Held::new(&mut yard.command("decrypt-stream", &arguments), &yard.path("out"));
        held.wait_idle();
        let text = String::from_utf8(key(file)).unwrap();
        let mut needles = private_numbers(&key(plain));
        needles.push(memory::text("the pass phrase", words.lines().next().unwrap()));
        needles.push(memory::text("a line of the key file", &text.lines().nth(1).unwrap()[..32]));
        let found = memory::found(held.child.id(), &needles.iter().collect::<Vec<_>>());
        assert!(found.is_empty(), "{file}: {found:#?}");
        held.child.kill().unwrap();
        held.child.wait().unwrap();
    }
}

#[test]
fn the_key_agent_keeps_nothing_of_what_a_key_file_opened() {
    if !readable() {
        return;
    }
    let (yard, _) = yard(6);
    yard.done("mkdir archive; encrypt-stream -q -r certs --rekey-interval 2s plain.vv > archive/1.vv");
    let sealed = yard.bytes("archive/1.vv");
    for name in ["rsa2048", "p256"] {
        let path = testdata(&format!("certs/{name}.key"));
        let here = yard.path("").display().to_string();
        let job = format!("decrypt-stream -q && touch {here}/opened && while [ ! -e {here}/go ]; do sleep 0.05; done");
        let arguments = ["-q", "-i", path.to_str().unwrap(), "--do", &job, "archive", name];
        let mut agent = yard.command("reprocess", &arguments).spawn().unwrap();
        until("the job has opened its stream", || yard.exists("opened"));
        let keys = StreamKeys::of(&sealed, &key(name));
        let found = memory::found(agent.id(), &keys.all());
        assert!(found.is_empty(), "{name}: {found:#?}");
        yard.write("go", b"");
        assert!(agent.wait().unwrap().success());
        yard.done("rm opened go");
    }
}
