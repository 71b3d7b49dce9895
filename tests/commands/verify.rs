//! The verdicts of `verify`: nothing that was touched passes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use vidveil::format::{EndKind, Reader, Reason, Record, SlotState, Writer, sha256};
use vidveil::keys::{KeyFile, open_message, seal_message};
use vidveil::seal::SessionSecret;

use crate::support::streams::*;

const VERIFY: &str = env!("CARGO_BIN_EXE_verify");

/// Verdict and exit status.
fn verify(arguments: &[&str], input: &[u8]) -> (String, Option<i32>) {
    let output = run(VERIFY, arguments, input);
    (stdout(&output), output.status.code())
}

#[test]
fn whole_and_authenticated_with_any_recipients_key() {
    for name in ["p256", "rsa3072"] {
        assert_eq!(
            verify(&["-i", &key(name)], &sealed()),
            (
                "stdin: whole and authenticated: 13 frames, 4 epochs, 1 key session, 00:00:01.2, ended: end of input\n"
                    .into(),
                Some(0)
            )
        );
    }
    let (line, status) = verify(&["--json", "-i", &key("p256")], &sealed());
    let v: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&v["verdict"], &v["status"], status), (&"authenticated".into(), &0.into(), Some(0)));
    assert_eq!((&v["frames"], &v["epochs"], &v["sessions"]), (&13.into(), &4.into(), &1.into()));
    assert_eq!((&v["end"], &v["recipients_changed"], &v["duration"]), (&"complete".into(), &false.into(), &1.2.into()));
}

