//! `enroll-cert` with certificates that were made elsewhere: enrolling, checking a folder of them, removing.

use std::fs;
use std::process::{Command, Output};

use vidveil::keys::certificates_in;

use crate::support::authority::Authority;
use crate::support::keys::{certs_dir, read};
use crate::support::output::{stderr, stdout};

fn enroll_cert(ca: &Authority, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
        .current_dir(&ca.dir)
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

/// An authority with alice, valid for 100 days, and a pass phrase in `pw`.
fn with_alice() -> Authority {
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    ca.write("pw", "secret\n");
    ca
}

#[test]
fn a_certificate_comes_out_of_any_file_alone() {
    let ca = with_alice();
    ca.write("chain.pem", [ca.read("ca.pem"), ca.read("alice.pem")].concat());
    ca.write("with-key.pem", [ca.read("alice.key"), ca.read("alice.pem"), ca.read("ca.pem")].concat());
    ca.openssl("x509 -in alice.pem -outform DER -out alice.der");
    let export = "pkcs12 -export -inkey alice.key -in alice.pem -certfile ca.pem -passout";
    ca.openssl(&format!("{export} pass:secret -out alice.p12"));
    ca.openssl(&format!("{export} pass:secret -keypbe NONE -certpbe NONE -nomac -out open.p12"));
    ca.openssl("pkcs12 -export -nokeys -in alice.pem -passout pass:secret -out keyless.p12");
    for (file, has_key) in [
        ("alice.pem", false),
        ("alice.der", false),
        ("chain.pem", false),
        ("with-key.pem", true),
        ("alice.p12 --passphrase-file pw", true),
        ("open.p12", true),
        ("keyless.p12 --passphrase-file pw", false),
    ] {
        let output = enroll_cert(&ca, &format!("{file} -o certs/alice.pem --force"));
        assert!(output.status.success(), "{file}: {}", stderr(&output));
        let written = String::from_utf8(ca.read("certs/alice.pem")).unwrap();
        assert!(written.starts_with("-----BEGIN CERTIFICATE-----\n"), "{file}");
        assert!(!written.contains("PRIVATE"), "{file}");
        let certificates = certificates_in(written.as_bytes()).unwrap();
        assert_eq!(certificates, certificates_in(&ca.read("alice.pem")).unwrap(), "{file}");
        assert_eq!(stderr(&output).contains("HOLDS A PRIVATE KEY"), has_key, "{file}: {}", stderr(&output));
        assert!(stderr(&output).contains("enrolled CN=alice, P-256"), "{file}: {}", stderr(&output));
    }
    let output = enroll_cert(&ca, "alice.pem");
    assert_eq!(stdout(&output).lines().next(), Some("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn what_could_not_be_used_is_refused_and_leaves_no_file() {
    let ca = with_alice();
    for name in ["expired.pem", "wrong-usage.pem", "rsa1024.pem", "ed25519.pem", "p256.key"] {
        ca.write(name, read(name));
    }
    ca.openssl("pkcs12 -export -inkey alice.key -in alice.pem -passout pass:secret -out alice.p12");
    ca.openssl("pkcs12 -export -legacy -inkey alice.key -in alice.pem -passout pass:secret -out legacy.p12");
    ca.write("wrong", "not it\n");
    ca.write("text", "hello");
    ca.revoke("alice", "list.crl", true);
    let other = Authority::new("Other");
    ca.write("other.pem", other.read("ca.pem"));
    for (arguments, why) in [
        ("expired.pem", "expired on 2025-01-01T00:00:00Z"),
        ("wrong-usage.pem", "key usage"),
        ("rsa1024.pem", "weak key"),
        ("ed25519.pem", "unsupported key"),
        ("p256.key", "this is a private key, not a certificate"),
        ("text", "no certificate found"),
        ("alice.p12 --passphrase-file wrong", "wrong pass phrase"),
        ("legacy.p12 --passphrase-file pw", "openssl pkcs12 -legacy -nokeys"),
        ("alice.pem --crl list.crl", "revoked"),
        ("alice.pem --ca other.pem", "no chain to a trusted authority"),
    ] {
        let output = enroll_cert(&ca, &format!("{arguments} -o certs/x.pem"));
        assert_eq!(output.status.code(), Some(4), "{arguments}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{arguments}: {}", stderr(&output));
        assert!(!ca.path("certs").exists(), "{arguments}");
    }
    ca.write("taken.pem", "precious");
    assert_eq!(enroll_cert(&ca, "alice.pem -o taken.pem").status.code(), Some(2));
    assert_eq!(enroll_cert(&ca, "alice.pem -o alice.pem --force").status.code(), Some(2));
    assert_eq!(ca.read("taken.pem"), b"precious");
    // converted as the hint says, it is taken
    ca.openssl("pkcs12 -legacy -nokeys -in legacy.p12 -passin pass:secret -out converted.pem");
    assert!(enroll_cert(&ca, "converted.pem").status.success());
}

#[test]
fn of_several_it_asks_which() {
    let ca = with_alice();
    ca.recipient("bob", 100);
    ca.issue("signer", "ca", 100, "keyUsage=critical,digitalSignature\n");
    ca.write("all.pem", [ca.read("alice.pem"), ca.read("bob.pem"), ca.read("signer.pem")].concat());
    let output = enroll_cert(&ca, "all.pem");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("(CN=alice)") && said.contains("(CN=bob)"), "{said}");
    let digits = said.split("--select ").nth(2).unwrap().split(' ').next().unwrap().to_owned();
    let output = enroll_cert(&ca, &format!("all.pem --select {digits}"));
    assert_eq!(output.stdout, certificates_in(&ca.read("bob.pem")).unwrap()[0].to_pem().as_bytes());
    assert_eq!(enroll_cert(&ca, "all.pem --select 0000000000").status.code(), Some(2));
    // a card's certificates: the one for signatures is no question
    ca.write("card.pem", [ca.read("signer.pem"), ca.read("bob.pem")].concat());
    assert!(stderr(&enroll_cert(&ca, "card.pem")).contains("enrolled CN=bob"));
}

#[test]
fn the_links_of_a_chain_come_along_where_they_are_needed() {
    let ca = Authority::new("Root");
    ca.issue("middle", "ca", 200, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
    ca.issue("alice", "middle", 100, "keyUsage=critical,keyAgreement\n");
    ca.write("chain.pem", [ca.read("alice.pem"), ca.read("middle.pem")].concat());
    let count = |output: &Output| stdout(output).matches("BEGIN CERTIFICATE").count();
    assert_eq!(count(&enroll_cert(&ca, "chain.pem")), 1);
    assert_eq!(count(&enroll_cert(&ca, "chain.pem --ca ca.pem")), 2);
    enroll_cert(&ca, "chain.pem --ca ca.pem -o certs/alice.pem");
    let output = enroll_cert(&ca, "--check certs --ca ca.pem");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(enroll_cert(&ca, "--check alice.pem --ca ca.pem").status.code(), Some(4));
}

#[test]
fn not_yet_valid_is_enrolled_with_a_word_about_the_clock() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_enroll-cert")).current_dir(certs_dir()).arg("not-yet-valid.pem").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("is this machine's clock right?"));
}

#[test]
fn check_says_when_recording_stops_and_because_of_whom() {
    let ca = with_alice();
    ca.recipient("bob", 40);
    for name in ["alice", "bob"] {
        ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem")));
    }
    let end = |name: &str| {
        let certificate = certificates_in(&ca.read(&format!("{name}.pem"))).unwrap().remove(0);
        vidveil::base::text::rfc3339(certificate.not_after_ns())
    };
    let last = |output: &Output| stdout(output).lines().last().unwrap().to_owned();
    let output = enroll_cert(&ca, "--check certs");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        last(&output),
        format!(
            "recording with \"certs\" stops on {}, because \"CN=alice\" (\"certs/alice.pem\") expires then and no other is usable",
            end("alice")
        )
    );
    assert!(stdout(&output).contains("(39 days left)"), "{}", stdout(&output));
    // bob's end does not stop it, unless both are needed
    assert_eq!(enroll_cert(&ca, "--check certs --warn-before 60d").status.code(), Some(0));
    let output = enroll_cert(&ca, "--check certs --minimum-recipients 2");
    assert!(last(&output).contains(&end("bob")) && last(&output).contains("fewer than 2"), "{}", last(&output));
    assert_eq!(output.status.code(), Some(0));
    let output = enroll_cert(&ca, "--check certs --minimum-recipients 2 --warn-before 60d");
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("recording stops in 39 days"), "{}", stderr(&output));
    assert_eq!(enroll_cert(&ca, "--check certs --minimum-recipients 3").status.code(), Some(4));
    assert_eq!(enroll_cert(&ca, "--check certs --warn-before 101d").status.code(), Some(4));
    // a list changes the day
    ca.revoke("alice", "list.crl", true);
    let output = enroll_cert(&ca, "--check certs --ca ca.pem --crl list.crl");
    assert!(last(&output).contains(&end("bob")), "{}", last(&output));
    assert!(stdout(&output).contains("certs/alice.pem: revoked: CN=alice"), "{}", stdout(&output));
}

