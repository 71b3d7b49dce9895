//! The command `enroll-cert`, as a user runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use vidveil::keys::{Identity, KeyFile, certificates_in};

use crate::support::keys::{certs_dir, openssl};
use crate::support::output::{stderr, stdout};

fn enroll_cert(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enroll-cert")).current_dir(dir).args(arguments).output().unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const SERVER: [&str; 7] = ["--generate", "--name", "privacy server", "--key", "server.key", "-o", "certs/server.pem"];

#[test]
fn it_makes_a_key_for_its_owner_only_and_a_certificate_for_everybody() {
    for (algorithm, key_type) in [("p-256", "P-256"), ("p-384", "P-384"), ("rsa-3072", "RSA-3072")] {
        let dir = tempfile::tempdir().unwrap();
        let output = enroll_cert(dir.path(), &[&SERVER[..], &["--algorithm", algorithm, "--days", "30"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
        assert_eq!(names(dir.path()), ["certs", "server.key"]);
        assert_eq!(names(&dir.path().join("certs")), ["server.pem"]);
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("server.key"), 0o600);
        assert_eq!(mode("certs/server.pem") & 0o444, 0o444);

        let certificate = certificates_in(&fs::read(dir.path().join("certs/server.pem")).unwrap()).unwrap().remove(0);
        let key = KeyFile::parse(&fs::read(dir.path().join("server.key")).unwrap(), || None).unwrap();
        assert_eq!(certificate.public_key(), key.public_key());
        assert_eq!(certificate.key_type().to_string(), key_type);
        let days = (certificate.not_after_ns() - certificate.not_before_ns()) / 86_400_000_000_000;
        assert_eq!(days, 30);
        assert!(stderr(&output).contains("CN=privacy server"), "{}", stderr(&output));
    }
}

#[test]
fn the_certificate_goes_to_stdout_when_no_file_is_named() {
    for output_flag in [&[][..], &["-o", "-"]] {
        let dir = tempfile::tempdir().unwrap();
        let output = enroll_cert(dir.path(), &[&["--generate", "--name", "a", "--key", "a.key"], output_flag].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(certificates_in(&output.stdout).unwrap().len(), 1);
        assert_eq!(names(dir.path()), ["a.key"]);
    }
}

#[test]
fn nothing_is_replaced_without_force() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("server.key");
    fs::write(&key, "precious").unwrap();
    let output = enroll_cert(dir.path(), &SERVER);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("\"server.key\" exists already") && stderr(&output).contains("--force"));
    assert_eq!(fs::read(&key).unwrap(), b"precious");
    assert_eq!(names(dir.path()), ["server.key"]);

    fs::remove_file(&key).unwrap();
    fs::create_dir(dir.path().join("certs")).unwrap();
    fs::write(dir.path().join("certs/server.pem"), "precious").unwrap();
    let output = enroll_cert(dir.path(), &SERVER);
    assert!(!output.status.success());
    assert_eq!(fs::read(dir.path().join("certs/server.pem")).unwrap(), b"precious");
    assert_eq!(names(dir.path()), ["certs"], "no key without its certificate");

    fs::write(&key, "precious").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let output = enroll_cert(dir.path(), &[&SERVER[..], &["--force"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    KeyFile::parse(&fs::read(&key).unwrap(), || None).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(dir.path()), ["certs", "server.key"]);
}

#[test]
fn a_pass_phrase_file_encrypts_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let phrase = certs_dir().join("passphrase.txt");
    let phrase = phrase.to_str().unwrap();
    let output = enroll_cert(dir.path(), &[&SERVER[..], &["--passphrase-file", phrase]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let key = dir.path().join("server.key");
    assert!(KeyFile::is_encrypted(&fs::read(&key).unwrap()));
    openssl(&["pkey", "-noout", "-in", key.to_str().unwrap(), "-passin", &format!("file:{phrase}")]);

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("empty"), "\n").unwrap();
    let output = enroll_cert(dir.path(), &[&SERVER[..], &["--passphrase-file", "empty"]].concat());
    assert!(!output.status.success());
    assert!(!dir.path().join("server.key").exists());
}

#[test]
fn what_makes_no_sense_leaves_no_file() {
    for (arguments, status) in [
        (&["--generate", "--name", "", "--key", "a.key"][..], 2),
        (&["--generate", "--name", "a", "--key", "a.key", "--days", "0"], 2),
        (&["--generate", "--name", "a", "--key", "a.key", "-o", "a.key"], 2),
        (&["--generate", "--name", "a", "--key", "missing/a.key"], 2),
        (&["--generate", "--name", "a"], 2),
        (&["--generate", "--key", "a.key"], 2),
        (&["--generate", "--name", "a", "--key", "a.key", "--algorithm", "rsa-1024"], 2),
        (&["--generate", "--check", "a.pem"], 2),
        (&[], 2),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let output = enroll_cert(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
        assert!(names(dir.path()).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_went_away_leaves_no_key_without_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
        .current_dir(dir.path())
        .args(["--generate", "--name", "a", "--key", "a.key"])
        .stdout(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(141));
    assert!(names(dir.path()).is_empty());
}

#[test]
fn check_says_of_each_certificate_whether_it_is_usable() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["p256.pem", "expired.pem", "rsa1024.pem", "no-usage.pem"] {
        fs::copy(certs_dir().join(name), dir.path().join(name)).unwrap();
    }
    fs::copy(certs_dir().join("p384.key"), dir.path().join("oops.pem")).unwrap();
    fs::copy(certs_dir().join("p384.pem"), dir.path().join(".hidden.pem")).unwrap();
    fs::copy(certs_dir().join("p384.pem"), dir.path().join("notes.txt")).unwrap();
    fs::copy(certs_dir().join("rsa3072.pem"), dir.path().join("UPPER.CRT")).unwrap();
    let output = enroll_cert(dir.path(), &["--check", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("./{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
    };
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(
        line("p256.pem").starts_with(
            "./p256.pem: usable: CN=test p256, P-256, from 2026-01-01T00:00:00Z to 2056-01-01T00:00:00Z ("
        )
    );
    assert!(line("UPPER.CRT").contains(": usable: CN=test rsa3072, RSA-3072"));
    assert!(line("expired.pem").contains(": expired: CN=test expired, P-256"));
    assert!(line("rsa1024.pem").contains("weak key"));
    assert!(line("oops.pem").contains("this is a private key, not a certificate"));
    assert!(line("no-usage.pem").contains(": usable: "));
    assert!(stderr(&output).contains("no key usage"), "{}", stderr(&output));
}

#[test]
fn check_ends_with_4_when_nothing_is_usable() {
    for what in ["expired.pem", "p256.key"] {
        let output = enroll_cert(&certs_dir(), &["--check", what]);
        assert_eq!(output.status.code(), Some(4), "{what}");
        assert!(stdout(&output).starts_with(&format!("{what}: ")));
        assert!(stderr(&output).contains("no usable certificate"), "{}", stderr(&output));
    }
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(enroll_cert(empty.path(), &["--check", "."]).status.code(), Some(4));
    assert_eq!(enroll_cert(empty.path(), &["--check", "missing.pem"]).status.code(), Some(1));
}
