//! What recording does when revocation lists are asked, and when somebody can open who could not before.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use vidveil::format::{Reader, Record};

use crate::support::authority::Authority;
use crate::support::output::{fed, run, stderr, stdout};
use crate::support::recording::{Recording, pictures, so_far};
use crate::support::revocation::{List, pem};

const ENCRYPT: &str = env!("CARGO_BIN_EXE_encrypt-stream");

/// alice and bob in `certs/`, the authority in `ca.pem`, an empty `crls/`.
fn site() -> Authority {
    let ca = Authority::new("Root");
    ["alice", "bob"].iter().for_each(|name| ca.recipient(name, 100));
    ["alice", "bob"].iter().for_each(|name| ca.write(&format!("certs/{name}.pem"), ca.read(&format!("{name}.pem"))));
    fs::create_dir(ca.path("crls")).unwrap();
    ca
}

/// Records a few pictures with these arguments, separated by blanks, in the site's folder.
fn record(ca: &Authority, arguments: &str) -> Output {
    let mut command = Command::new(ENCRYPT);
    command.current_dir(&ca.dir).args(["-r", "certs", "-o", "out.vv", "--force"]);
    command.args(arguments.split_whitespace());
    fed(command, &pictures(5))
}

#[track_caller]
fn ends(output: &Output, status: i32) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    said
}

/// Who can open what was recorded, and the reasons against the others.
fn recorded(ca: &Authority) -> (Vec<String>, Vec<(String, u8)>) {
    let sealed = ca.read("out.vv");
    let mut reader = Reader::new(&sealed[..]);
    while let Some(record) = reader.next().unwrap() {
        if let Record::Keys(keys) = record {
            let messages = keys.current().messages.iter().flat_map(|m| &m.recipients);
            let names = messages.map(|der| vidveil::keys::Certificate::from_der(der).unwrap().common_name().to_owned());
            let mut names: Vec<_> = names.collect();
            names.sort();
            return (names, keys.left_out.iter().map(|l| (l.name.clone(), l.reason)).collect());
        }
    }
    panic!("no keys record");
}

#[test]
fn without_a_list_that_counts_nothing_is_recorded() {
    let ca = site();
    let other = Authority::new("Other");
    let forger = Authority::new("Root");
    other.list("other.crl", true);
    forger.list("forged.crl", true);
    let pem = |list: List| pem("X509 CRL", &list.signed(&ca, "ca")).into_bytes();
    let late = List { made: -9, due: Some(-1), ..List::of(&ca) };
    for (what, list, said) in [
        ("empty folder", None, "there is no revocation list in \"crls\""),
        ("nobody's issuer", Some(other.read("other.crl")), "is by \"CN=Other\", who issued none of the certificates"),
        ("forged", Some(forger.read("forged.crl")), "is not signed by its issuer"),
        ("unreadable", Some(b"-----BEGIN X509 CRL-----\nMII".to_vec()), "the PEM text is damaged"),
        ("not a list", Some(ca.read("ca.pem")), "no revocation list found"),
        ("expired", Some(pem(late.clone())), "has expired: the next one was due on"),
        ("not yet valid", Some(pem(List { made: 2, ..List::of(&ca) })), "is valid only from"),
    ] {
        fs::remove_dir_all(ca.path("crls")).unwrap();
        fs::create_dir(ca.path("crls")).unwrap();
        list.iter().for_each(|list| ca.write("crls/root.crl", list));
        let text = ends(&record(&ca, "--ca ca.pem --crl crls"), 4);
        let at_once = text.lines().find(|line| line.contains("warning: ") && line.contains(said));
        assert!(at_once.is_some_and(|line| line.contains("crls")), "{what}: {text}");
        let error = text.lines().find(|line| line.contains("error: ")).unwrap();
        assert!(error.contains("no valid certificate is left"), "{what}: {error}");
        for name in ["alice", "bob"] {
            assert!(
                error.contains(&format!("\"CN={name}\" (\"certs/{name}.pem\"): no revocation list")),
                "{what}: {error}"
            );
        }
        assert!(text.contains("hint: with --crl a valid list"), "{what}: {text}");
        assert!(!ca.path("out.vv").exists(), "{what}");
    }
    // the authority's certificate is not known
    ca.list("crls/root.crl", true);
    let text = ends(&record(&ca, "--crl crls"), 4);
    assert!(text.contains("no certificate of \"CN=Root\" is known"), "{text}");
    // everything is there
    ends(&record(&ca, "--ca ca.pem --crl crls"), 0);
    assert_eq!(recorded(&ca).0, ["alice", "bob"]);
}