#[test]
fn check_answers_in_json() {
    let ca = with_alice();
    ca.write("certs/alice.pem", ca.read("alice.pem"));
    ca.write("certs/half.pem", &ca.read("alice.pem")[..100]);
    ca.write("certs/old.pem", read("expired.pem"));
    let output = enroll_cert(&ca, "--check certs --json");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json["version"].as_u64(), json["usable"].as_u64()), (Some(1), Some(1)));
    assert_eq!((json["records"].as_bool(), json["days_left"].as_i64()), (Some(true), Some(99)));
    let all = json["certificates"].as_array().unwrap();
    let [alice, half, old] = all.as_slice() else { panic!("{json}") };
    assert_eq!((alice["usable"].as_bool(), alice["subject"].as_str()), (Some(true), Some("CN=alice")));
    assert_eq!(alice["not_after"], json["stops"]);
    assert!(alice["reason"].is_null() && alice["sha256"].as_str().unwrap().len() == 64);
    assert!(half["sha256"].is_null() && half["reason"].as_str().unwrap().starts_with("unreadable"));
    assert_eq!(old["reason"].as_str(), Some("expired"));
    assert!(old["days_left"].as_i64().unwrap() < 0);
    fs::remove_file(ca.path("certs/alice.pem")).unwrap();
    let output = enroll_cert(&ca, "--check certs --json");
    assert_eq!(output.status.code(), Some(4));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json["records"].as_bool(), json["stops"].as_str()), (Some(false), None));
}

