//! `scripts/read-sealed.py`, made from the manual page alone, reads what the commands write, and says of each golden
//! vector
//! what its header says: the page is enough, and the commands do what it says.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use vidveil::format::Reason;

use crate::support::streams::{Recipients, SECOND, frames, key, plain, sealed_to, stderr};
use crate::support::yard::{Yard, assert_status, fed, told};

/// Runs the reader in each vector's file, in one process: a Python takes its time to start.
const VECTORS: &str = r#"
import hashlib, os, runpy, sys, io
root = sys.argv[1]
sys.path.insert(0, root + "/scripts")
script = runpy.run_path(root + "/scripts/read-sealed.py")
sys.stderr = io.StringIO()
folder = root + "/testdata/" + sys.argv[2]
for name in sorted(os.listdir(folder)):
    if name == "README.md":
        continue
    head, body = open(f"{folder}/{name}", "rb").read().split(b"\n\n", 1)
    says = dict(line.split(": ", 1) for line in head.decode().splitlines())
    keys = []
    if says["identity"] != "none":
        pem = open(f"{root}/testdata/certs/{says['identity']}.key", "rb").read()
        keys = [script["load_pem_private_key"](pem, None)]
    packets, kind = [], "success"
    try:
        script["read"](io.BytesIO(body), keys, lambda *frame: packets.append(frame[-1]))
    except script["Fault"] as fault:
        kind = fault.args[0]
    print(name, kind, len(packets), hashlib.sha256(b"".join(packets)).hexdigest())
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python that has the package, which is not always the first on PATH.
fn python() -> &'static str {
    static FOUND: OnceLock<&str> = OnceLock::new();
    FOUND.get_or_init(|| {
        let has = |python: &&&str| {
            let check = "import sys, cryptography; sys.exit(sys.version_info < (3, 10))";
            Command::new(python).args(["-c", check]).output().is_ok_and(|output| output.status.success())
        };
        ["/usr/bin/python3", "python3"]
            .iter()
            .find(has)
            .expect("Python 3.10 with cryptography: scripts/setup installs it")
    })
}

fn read_sealed(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(python());
    command.arg(root().join("scripts/read-sealed.py")).args(arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    fed(command, input)
}

fn vectors(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("testdata").join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_none()).collect();
    paths.sort();
    paths
}

#[test]
fn every_vector_is_what_its_header_says() {
    let (said, expected) = vectors_read("vectors");
    let differences: Vec<_> = said.lines().zip(expected.lines()).filter(|(said, expected)| said != expected).collect();
    assert!(differences.is_empty(), "said, expected: {differences:#?}");
    assert_eq!(said.lines().count(), expected.lines().count());
    assert!(said.lines().count() > 250);
}

#[test]
fn every_signature_is_what_its_header_says() {
    let (said, expected) = vectors_read("signed");
    // a changed packet is not the packet of the header
    let fields = |line: &str| line.split(' ').take(3).map(str::to_owned).collect::<Vec<_>>();
    for (said, expected) in said.lines().zip(expected.lines()) {
        // without a key this reader stops at the first keys record, and with one it sees what is wrong without the
        // signature
        let expected = expected.replace("wrong_commitment signature 2 ", "wrong_commitment no-match 0 ");
        let expected = expected.replace("wrong_keys_hash signature 4 ", "wrong_keys_hash no-match 0 ");
        assert_eq!(fields(said), fields(&expected));
    }
    assert!(said.lines().count() > 15);
}

/// What the reader says of each vector in the folder, and what its header says.
fn vectors_read(folder: &str) -> (String, String) {
    let mut expected = String::new();
    for path in vectors(folder) {
        let bytes = std::fs::read(&path).unwrap();
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
        let header = std::str::from_utf8(&bytes[..end]).unwrap();
        let field = |name: &str| header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(expected, "{name} {} {} {}", field("expect"), field("frames"), field("payload-sha256")).unwrap();
    }
    let output = Command::new(python()).args(["-c", VECTORS]).arg(root()).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    (String::from_utf8(output.stdout).unwrap(), expected)
}