#[test]
fn who_has_no_list_is_left_out_and_the_record_says_so() {
    let ca = site();
    let other = Authority::new("Other");
    other.recipient("carol", 100);
    ca.write("certs/carol.pem", other.read("carol.pem"));
    ca.write("both.pem", [ca.read("ca.pem"), other.read("ca.pem")].concat());
    ca.list("crls/root.crl", true);
    let text = ends(&record(&ca, "--ca both.pem --crl crls"), 0);
    let carol = "warning: left out \"CN=carol\" (\"certs/carol.pem\"): no revocation list of its issuer can be used: ";
    assert!(text.contains(&format!("{carol}there is none by \"CN=Other\"")), "{text}");
    assert_eq!(recorded(&ca), (vec!["alice".into(), "bob".into()], vec![("CN=carol".into(), 12)]));
    let inspected = run(env!("CARGO_BIN_EXE_inspect"), &[&ca.str("out.vv")], b"");
    assert!(stdout(&inspected).contains("no revocation list of its issuer can be used"), "{}", stdout(&inspected));
    let read = ["scripts/read-sealed.py", "-i", &ca.str("alice.key"), &ca.str("out.vv")];
    let reader = Command::new("python3").args(read).output().unwrap();
    assert!(reader.status.success(), "{}", stderr(&reader));
    // who issued his own certificate has no list; he is let in by name
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout dora.key -subj /CN=dora -days 90";
    ca.openssl(&format!("{make} -addext keyUsage=keyAgreement -addext basicConstraints=CA:FALSE -out certs/dora.pem"));
    ca.write("with-dora.pem", [ca.read("both.pem"), ca.read("certs/dora.pem")].concat());
    ends(&record(&ca, "--ca with-dora.pem --crl crls"), 0);
    assert_eq!(recorded(&ca).0, ["alice", "bob", "dora"]);
    ca.write("beside/alice.pem", [ca.read("alice.pem"), ca.read("ca.pem")].concat());
    ca.write("beside/dora.pem", ca.read("certs/dora.pem"));
    fs::remove_dir_all(ca.path("certs")).unwrap();
    fs::rename(ca.path("beside"), ca.path("certs")).unwrap();
    ends(&record(&ca, "--crl crls"), 0);
    assert_eq!(recorded(&ca).0, ["alice"]);
}

#[test]
fn an_expired_list_is_used_for_the_grace_and_no_longer() {
    let ca = site();
    let list = List { made: -30, due: Some(-3), ..List::of(&ca) }.revoke(&ca, "bob.pem");
    ca.write("crls/root.crl", list.signed(&ca, "ca"));
    let text = ends(&record(&ca, "--ca ca.pem --crl crls --crl-grace 2d"), 4);
    assert!(text.contains("has expired") && text.contains("\"CN=bob\" (\"certs/bob.pem\"): revoked"), "{text}");
    let text = ends(&record(&ca, "--ca ca.pem --crl crls --crl-grace 4d"), 0);
    assert!(
        text.contains("warning: the revocation list in \"crls/root.crl\" has expired (the next one was due on"),
        "{text}"
    );
    assert_eq!(recorded(&ca).0, ["alice"]);
    // what expires soon is said before
    let soon = List { made: -300, due: Some(1), ..List::of(&ca) };
    ca.write("crls/root.crl", soon.signed(&ca, "ca"));
    assert!(ends(&record(&ca, "--ca ca.pem --crl crls"), 0).contains("expires soon"));
    ends(&record(&ca, "--ca ca.pem --crl-grace 4d"), 2);
}