#[test]
fn the_last_usable_certificate_is_not_removed() {
    let ca = with_alice();
    ca.recipient("bob", 100);
    for name in ["alice", "bob"] {
        ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem")));
    }
    ca.write("certs/old.pem", read("expired.pem"));
    ca.write("certs/oops.pem", read("p256.key"));
    ca.write("certs/half.pem", "-----BEGIN CERT");
    ca.write("certs/video.vv", "frames");
    assert!(enroll_cert(&ca, "--remove certs/bob.pem").status.success());
    assert!(!ca.path("certs/bob.pem").exists());
    for (arguments, status) in [
        ("--remove certs/alice.pem", 4),
        ("--remove certs/oops.pem --force", 4),
        ("--remove certs/video.vv --force", 4),
        ("--remove certs/bob.pem", 1),
        ("--remove certs", 2),
    ] {
        let output = enroll_cert(&ca, arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments}: {}", stderr(&output));
    }
    for name in ["alice.pem", "oops.pem", "video.vv"] {
        assert!(ca.path("certs").join(name).exists(), "{name}");
    }
    assert!(enroll_cert(&ca, "--remove certs/old.pem").status.success());
    assert!(enroll_cert(&ca, "--remove certs/half.pem").status.success());
    assert!(enroll_cert(&ca, "--remove certs/alice.pem --force").status.success());
    assert!(!ca.path("certs/alice.pem").exists());
}

#[test]
fn the_last_one_is_known_by_the_recorders_rules() {
    let ca = with_alice();
    ca.recipient("bob", 100);
    for name in ["alice", "bob"] {
        ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem")));
    }
    // usable by itself, but not an employee of this authority
    ca.write("certs/stranger.pem", read("p256.pem"));
    ca.revoke("bob", "root.crl", true);
    for rules in ["--ca ca.pem --crl root.crl", "--ca ca.pem --minimum-recipients 2"] {
        let output = enroll_cert(&ca, &format!("--remove certs/alice.pem {rules}"));
        assert_eq!(output.status.code(), Some(4), "{rules}: {}", stderr(&output));
    }
    assert!(enroll_cert(&ca, "--remove certs/bob.pem --ca ca.pem --crl root.crl").status.success());
    assert!(ca.path("certs/alice.pem").exists() && !ca.path("certs/bob.pem").exists());
    // whoever asks for no chain goes on with the stranger
    assert!(enroll_cert(&ca, "--remove certs/alice.pem").status.success());
    assert_eq!(enroll_cert(&ca, "--remove certs/stranger.pem --ca missing.pem").status.code(), Some(1));
}