#[test]
fn each_kind_of_key_opens_every_packet_of_a_recording_of_two_tracks() {
    let yard = Yard::new();
    yard.done(
        "scene silent.mp4 160x120 5
        ffmpeg -v error -nostdin -i silent.mp4 -f lavfi -i sine=duration=5 -c:v copy -c:a aac -shortest camera.mp4
        mkdir certs
        for kind in p-256 p-384 rsa-3072; do
            enroll-cert -q --generate --algorithm $kind --name $kind --key $kind.key -o certs/$kind.pem
        done
        capture -q --camera gate camera.mp4 -o plain.vv
        encrypt-stream -q -r certs --rekey-interval 1s plain.vv -o sealed.vv
        inspect --frames plain.vv > expected.txt",
    );
    let sealed = yard.bytes("sealed.vv");
    let expected = yard.text("expected.txt");
    for track in ["0 ", "1 "] {
        assert!(expected.lines().filter(|line| line.starts_with(track)).count() > 40, "{expected}");
    }
    assert!(yard.done("inspect --json sealed.vv").contains("\"epochs\":3"));
    for kind in ["p-256", "p-384", "rsa-3072"] {
        let file = format!("{kind}.key");
        let output = read_sealed(&["--frames", "-i", yard.path(&file).to_str().unwrap()], &sealed);
        assert_status(&output, 0);
        assert_eq!(stderr(&output), "");
        assert!(output.stdout == expected.as_bytes(), "{kind}");
        assert_eq!(yard.done(&format!("decrypt-stream -i {file} sealed.vv | inspect --frames")), expected);
    }
    // a bit anywhere in a packet is found, and nothing of that packet comes out
    let mut changed = sealed.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let output = read_sealed(&["--frames", "-i", yard.path("p-256.key").to_str().unwrap()], &changed);
    assert_status(&output, 3);
    assert!(stderr(&output).contains("error: record: "), "{}", told(&output));
    assert!(!output.stdout.is_empty() && expected.as_bytes().starts_with(&output.stdout));
}

#[test]
fn sessions_with_other_recipients_are_read_as_far_as_the_key_goes() {
    let hour = 3600 * SECOND;
    let recipients = Recipients { first: vec!["p256", "p384", "rsa2048"], later: vec!["rsa3072", "p256"] };
    let sealed = sealed_to(recipients, hour / 6);
    let packets: Vec<Vec<u8>> = frames().into_iter().map(|(_, packet)| packet).collect();
    // after the sixth frame, an hour is over
    for (name, status, count) in
        [("p256", 0, 13), ("p384", 4, 6), ("rsa2048", 4, 6), ("rsa3072", 4, 0), ("no-usage", 4, 0)]
    {
        let output = read_sealed(&["-i", &key(name)], &sealed);
        assert_status(&output, status);
        assert_eq!(output.stdout, packets[..count].concat(), "{name}");
        assert_eq!(stderr(&output).contains("error: no-match: "), status == 4, "{name}: {}", told(&output));
    }
    let both = read_sealed(&["-i", &key("rsa3072"), "-i", &key("rsa2048")], &sealed);
    assert_status(&both, 0);
    assert_eq!(both.stdout, packets.concat());
}

#[test]
fn exit_statuses_are_those_of_the_page() {
    let sealed = std::fs::read(root().join("testdata/vectors/sealed_p256")).unwrap();
    let sealed = &sealed[sealed.windows(2).position(|two| two == b"\n\n").unwrap() + 2..];
    let identity = key("p256");
    let cut = &sealed[..sealed.len() - 16];
    for (input, arguments, status, kind) in [
        (sealed, &["-i", identity.as_str()][..], 0, ""),
        (sealed, &[], 4, "no-match"),
        (cut, &["-i", &identity], 3, "truncated"),
        (&[sealed, b"\0"].concat(), &["-i", &identity], 3, "trailing"),
        (b"no container", &[], 3, "header"),
        (&plain("gate", Reason::Stopped), &[], 0, ""),
        (&plain("gate", Reason::Stopped), &["-i", &identity], 4, "refused"),
    ] {
        let output = read_sealed(arguments, input);
        assert_status(&output, status);
        let said = stderr(&output);
        let said = said.strip_prefix("read-sealed: error: ").map_or("", |rest| rest.split(':').next().unwrap());
        assert_eq!(said, kind);
    }
}