#[test]
fn what_nothing_authenticates_is_status_4() {
    let plain = plain("gate", Reason::EndOfInput);
    for (arguments, input, verdict, hint) in [
        (vec![], &plain, "well-formed, not authenticated: 13 frames, 4 epochs, 00:00:01.2", "plain stream"),
        (vec![], &sealed(), "well-formed, not authenticated: 13 frames, 4 epochs, 1 key session", "give -i KEY"),
        (vec!["-i".into(), key("p256")], &plain, "not sealed, although a key was given", "leave out -i"),
        (
            vec!["-i".into(), key("p384")],
            &sealed(),
            "none of the given keys opens key session 0",
            "\"CN=test rsa3072\"",
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(VERIFY, &arguments, input);
        assert_eq!(output.status.code(), Some(4), "{verdict}");
        assert!(stdout(&output).starts_with(&format!("stdin: {verdict}")), "{}", stdout(&output));
        let hints: Vec<String> = stderr(&output).lines().filter(|l| l.contains("hint: ")).map(str::to_owned).collect();
        assert!(hints.iter().any(|h| h.contains(hint)), "{hints:?}");
    }
}

#[test]
fn cut_behind_any_record_is_status_3() {
    let bytes = sealed();
    let all = records(&bytes);
    let key = key("p256");
    for arguments in [&["--json"][..], &["--json", "-i", &key]] {
        for (i, (at, _)) in all.iter().enumerate().skip(1) {
            let (line, status) = verify(arguments, &bytes[..*at as usize]);
            let v: Value = serde_json::from_str(&line).unwrap();
            assert_eq!((status, &v["verdict"], &v["byte"]), (Some(3), &"cut".into(), &(*at).into()), "{line}");
            let frames = all[..i].iter().filter(|(_, r)| matches!(r, Record::Frame(_))).count();
            assert_eq!(v["frames"], frames, "{line}");
        }
    }
    let at = frame_at(&bytes, 4);
    let (line, _) = verify(&["-i", &key], &bytes[..at]);
    let place = format!(
        "stdin: cut at byte {at}: the stream's end is missing (in epoch 1, after 1 frame of it); before that 4 frames, 2 epochs"
    );
    assert!(line.starts_with(&place), "{line}");
}

/// The file with byte `at` changed by `bit`.
fn flipped(bytes: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    bent[at] ^= bit;
    bent
}

#[test]
fn no_changed_byte_passes_with_a_key() {
    let bytes = sealed_to(Recipients { first: vec!["p256"], later: vec!["p256"] }, 0);
    let (at, keys) = keys_at(&bytes);
    let keys = at..at + keys.to_record().unwrap().len();
    // the slots are thousands of zeros, all under one hash
    let places: Vec<usize> =
        (0..bytes.len()).filter(|at| !keys.contains(at) || at % 61 == 0 || *at < keys.start + 60).collect();
    let folder = tempfile::tempdir().unwrap();
    let key = key("p256");
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for chunk in places.chunks(500) {
        for at in chunk {
            std::fs::write(folder.path().join(format!("{at}")), flipped(&bytes, *at, 1 << (at % 8))).unwrap();
        }
        let names: Vec<String> = chunk.iter().map(usize::to_string).collect();
        let mut arguments = vec!["-q", "--json", "-i", &key];
        arguments.extend(names.iter().map(String::as_str));
        let output = std::process::Command::new(VERIFY).args(&arguments).current_dir(folder.path()).output().unwrap();
        assert_eq!(stdout(&output).lines().count(), chunk.len());
        for (at, line) in chunk.iter().zip(stdout(&output).lines()) {
            let v: Value = serde_json::from_str(line).unwrap();
            let told = v["status"] == 3 || (keys.contains(at) && v["recipients_changed"] == true);
            assert!(told, "byte {at}: {line}");
            *verdicts.entry(v["verdict"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert!(verdicts["damaged"] > 500, "{verdicts:?}");
}

#[test]
fn what_needs_a_key_to_be_seen_is_seen_with_a_key() {
    let bytes = sealed();
    let at = frame_at(&bytes, 4);
    let bent = flipped(&bytes, at + 40, 1);
    assert_eq!(verify(&[], &bent).1, Some(4));
    let (line, status) = verify(&["-i", &key("p256")], &bent);
    assert_eq!(status, Some(3));
    assert!(
        line.starts_with(&format!(
            "stdin: damaged at byte {at}: frame 1 of epoch 1 is not as it was sealed; before that 4 frames"
        )),
        "{line}"
    );
    let v: Value = serde_json::from_str(&verify(&["--json", "-i", &key("p256")], &bent).0).unwrap();
    assert_eq!((&v["byte"], &v["epoch"]), (&at.into(), &1.into()));
}

/// The stream without its first epoch.
fn excerpt(bytes: &[u8]) -> Vec<u8> {
    let mut out = Writer::new(Vec::new());
    let mut dropped = false;
    let mut rest = bytes;
    let all = records(bytes);
    for (i, (at, record)) in all.iter().enumerate() {
        let end = all.get(i + 1).map_or(bytes.len(), |(next, _)| *next as usize);
        let raw = &bytes[*at as usize..end];
        rest = &bytes[end..];
        match record {
            Record::Stream(s) => drop(out.stream(s).unwrap()),
            Record::Keys(k) => out.keys(k, raw).unwrap(),
            Record::Start(s) if s.epoch > 0 => {
                dropped = true;
                out.start(s, raw).unwrap();
            }
            Record::Frame(f) if dropped => out.frame(f, raw).unwrap(),
            Record::Close(c) if dropped => out.close(c, raw).unwrap(),
            _ => {}
        }
    }
    assert!(rest.is_empty());
    out.finish().unwrap();
    out.into_output()
}

#[test]
fn an_excerpt_passes_with_a_warning_unless_the_whole_is_required() {
    let part = excerpt(&sealed());
    assert!(records(&part).iter().any(|(_, r)| matches!(r, Record::End(e) if e.kind == EndKind::Excerpt)));
    let output = run(VERIFY, &["-i", &key("p256")], &part);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).starts_with("stdin: authenticated, an excerpt: 10 frames, 3 epochs"),
        "{}",
        stdout(&output)
    );
    assert!(stderr(&output).contains("warning: stdin: it is an excerpt of a longer stream"));
    assert_eq!(verify(&["-i", &key("p256"), "--require-complete"], &part).1, Some(3));
    assert_eq!(verify(&["-i", &key("p256"), "--require-complete"], &sealed()).1, Some(0));
    assert_eq!(verify(&[], &part).1, Some(4));
}

#[test]
fn a_recorders_cut_input_is_never_whole() {
    let (line, status) = verify(&[], &plain("gate", Reason::InputCut));
    assert_eq!(status, Some(3));
    assert!(line.contains("the recorder's input was cut"), "{line}");
    assert_eq!(verify(&[], b"").1, Some(3));
    assert_eq!(verify(&[], b"nothing of the kind").1, Some(3));
}

#[test]
fn the_worst_file_decides() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("good", &sealed());
    write("plain", &plain("gate", Reason::EndOfInput));
    write("cut", &sealed()[..300]);
    let run = |dir: &Path, names: &[&str]| {
        let output = std::process::Command::new(VERIFY)
            .current_dir(dir)
            .args(["-i", &key("p256")])
            .args(names)
            .output()
            .unwrap();
        (stdout(&output).lines().count(), output.status.code())
    };
    assert_eq!(run(folder.path(), &["good", "good"]), (2, Some(0)));
    assert_eq!(run(folder.path(), &["good", "plain"]), (2, Some(4)));
    assert_eq!(run(folder.path(), &["plain", "cut", "good"]), (3, Some(3)));
    assert_eq!(run(folder.path(), &["good", "none"]), (2, Some(1)));
    // a sealed stream does not vouch for the plain one after it
    assert_eq!(verify(&["-i", &key("p256")], &[sealed(), plain("gate", Reason::EndOfInput)].concat()).1, Some(4));
    let twice = sealed().repeat(2);
    assert_eq!(verify(&["-i", &key("p256")], &twice).1, Some(0));
}

fn stream_record(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(bytes);
    reader.next().unwrap();
    reader.raw().to_vec()
}

/// Changes the keys record's list of recipients to P-384 alone, with the right secret, as rewrap will.
fn rewrapped(bytes: &[u8], message_for: &str, named: &str) -> Vec<u8> {
    let (at, keys) = keys_at(bytes);
    let SlotState::Whole(old) = keys.slots()[0] else { panic!("slot 0 is whole") };
    let owner = KeyFile::parse(&std::fs::read(key("p256")).unwrap(), || None).unwrap();
    let secret = open_message(&old.messages[0].cms, &[cert("p256"), cert("rsa3072")], &[&owner]).unwrap();
    let cms = seal_message(&secret, &[cert(message_for)]).unwrap();
    let key = SessionSecret::from_bytes(&secret).unwrap().session_key(&sha256(&stream_record(bytes)), 0);
    let new = relisted(&keys, &cert(named), cms).with_mac(|text| key.slot_mac(text)).unwrap().to_record().unwrap();
    [&bytes[..at], &new, &bytes[at + new.len()..]].concat()
}

#[test]
fn changed_recipients_are_reported() {
    let changed = rewrapped(&sealed(), "p384", "p384");
    let (line, status) = verify(&["-i", &key("p384")], &changed);
    assert_eq!(status, Some(4));
    assert!(line.starts_with("stdin: authenticated, but not who can open it"), "{line}");
    assert!(line.ends_with("ended: end of input, recipients changed since recording by unknown\n"), "{line}");
    assert_eq!(verify(&["-i", &key("p256")], &changed).1, Some(4));
    // without a key nobody knows whether a recipient changed it
    let (line, _) = verify(&[], &changed);
    assert!(line.ends_with("recipients changed since recording by unknown (claimed)\n"), "{line}");
    // the name of a certificate left out: the list's MAC covers it, and every start record names its keys record's hash
    let bytes = sealed();
    let name = bytes.windows(15).position(|w| w == b"CN=test expired").unwrap();
    let bent = flipped(&bytes, name + 3, 1);
    assert_eq!(verify(&["-i", &key("p256")], &bent).1, Some(3));
    let (line, _) = verify(&[], &bent);
    assert!(line.contains("recipients changed since recording by unknown (claimed)"), "{line}");
    // a certificate next to a message that is not for it
    let (line, status) = verify(&[], &rewrapped(&sealed(), "p384", "rsa2048"));
    assert_eq!(status, Some(3));
    assert!(line.contains("the certificates of key session 0 are not those that its messages are for"), "{line}");
}

#[test]
fn sessions_that_a_key_is_no_recipient_of_are_reported() {
    let bytes = sealed_to(Recipients { first: vec!["p256", "p384"], later: vec!["p256"] }, 600 * SECOND);
    assert_eq!(verify(&["-i", &key("p256")], &bytes).1, Some(0));
    let (line, status) = verify(&["-i", &key("p384")], &bytes);
    assert_eq!(status, Some(4));
    assert!(
        line.starts_with("stdin: authenticated in part, not for the given key: epochs 2 to 3: 6 frames, 2 epochs"),
        "{line}"
    );
}