#[test]
fn what_was_revoked_stays_so_in_the_next_run() {
    for (lists, state, record_at) in [
        ("crls", "", "crls/.vidveil-revoked"),
        ("crls/root.crl", "", "crls/.vidveil-revoked"),
        ("crls", "--crl-state s/x", "s/x"),
    ] {
        let ca = site();
        fs::create_dir(ca.path("s")).unwrap();
        ca.list("old.crl", true);
        ca.revoke("bob", "crls/root.crl", true);
        let run = |extra: &str| record(&ca, &format!("--ca ca.pem --crl {lists} {state} {extra}"));
        ends(&run(""), 0);
        assert_eq!(recorded(&ca).0, ["alice"]);
        let text = String::from_utf8(ca.read(record_at)).unwrap();
        assert!(text.starts_with('#') && text.lines().count() == 3 && text.ends_with(" CN=bob\n"), "{text}");
        // an older list, which is still valid and by the issuer
        ca.write("crls/root.crl", ca.read("old.crl"));
        let said = ends(&run(""), 0);
        assert!(said.contains("\"CN=bob\" (\"certs/bob.pem\"): revoked"), "{said}");
        assert_eq!(recorded(&ca).0, ["alice"]);
        assert_eq!(String::from_utf8(ca.read(record_at)).unwrap(), text);
        // the others read it and do not write it
        let check = Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
            .current_dir(&ca.dir)
            .args(["--check", "certs", "--ca", "ca.pem", "--crl", lists])
            .args(state.split_whitespace())
            .output()
            .unwrap();
        assert!(stdout(&check).contains("certs/bob.pem: revoked"), "{}{}", stdout(&check), stderr(&check));
        // it only grows, by what another run finds
        ca.revoke("alice", "crls/root.crl", true);
        ends(&run(""), 4);
        let grown = String::from_utf8(ca.read(record_at)).unwrap();
        assert!(grown.starts_with(&text) && grown.ends_with(" CN=alice\n"), "{grown}");
        // one that cannot be read says of nobody who was revoked
        for damaged in ["0123 damaged\n", "\u{fffd}", &text[..text.len() - 1][..150]] {
            ca.write(record_at, damaged);
            let said = ends(&run(""), if damaged.starts_with('#') { 4 } else { 1 });
            assert!(damaged.starts_with('#') || said.contains("the record of what was revoked"), "{said}");
        }
    }
}

#[test]
fn a_forged_list_is_no_reason_to_remember_anybody() {
    let (ca, forger) = (site(), Authority::new("Root"));
    fs::copy(ca.path("bob.pem"), forger.path("bob.pem")).unwrap();
    forger.revoke("bob", "forged.crl", true);
    ca.list("crls/root.crl", true);
    ca.write("crls/forged.crl", forger.read("forged.crl"));
    ends(&record(&ca, "--ca ca.pem --crl crls"), 0);
    assert_eq!(recorded(&ca).0, ["alice", "bob"]);
    // nor is one that nobody can check, though it is believed
    ca.write("both/alice.pem", ca.read("alice.pem"));
    ca.write("forged.crl", forger.read("forged.crl"));
    let said = ends(&record(&ca, "--crl forged.crl"), 4);
    assert!(said.contains("\"CN=bob\" (\"certs/bob.pem\"): revoked"), "{said}");
    assert!(!ca.path(".vidveil-revoked").exists() && !ca.path("crls/.vidveil-revoked").exists());
}

#[test]
fn a_record_that_cannot_be_written_is_said_at_the_start_and_recording_goes_on() {
    let ca = site();
    ca.revoke("bob", "crls/root.crl", true);
    // a file in the place of its folder stops root, too
    let said = ends(&record(&ca, "--ca ca.pem --crl crls --crl-state ca.pem/x"), 1);
    assert!(said.contains("ca.pem/x"), "{said}");
    let said = ends(&record(&ca, "--ca ca.pem --crl crls --crl-state missing/x"), 0);
    assert!(said.contains("warning: what is revoked is not remembered for the next start: cannot write"), "{said}");
    assert!(said.contains("hint: --crl-state FILE"), "{said}");
    assert_eq!(recorded(&ca).0, ["alice"]);
}