#[test]
fn no_damaged_pkcs12_panics() {
    let ca = with_alice();
    ca.openssl(
        "pkcs12 -export -inkey alice.key -in alice.pem -passout pass: -certpbe NONE -keypbe NONE -nomac -out a.p12",
    );
    let bytes = ca.read("a.p12");
    assert_eq!(vidveil::keys::enrolment(&bytes, || None).unwrap().certificates.len(), 1);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            let _ = vidveil::keys::enrolment(&bent, || None);
        }
        assert!(vidveil::keys::enrolment(&bytes[..at], || None).is_err());
    }
}

#[test]
fn strict_ends_with_4_when_any_certificate_cannot_be_used_and_names_it() {
    let ca = with_alice();
    ca.issue("short", "ca", 1, "keyUsage=keyAgreement\n");
    ca.issue("signer", "ca", 100, "keyUsage=digitalSignature\n");
    ca.issue("middle", "ca", 100, "basicConstraints=critical,CA:TRUE\n");
    ca.issue("deep", "middle", 100, "keyUsage=keyAgreement\n");
    let put = |name: &str| ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem")));
    let check = |arguments: &str| {
        let output = enroll_cert(&ca, &format!("--check certs {arguments}"));
        (output.status.code(), stdout(&output), stderr(&output))
    };
    put("alice");
    assert_eq!(check("--strict").0, Some(0));
    // links of a chain are there for others
    ["ca", "middle", "deep"].iter().for_each(|name| put(name));
    assert_eq!(check("--strict --ca ca.pem").0, Some(0));
    for (name, content, reason) in [
        ("signer", ca.read("signer.pem"), "its key usage does not allow encryption"),
        ("half", b"-----BEGIN CERTIFICATE-----\nMII".to_vec(), "the PEM text is damaged"),
        ("key", ca.read("alice.key"), "this is a private key"),
        ("twin", with_alice().read("alice.pem"), "no chain to a trusted authority"),
    ] {
        ca.write(&format!("certs/{name}.pem"), content);
        let (status, listed, _) = check("--ca ca.pem");
        assert_eq!(status, Some(0), "{name}");
        assert!(listed.contains(&format!("certs/{name}.pem: ")) && listed.contains(reason), "{listed}");
        let (status, _, said) = check("--ca ca.pem --strict");
        assert_eq!(status, Some(4), "{name}");
        let error = said.lines().find(|line| line.contains("error: ")).unwrap();
        assert!(error.contains("cannot be used: ") && error.contains(&format!("certs/{name}.pem")), "{error}");
        assert!(error.contains(reason) && !error.contains("alice.pem"), "{error}");
        fs::remove_file(ca.path(&format!("certs/{name}.pem"))).unwrap();
    }
    // an authority for nobody, and whom no list vouches for
    fs::remove_file(ca.path("certs/deep.pem")).unwrap();
    assert!(check("--strict --ca ca.pem").2.contains("certs/middle.pem"));
    fs::remove_file(ca.path("certs/middle.pem")).unwrap();
    put("short");
    ca.revoke("short", "list.crl", true);
    let (status, listed, said) = check("--strict --ca ca.pem --crl list.crl");
    assert_eq!(
        (status, said.contains("cannot be used: \"CN=short\" (\"certs/short.pem\"): revoked")),
        (Some(4), true),
        "{said}"
    );
    assert!(listed.contains("certs/short.pem: revoked"), "{listed}");
    let (status, listed, said) = check("--strict --ca ca.pem --json --crl list.crl");
    assert_eq!((status, said.contains("certs/short.pem")), (Some(4), true), "{listed} {said}");
    assert_eq!(enroll_cert(&ca, "--strict alice.pem").status.code(), Some(2));
}
