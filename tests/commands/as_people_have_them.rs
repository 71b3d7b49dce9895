//! Certificates and keys in the forms in which people have them: taken, or named with the command that converts them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use vidveil::keys::{KeyFile, certificates_in};

use crate::support::keys::{certs_dir, openssl, read};
use crate::support::output::{stderr, stdout};
use crate::support::thorough;

fn check(dir: &Path, what: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enroll-cert")).current_dir(dir).args(["--check", what]).output().unwrap()
}

/// Runs the command that a message ends with, on `old`; gives what it wrote.
fn converted(dir: &Path, message: &str, old: &str, input: &str) -> Vec<u8> {
    let (_, command) = message.split_once("convert it with: ").unwrap_or_else(|| panic!("no command in {message}"));
    let command = command.lines().next().unwrap().split("NEW").map(|part| part.replace("OLD", old));
    let command = command.collect::<Vec<_>>().join("new");
    // where it asks, it is answered without a terminal
    let command = command.replace("-p -m", "-p -N '' -P '' -m");
    let command = match command.contains("pkcs12") {
        true => format!("{command} {input}"),
        false => command,
    };
    let file = if command.contains("new.pem") {
        "new.pem"
    } else if command.contains("new.key") {
        "new.key"
    } else {
        "new"
    };
    let output = Command::new("sh").current_dir(dir).args(["-c", &command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", stderr(&output));
    let new = fs::read(dir.join(file)).unwrap();
    fs::remove_file(dir.join(file)).unwrap();
    new
}

fn path(name: &str) -> String {
    certs_dir().join(name).to_str().unwrap().to_owned()
}

fn p7b(form: &str) -> Vec<u8> {
    openssl(&["crl2pkcs7", "-nocrl", "-certfile", &path("p256.pem"), "-outform", form])
}

fn p12(arguments: &[&str]) -> Vec<u8> {
    let (pem, key) = (path("p256.pem"), path("p256.key"));
    openssl(&[&["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-passout", "pass:x"], arguments].concat())
}

fn utf16(text: &[u8], order: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(order).collect()
}

/// The text in UTF-32, with a mark or without one.
fn utf32(text: &[u8], order: fn(u32) -> [u8; 4], mark: bool) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let mark = mark.then_some('\u{feff}');
    mark.into_iter().chain(text.chars()).flat_map(|c| order(u32::from(c))).collect()
}

#[test]
fn a_certificate_in_another_form_comes_with_the_command_that_converts_it() {
    let pem = read("p256.pem");
    let label = |label: &str| String::from_utf8(p7b("PEM")).unwrap().replace("PKCS7", label).into_bytes();
    for (name, content) in [
        ("a.p7b", p7b("DER")),
        ("a.cer", p7b("DER")),
        ("b.p7b", p7b("PEM")),
        ("b.pem", p7b("PEM")),
        ("c.pem", label("CERTIFICATE")),
        ("d.pem", label("CMS")),
        ("e.pem", [read("p384.pem"), p7b("PEM")].concat()),
        ("e2.pem", [read("p384.pem"), label("CMS")].concat()),
        ("e3.pem", [read("p384.pem"), read("rsa2048.pem"), label("PKCS #7 SIGNED DATA")].concat()),
        ("f.p12", p12(&[])),
        ("g.pfx", p12(&["-legacy"])),
        ("h.pem", utf16(&pem, u16::to_le_bytes, true)),
        ("i.pem", utf16(&pem, u16::to_be_bytes, true)),
        ("j.pem", utf16(&pem, u16::to_le_bytes, false)),
        ("k.pem", utf16(&pem, u16::to_be_bytes, false)),
        ("l.pem", utf32(&pem, u32::to_le_bytes, true)),
        ("m.pem", utf32(&pem, u32::to_be_bytes, true)),
        ("n.pem", utf32(&pem, u32::to_le_bytes, false)),
        ("o.pem", utf32(&pem, u32::to_be_bytes, false)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("certs")).unwrap();
        fs::write(dir.path().join("certs").join(name), content).unwrap();
        let told = stdout(&check(dir.path(), "certs"));
        let line = told.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in silence: {told}"));
        let new = converted(dir.path(), line, &format!("certs/{name}"), "-passin pass:x");
        let found = certificates_in(&new);
        let found = found.unwrap_or_else(|e| panic!("{name}: {e}: {line}"));
        // whatever certificates come before PKCS#7 stay
        let all = [("e.pem", 2), ("e2.pem", 2), ("e3.pem", 3)].into_iter().find(|(of, _)| *of == name);
        assert_eq!(found.len(), all.map_or(1, |(_, count)| count), "{name}: {line}");
    }
}

#[test]
fn a_key_in_another_form_comes_with_the_command_that_converts_it() {
    let dir = tempfile::tempdir().unwrap();
    let keygen = ["-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", "ssh"];
    assert!(Command::new("ssh-keygen").current_dir(dir.path()).args(keygen).status().unwrap().success());
    let ssh = fs::read(dir.path().join("ssh")).unwrap();
    for (name, content) in [
        ("a.p12", p12(&[])),
        ("b.p12", p12(&["-legacy"])),
        ("c.key", utf16(&read("p256.key"), u16::to_le_bytes, true)),
        ("d.key", utf32(&read("p256.key"), u32::to_le_bytes, true)),
        ("ssh.key", ssh),
    ] {
        fs::write(dir.path().join(name), content).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_decrypt-stream"))
            .current_dir(dir.path())
            .args(["-i", name, "/dev/null"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{name}: {}", stderr(&output));
        let new = converted(dir.path(), &stderr(&output), name, "-passin pass:x -passout pass:y");
        let phrase = || Some(zeroize::Zeroizing::new(b"y".to_vec()));
        KeyFile::parse(&new, phrase).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    fs::copy(dir.path().join("ssh.pub"), dir.path().join("ssh.pem")).unwrap();
    let told = stdout(&check(dir.path(), "ssh.pem"));
    assert!(told.contains("public key of SSH") && told.contains("openssl req -x509"), "{told}");
}

#[test]
fn pem_of_every_kind_is_taken_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(dir.path().join(name), content).unwrap();
    let pem = String::from_utf8(read("p256.pem")).unwrap();
    let trusted = |arguments: &[&str]| openssl(&[&["x509", "-trustout", "-in", &path("p384.pem")], arguments].concat());
    put("trusted.pem", &trusted(&["-setalias", "desk"]));
    put("rejected.pem", &trusted(&["-addreject", "serverAuth"]));
    put("headers.pem", pem.replace("CATE-----\nM", "CATE-----\nComment: desk\n\nM").as_bytes());
    let request = openssl(&["req", "-new", "-key", &path("p256.key"), "-subj", "/CN=a"]);
    put("request.pem", &request);
    put("beside.pem", &[read("rsa2048.pem"), request].concat());
    let half = pem.replacen("-----BEGIN", "----BEGIN", 1);
    put("half.pem", half.as_bytes());
    // after one that is whole, and with no line of its own
    put("half2.pem", [&read("rsa2048.pem"), half.as_bytes()].concat().as_slice());
    put("half3.pem", pem.replacen("-----BEGIN CERTIFICATE-----\n", "", 1).as_bytes());
    put("half4.pem", pem.replacen("CERTIFICATE-----\n", "CERTIFICATE----\n", 1).as_bytes());
    let output = check(dir.path(), ".");
    let text = stdout(&output);
    let line = |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_else(|| panic!("no {name}: {text}"));
    for name in ["trusted.pem", "headers.pem", "beside.pem"] {
        assert!(line(name).contains(": usable: "), "{text}");
    }
    assert!(line("rejected.pem").contains("rejects it"), "{text}");
    assert!(line("request.pem").contains("CERTIFICATE REQUEST"), "{text}");
    for name in ["half.pem", "half2.pem", "half3.pem", "half4.pem"] {
        assert!(line(name).contains("unreadable: the PEM text is damaged"), "{text}");
    }
    assert!(stderr(&output).contains("beside.pem") && stderr(&output).contains("CERTIFICATE REQUEST"));
}

#[test]
fn a_link_that_leads_nowhere_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(certs_dir().join("p256.pem"), dir.path().join("good.pem")).unwrap();
    std::os::unix::fs::symlink("gone/desk.pem", dir.path().join("desk.pem")).unwrap();
    let output = check(dir.path(), ".");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.lines().any(|l| l.contains("desk.pem") && l.contains("link to \"gone/desk.pem\"")), "{told}");
}

/// DER of a certificate of its own, its name's value and the value's tag replaced.
fn named(tag: u8, value: &[u8; 8]) -> Vec<u8> {
    let key = path("p256.key");
    let subject = ["-subj", "/CN=mnopqrst", "-days", "400000", "-addext", "keyUsage=keyAgreement"];
    let mut der = openssl(&[&["req", "-x509", "-new", "-key", &key, "-outform", "DER"], &subject[..]].concat());
    let at = |der: &[u8]| der.windows(8).position(|w| w == b"mnopqrst");
    while let Some(at) = at(&der) {
        der[at - 2] = tag;
        der[at..at + 8].copy_from_slice(value);
    }
    der
}

fn of_openssl(file: &Path, arguments: &[&str]) -> Output {
    let file = file.to_str().unwrap();
    Command::new("openssl").args(["x509", "-inform", "DER", "-noout", "-in", file]).args(arguments).output().unwrap()
}

#[test]
fn names_and_dates_are_those_that_openssl_shows() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.der");
    for (tag, value) in [
        (20, b"M\xfcller 1"),
        (20, b"\xe9\xe8\xff12345"),
        (19, b"desk one"),
        (22, b"desk\xc3\xa9on"),
        (30, b"\0d\0e\x65\x87\0k"),
        (12, b"a, CN=b+"),
        (12, b"a\\FF bcd"),
        (12, b"M\xc3\xbcllerx"),
        (12, b"M\xfcller 1"),
        (12, b"12345\xff\xfe\xc3"),
        (30, b"\xd8\x00\0e\0s\0k"),
    ] {
        fs::write(&file, named(tag, value)).unwrap();
        let told = stdout(&check(dir.path(), "a.der"));
        assert!(!told.contains("Error"), "{told}");
        let theirs = of_openssl(&file, &["-subject", "-nameopt", "RFC2253,-esc_msb"]);
        if theirs.status.success() {
            let theirs = stdout(&theirs).trim().replacen("subject=", "usable: ", 1);
            assert!(told.contains(&format!("{theirs}, P-256")), "{theirs} and {told}");
            let end = stdout(&of_openssl(&file, &["-enddate"]));
            let year = end.split_whitespace().rev().nth(1).unwrap();
            assert!(told.contains(&format!(" to {year}-")), "{end} and {told}");
        } else {
            assert!(told.contains("cannot be read"), "{told}");
        }
    }
}

#[test]
fn what_openssl_cannot_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let der = named(12, b"desk one");
    for at in (0..der.len()).filter(|at| !(170..240).contains(at) && *at < der.len() - 60) {
        // every byte is changed; with VIDVEIL_THOROUGH in each of the three ways
        for flip in [0x01, 0x20, 0x80].into_iter().cycle().skip(at).take(if thorough() { 3 } else { 1 }) {
            let mut bent = der.clone();
            bent[at] ^= flip;
            fs::write(dir.path().join(format!("{at}-{flip}.der")), bent).unwrap();
        }
    }
    let told = stdout(&check(dir.path(), "."));
    let mut taken = 0;
    for line in told.lines().filter(|line| line.starts_with("./") && line.contains(", P-256, ")) {
        taken += 1;
        let (name, _) = line.split_once(": ").unwrap();
        assert!(of_openssl(&dir.path().join(name), &[]).status.success(), "{line}");
    }
    assert!(taken > if thorough() { 50 } else { 16 }, "{told}");
}
