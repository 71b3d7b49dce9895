//! What `encrypt-stream` says and does about its certificates while it records.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use vidveil::format::{EndKind, Reason, Record};

use crate::support::authority::Authority;
use crate::support::keys::certs_dir;
use crate::support::recording::{Recording, pictures, so_far};
use crate::support::streams::{records, run, stderr};
use crate::support::wait::until;
use crate::support::yard::Yard;

const ENCRYPT: &str = env!("CARGO_BIN_EXE_encrypt-stream");

#[test]
fn the_folder_and_the_lists_are_followed_while_it_records() {
    let ca = Authority::new("Root");
    ["alice", "bob", "carol"].iter().for_each(|name| ca.recipient(name, 100));
    let put = |name: &str| ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem")));
    put("alice");
    put("bob");
    fs::create_dir(ca.path("crls")).unwrap();
    ca.list("crls/root.crl", true);

    let child = Command::new(ENCRYPT)
        .current_dir(&ca.dir)
        .args(["-r", "certs", "--ca", "ca.pem", "--crl", "crls", "--rekey-interval", "100ms", "-o", "out.vv"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut recording = Recording::new(child, 400, ca.path("out.vv"));
    recording.record(20);
    fs::remove_file(ca.path("certs/bob.pem")).unwrap();
    recording.record(40);
    ca.write("certs/carol.pem", "-----BEGIN CERTIFICATE-----\nMII");
    recording.record(60);
    put("carol");
    recording.record(80);
    ca.revoke("alice", "new.crl", true);
    fs::rename(ca.path("new.crl"), ca.path("crls/root.crl")).unwrap();
    recording.record(100);
    fs::remove_file(ca.path("certs/carol.pem")).unwrap();
    let output = recording.finish();

    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let sessions: Vec<_> = so_far(&ca.path("out.vv")).0.into_iter().map(|(_, names)| names).collect();
    assert_eq!(sessions, [&["alice", "bob"][..], &["alice"], &["alice", "carol"], &["carol"]]);
    let error = said.lines().find(|line| line.contains("error:")).unwrap();
    assert!(error.contains("no valid certificate is left: "), "{error}");
    for reason in [
        "\"CN=alice\" (\"certs/alice.pem\"): revoked",
        "\"CN=bob\" (\"certs/bob.pem\"): its file was removed",
        "\"CN=carol\" (\"certs/carol.pem\"): its file was removed",
    ] {
        assert!(error.contains(reason), "{error}");
    }
    // properly closed, with its reason, and every recipient's keys record says who was left out
    let sealed = fs::read(ca.path("out.vv")).unwrap();
    let all: Vec<_> = records(&sealed).into_iter().map(|(_, record)| record).collect();
    let reason = all.iter().rev().find_map(|r| if let Record::Close(c) = r { Some(c.reason) } else { None });
    assert_eq!(reason, Some(Reason::NoRecipients));
    assert!(matches!(all.last(), Some(Record::End(e)) if e.kind == EndKind::Complete), "{:?}", all.last());
    let last_keys = all.iter().rev().find_map(|r| if let Record::Keys(k) = r { Some(k) } else { None }).unwrap();
    let mut left_out: Vec<_> = last_keys.left_out.iter().map(|l| (l.name.as_str(), l.reason)).collect();
    left_out.sort();
    assert_eq!(left_out, [("CN=alice", 3), ("CN=bob", 11)]);
}

#[test]
fn nothing_is_recorded_when_nobody_could_open_it() {
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    ca.revoke("alice", "list.crl", true);
    let other = Authority::new("Other");
    let certs = certs_dir();
    let of = |name: &str| certs.join(name).to_str().unwrap().to_owned();
    let alice = ca.str("alice.pem");
    let out = ca.str("out.vv");
    for (arguments, error, hint) in [
        (vec![of("expired.pem")], "\"CN=test expired\"", "enroll-cert --check"),
        (vec![of("expired.pem")], "expired on 2025-01-01T00:00:00Z", ""),
        (vec![of("not-yet-valid.pem")], "not valid before ", "is this machine's clock right?"),
        (vec![alice.clone(), "--crl".into(), ca.str("list.crl")], "revoked", ""),
        (vec![alice.clone(), "--ca".into(), other.str("ca.pem")], "no chain to a trusted authority", ""),
        (vec![alice.clone(), "--minimum-recipients".into(), "2".into()], "fewer than 2 valid certificates", ""),
    ] {
        let arguments: Vec<_> = ["-o", &out, "-r"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        let output = run(ENCRYPT, &arguments, &pictures(5));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(4), "{said}");
        let line = |kind: &str| said.lines().filter(|l| l.contains(kind)).collect::<String>();
        assert!(line("error:").contains(error), "{said}");
        assert!(line("hint:").contains(hint), "{said}");
        assert!(!Path::new(&out).exists());
    }
    let good = run(ENCRYPT, &["-r", &alice, "--ca", &ca.str("ca.pem"), "-o", &out], &pictures(5));
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
}

#[test]
fn authorities_and_lists_that_are_none_are_said_at_the_start() {
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    let (alice, root) = (ca.str("alice.pem"), ca.str("ca.pem"));
    for arguments in [
        ["--crl", &root],
        ["--crl", &ca.str("missing.crl")],
        ["--ca", &ca.str("alice.key")],
        ["--ca", &ca.str("missing.pem")],
    ] {
        let output = run(ENCRYPT, &["-r", &alice, arguments[0], arguments[1]], &pictures(5));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_certificate_that_ends_soon_is_warned_of_once() {
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    ca.recipient("bob", 10);
    for name in ["alice.pem", "bob.pem"] {
        ca.write(&format!("certs/{name}"), ca.read(name));
    }
    let said = |arguments: &[&str]| {
        let fixed = ["-r", &ca.str("certs"), "--rekey-interval", "100ms"].map(str::to_owned);
        let all: Vec<_> = fixed.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let output = run(ENCRYPT, &all, &[pictures(20), pictures(20)].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output).lines().filter(|l| l.contains("expires in")).map(str::to_owned).collect::<Vec<_>>()
    };
    // two streams of many epochs are one run
    let lines = said(&[]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("warning: \"CN=bob\"") && lines[0].contains("expires in 9 days, at 20"), "{lines:?}");
    assert_eq!(said(&["--warn-before", "101d"]).len(), 2);
    assert_eq!(said(&["--warn-before", "1d"]).len(), 0);
}

/// Writes name and size of every file that is synced to the file named by SYNCED.
const WITNESS: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int fd) {
    long result = syscall(SYS_fsync, fd);
    struct stat s;
    FILE *log = fopen(getenv("SYNCED"), "a");
    if (log && !fstat(fd, &s)) fprintf(log, "%lld %lld\n", (long long)s.st_ino, (long long)s.st_size);
    if (log) fclose(log);
    return (int)result;
}
"#;

#[test]
fn a_recording_that_stops_for_want_of_certificates_is_on_the_disk() {
    use std::os::unix::fs::MetadataExt;
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    ca.write("certs/alice.pem", ca.read("alice.pem"));
    ca.write("witness.c", WITNESS);
    let built = Command::new("cc")
        .current_dir(&ca.dir)
        .args(["-shared", "-fPIC", "-o", "witness.so", "witness.c"])
        .status()
        .unwrap();
    assert!(built.success());
    let stream = pictures(40);
    let middle =
        records(&stream).into_iter().filter(|(_, r)| matches!(r, Record::Frame(_))).nth(20).unwrap().0 as usize;
    let mut child = Command::new(ENCRYPT)
        .current_dir(&ca.dir)
        .args(["-r", "certs", "--rekey-interval", "100ms", "-o", "out.vv"])
        .env("LD_PRELOAD", ca.path("witness.so"))
        .env("SYNCED", ca.path("synced"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&stream[..middle]).unwrap();
    until("ten epochs are closed", || so_far(&ca.path("out.vv")).1 >= 10);
    fs::remove_file(ca.path("certs/alice.pem")).unwrap();
    let _ = stdin.write_all(&stream[middle..]);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let file = fs::metadata(ca.path("out.vv")).unwrap();
    let synced = fs::read_to_string(ca.path("synced")).unwrap_or_default();
    // after its last byte
    assert_eq!(synced, format!("{} {}\n", file.ino(), file.len()));
}

#[test]
fn a_size_over_its_limit_is_reported_as_such() {
    let ca = Authority::new("Root");
    for flag in ["--key-room", "--pad"] {
        for size in ["1048577", "2M", "5G"] {
            let certificate = ca.str("ca.pem");
            let output = run(ENCRYPT, &["-r", &certificate, flag, size], &pictures(1));
            assert_eq!(output.status.code(), Some(2));
            assert!(stderr(&output).contains(&format!("{flag} is more than 1 MiB")), "{}", stderr(&output));
        }
    }
}

#[test]
fn a_private_key_next_to_certificates_is_named_and_not_used() {
    let yard = Yard::with_camera(1);
    yard.done("cp desk.key certs/; capture -q camera.mp4 -o camera.vv");
    for ask in ["encrypt-stream -r certs/ -o sealed.vv camera.vv", "enroll-cert --check certs/"] {
        let output = yard.sh(ask);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains("certs/desk.key\" is a private key"), "{said}");
    }
    yard.done("rm certs/desk.key; encrypt-stream -q -r certs/ -f -o sealed.vv camera.vv");
}