#[test]
fn who_can_open_from_now_on_is_said_with_the_epoch() {
    let ca = site();
    fs::remove_file(ca.path("certs/bob.pem")).unwrap();
    let child = Command::new(ENCRYPT)
        .current_dir(&ca.dir)
        .args(["-r", "certs", "--rekey-interval", "100ms", "-o", "out.vv"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut recording = Recording::new(child, 100, ca.path("out.vv"));
    recording.record(20);
    fs::copy(ca.path("bob.pem"), ca.path("certs/bob.pem")).unwrap();
    recording.record(40);
    fs::remove_file(ca.path("certs/bob.pem")).unwrap();
    recording.record(60);
    fs::copy(ca.path("bob.pem"), ca.path("certs/again.pem")).unwrap();
    let said = ends(&recording.finish(), 0);
    let lines: Vec<_> = said.lines().filter(|line| line.contains("can open")).collect();
    // the sessions that bob can open begin at just these epochs
    let sessions = so_far(&ca.path("out.vv")).0;
    let with_bob: Vec<_> = sessions.iter().filter(|(_, names)| names.len() == 2).map(|(first, _)| first).collect();
    assert_eq!((lines.len(), with_bob.len()), (2, 2), "{said}");
    for ((line, first), file) in lines.iter().zip(with_bob).zip(["bob", "again"]) {
        let wanted = format!("warning: from epoch {first} on CN=bob can open (\"certs/{file}.pem\")");
        assert!(line.contains(&wanted), "{line} {wanted}");
    }
}

#[test]
fn folders_that_others_may_write_are_warned_of() {
    let ca = site();
    ca.list("crls/root.crl", true);
    let mode = |name: &str, mode: u32| fs::set_permissions(ca.path(name), Permissions::from_mode(mode)).unwrap();
    let (check, recording) = ("--check certs --ca ca.pem --crl crls", "--ca ca.pem --crl crls");
    let said = || {
        let check = Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
            .current_dir(&ca.dir)
            .args(check.split_whitespace())
            .output()
            .unwrap();
        [stderr(&check), stderr(&record(&ca, recording))]
    };
    for name in ["certs", "crls"] {
        mode(name, 0o755);
    }
    said().iter().for_each(|text| assert!(!text.contains("can be written by"), "{text}"));
    for (name, bits, who) in [
        ("certs", 0o777, "everybody (mode 0777)"),
        ("certs", 0o1777, "everybody (mode 1777)"),
        ("crls", 0o757, "everybody (mode 0757)"),
        ("crls", 0o775, "its group (mode 0775)"),
        ("certs/alice.pem", 0o666, "everybody (mode 0666)"),
    ] {
        mode(name, bits);
        for text in said() {
            assert!(text.contains(&format!("warning: \"{name}\" can be written by {who}")), "{name}: {text}");
            assert_eq!(text.matches("can be written by").count(), 1, "{text}");
        }
        mode(name, if name.ends_with("pem") { 0o644 } else { 0o755 });
    }
    // the folder of a file that is named, unless others cannot replace what is not theirs
    for (bits, warned) in [(0o777, true), (0o1777, false), (0o755, false)] {
        mode("certs", bits);
        let mut command = Command::new(ENCRYPT);
        command.current_dir(&ca.dir).args(["-r", "certs/alice.pem", "-o", "out.vv", "--force"]);
        let text = ends(&fed(command, &pictures(5)), 0);
        assert_eq!(text.contains("warning: \"certs\" can be written by everybody"), warned, "{text}");
    }
}

/// Every camera has its recorder, and they share the record.
#[test]
fn recorders_that_find_somebody_revoked_at_once_all_write_it() {
    let ca = Authority::new("Root");
    let names: Vec<_> = (0..8).map(|n| format!("user{n}")).collect();
    names.iter().for_each(|name| ca.recipient(name, 100));
    let list = names.iter().fold(List::of(&ca), |list, name| list.revoke(&ca, &format!("{name}.pem")));
    ca.write("crls/root.crl", list.signed(&ca, "ca"));
    let start = |name: &String| {
        let arguments = ["-r", &format!("{name}.pem"), "--ca", "ca.pem", "--crl", "crls", "-o", &format!("{name}.vv")];
        let mut command = Command::new(ENCRYPT);
        command.current_dir(&ca.dir).args(arguments).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        (child.stdin.take().unwrap(), child)
    };
    let mut all: Vec<_> = names.iter().map(start).collect();
    all.iter_mut().for_each(|(stdin, _)| drop(stdin.write_all(&pictures(5))));
    for (stdin, child) in all {
        drop(stdin);
        let said = ends(&child.wait_with_output().unwrap(), 4);
        assert!(!said.contains("not remembered"), "{said}");
    }
    let text = String::from_utf8(ca.read("crls/.vidveil-revoked")).unwrap();
    let mut written: Vec<_> = text.lines().filter_map(|line| line.split_once(" CN=")).map(|(_, name)| name).collect();
    written.sort();
    assert_eq!(written, names, "{text}");
    assert_eq!(fs::read_dir(ca.path("crls")).unwrap().count(), 2);
}
