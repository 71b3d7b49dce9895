//! What `inspect` shows of plain, sealed, cut, changed and joined streams.

use serde_json::Value;
use vidveil::format::{Index, Keys, PREAMBLE, Reason, Record, sha256};
use vidveil::keys::seal_message;
use vidveil::seal::SessionSecret;

use crate::support::streams::*;

const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");

fn json(input: &[u8]) -> (Vec<Value>, Option<i32>, String) {
    let output = run(INSPECT, &["--json"], input);
    let lines = stdout(&output).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    (lines, output.status.code(), stderr(&output))
}

fn text(input: &[u8]) -> String {
    let output = run(INSPECT, &[], input);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    stdout(&output)
}

#[test]
fn documented_keys_stand_where_the_manual_says() {
    for (bytes, sealed) in [(plain("gate", Reason::Stopped), false), (sealed(), true)] {
        let (all, status, errors) = json(&bytes);
        assert_eq!((all.len(), status, errors.as_str()), (1, Some(0), ""));
        let v = &all[0];
        assert_eq!(v["version"], 1);
        assert_eq!(v["frames"], 13);
        assert_eq!(v["tracks"][0]["frames"], 12);
        assert_eq!(v["tracks"][1]["frames"], 1);
        assert_eq!(v["tracks"][0]["key_frames"], 4);
        assert_eq!(v["epochs"], 4);
        assert_eq!(v["end"], "complete");
        assert_eq!(v["whole"], true);
        assert_eq!(v["fault"], Value::Null);
        assert_eq!(v["duration"], 1.2);
        assert_eq!((&v["role"], &v["camera"], &v["sealed"]), (&"original".into(), &"gate".into(), &sealed.into()));
        assert_eq!(v["start"], "2027-01-15T08:00:00Z");
        assert_eq!(v["index"], 4);
        assert_eq!(v["sessions"], u64::from(sealed));
        assert_eq!(v["recipients"].as_array().unwrap().len(), if sealed { 2 } else { 0 });
        assert_eq!(v["reason"], if sealed { "end of input" } else { "stopped by the operator" });
    }
    // 9 bytes of "picture 0", a length of 4 and the tag of 16, padded to 16: 16 + 16
    assert_eq!(json(&sealed()).0[0]["tracks"][1]["bytes"], 32);
    assert_eq!(json(&plain("", Reason::Stopped)).0[0]["tracks"][1]["bytes"], 4);
}

#[test]
fn recipients_are_named_with_serial_key_and_validity() {
    let v = json(&sealed()).0.remove(0);
    for (name, key_type) in [("p256", "P-256"), ("rsa3072", "RSA-3072")] {
        let c = cert(name);
        let all = v["recipients"].as_array().unwrap();
        let r = all.iter().find(|r| r["subject"] == c.subject()).unwrap();
        assert_eq!((&r["serial"], &r["key_type"]), (&c.serial_hex().into(), &key_type.into()));
        assert_eq!(
            (&r["not_before"], &r["not_after"]),
            (&"2026-01-01T00:00:00Z".into(), &"2056-01-01T00:00:00Z".into())
        );
        assert_eq!(r["validity"], "valid now");
        let line = text(&sealed()).lines().find(|l| l.contains(c.subject())).unwrap().to_owned();
        for fact in ["opened by", &c.serial_hex(), key_type, "2056-01-01T00:00:00Z (valid now)"] {
            assert!(line.contains(fact), "{line}");
        }
    }
    let session = &v["key_sessions"][0];
    assert_eq!((&session["since"], &session["messages"]), (&"2027-01-15T08:00:00Z".into(), &1.into()));
    assert_eq!(session["left_out"][0]["name"], "CN=test expired");
    assert_eq!(session["left_out"][0]["reason"], "expired");
    assert!(text(&sealed()).contains("left out  \"CN=test expired\": expired, valid until 2025-01-01T00:00:00Z\n"));
    assert_eq!(v["recipients_changed"], false);
    assert!(!text(&sealed()).contains("changed"));
}

#[test]
fn a_session_that_others_open_is_listed_with_its_time() {
    let (first, later) = (vec!["p256", "p384"], vec!["p256"]);
    let bytes = sealed_to(Recipients { first, later }, 600 * SECOND);
    let v = json(&bytes).0.remove(0);
    assert_eq!((&v["sessions"], &v["epochs"]), (&2.into(), &4.into()));
    assert_eq!(v["recipients"].as_array().unwrap().len(), 2);
    assert_eq!(v["key_sessions"][1]["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&v["key_sessions"][1]["first_epoch"], &v["key_sessions"][1]["since"]),
        (&2.into(), &"2027-01-15T09:00:00Z".into())
    );
    assert!(text(&bytes).contains("session 1   since 2027-01-15T09:00:00Z, first epoch 2, 1 message\n"));
}

#[test]
fn text_names_what_people_ask_for() {
    let text = text(&plain("gate\u{202e}\"x\"", Reason::EndOfInput));
    for line in [
        "container   version 1, plain original",
        "camera      \"gate\\u{202e}\\\"x\\\"\"",
        "start       2027-01-15T08:00:00Z",
        "track 0     video h264, 320x240, 10 frames/s, 12 frames (4 key frames), 110 B",
        "track 1     audio aac, 8000 Hz, 1 channel, 1 frame, 4 B",
        "frames      13, 114 B",
        "duration    00:00:01.2",
        "signer      none",
        "index       4 epochs",
        "end         complete: end of input",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    let json = run(INSPECT, &["--json"], &plain("gate\u{202e}", Reason::EndOfInput));
    assert!(stdout(&json).is_ascii() && stdout(&json).contains("gate\\u202e"));
}

#[test]
fn a_stream_cut_behind_any_record_is_shown_as_far_as_it_goes() {
    for bytes in [plain("gate", Reason::EndOfInput), sealed()] {
        let all = records(&bytes);
        for (i, (at, _)) in all.iter().enumerate().skip(1) {
            let cut = &bytes[..*at as usize];
            let (shown, status, errors) = json(cut);
            assert_eq!(status, Some(3), "cut at {at}");
            assert_eq!(errors, format!("inspect: error: cut at byte {at}: the stream's end is missing\n"));
            let count = |f: fn(&Record) -> bool| all[..i].iter().filter(|(_, r)| f(r)).count();
            assert_eq!(shown[0]["frames"], count(|r| matches!(r, Record::Frame(_))));
            assert_eq!(shown[0]["epochs"], count(|r| matches!(r, Record::Start(_))));
            assert_eq!(shown[0]["sessions"], count(|r| matches!(r, Record::Keys(_))));
            assert_eq!((&shown[0]["end"], &shown[0]["fault"]["byte"]), (&"missing".into(), &(*at).into()));
        }
        // inside a record, and before any
        let inside = run(INSPECT, &[], &bytes[..all[6].0 as usize + 3]);
        assert_eq!(inside.status.code(), Some(3));
        assert!(stdout(&inside).contains("end         missing: cut at byte"));
        for n in [3, PREAMBLE.len(), PREAMBLE.len() + 20] {
            let output = run(INSPECT, &["--json"], &bytes[..n]);
            assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(3), ""), "{n} bytes");
        }
    }
}

#[test]
fn damage_is_reported_with_its_byte() {
    let mut bytes = plain("gate", Reason::EndOfInput);
    let at = frame_at(&bytes, 4);
    bytes[at + 11] ^= 1; // the counter
    let (shown, status, errors) = json(&bytes);
    assert_eq!((status, &shown[0]["frames"], &shown[0]["fault"]["byte"]), (Some(3), &4.into(), &at.into()));
    assert!(errors.contains(&format!("damaged at byte {at}, frame record: the frame counter does not follow")));
}

#[test]
fn other_ends_are_distinguished() {
    let cut = plain("gate", Reason::InputCut);
    let (shown, status, errors) = json(&cut);
    assert_eq!((status, &shown[0]["end"], &shown[0]["whole"]), (Some(3), &"cut".into(), &false.into()));
    assert!(errors.contains("the recorder's input was cut"));
    let (_, status, errors) = json(b"");
    assert_eq!((status, errors.as_str()), (Some(3), "inspect: error: nothing arrived: did the command before fail?\n"));
    let (shown, status, errors) = json(b"not a stream at all");
    assert_eq!((shown.len(), status), (0, Some(3)));
    assert!(errors.contains("not a vidveil stream"));
    let garbage = [plain("gate", Reason::EndOfInput), b"garbage".to_vec()].concat();
    let (shown, status, errors) = json(&garbage);
    assert_eq!((shown.len(), status), (1, Some(3)));
    assert!(errors.contains(&format!("trailing garbage at byte {}", garbage.len() - 7)));
}

#[test]
fn streams_in_one_input_are_shown_one_after_the_other() {
    let (a, b) = (plain("a", Reason::EndOfInput), sealed());
    let (shown, status, _) = json(&[&a[..], &b].concat());
    assert_eq!((shown.len(), status), (2, Some(0)));
    assert_eq!(
        (&shown[1]["stream"], &shown[1]["camera"], &shown[1]["index_wrong"]),
        (&2.into(), &"gate".into(), &false.into())
    );
    assert!(text(&[&a[..], &b].concat()).contains("\nstream number 2\ncontainer   version 1, sealed original\n"));
    let end = records(&a).last().unwrap().0 as usize;
    let (shown, status, errors) = json(&[&a[..end], &b].concat());
    assert_eq!((&shown[0]["end"], &shown[1]["end"], status), (&"missing".into(), &"complete".into(), Some(3)));
    assert!(errors.contains(&format!("stream 1 is cut at byte {end}")), "{errors}");
}

#[test]
fn a_wrong_index_is_reported() {
    let bytes = plain("gate", Reason::EndOfInput);
    let (at, index) = records(&bytes)
        .into_iter()
        .find_map(|(at, r)| match r {
            Record::Index(i) => Some((at as usize, i)),
            _ => None,
        })
        .unwrap();
    let mut entries = index.entries.clone();
    entries[2].offset += 1;
    let wrong = Index { entries }.to_record().unwrap();
    let bent = [&bytes[..at], &wrong, &bytes[at + wrong.len()..]].concat();
    assert_eq!(json(&bent).0[0]["index_wrong"], true);
    assert!(text(&bent).contains("index       4 epochs, but it is wrong\n"));
}

/// Replaces the list of recipients as rewrap will: here with a message whose secret is another one.
#[test]
fn changed_recipients_are_reported() {
    let bytes = sealed();
    let (at, keys) = keys_at(&bytes);
    let who = cert("p384");
    let cms = seal_message(&[7; 32], std::slice::from_ref(&who)).unwrap();
    let changed = relisted(&keys, &who, cms).to_record().unwrap();
    assert_eq!(changed.len(), keys.to_record().unwrap().len());
    let bent = [&bytes[..at], &changed, &bytes[at + changed.len()..]].concat();
    let v = json(&bent).0.remove(0);
    assert_eq!((&v["recipients_changed"], &v["key_sessions"][0]["generation"]), (&true.into(), &2.into()));
    assert_eq!((v["recipients"].as_array().unwrap().len(), &v["recipients"][0]["subject"]), (1, &who.subject().into()));
    assert!(text(&bent).contains("recipients changed since recording, by unknown"));
    // whatever it says, it is a claim
    assert_eq!(v["key_sessions"][0]["list"], "claimed");
    assert!(text(&bent).contains("recipients  claimed: ") && text(&bytes).contains("recipients  claimed: "));
    // an interrupted change leaves the recorder's list as it is
    let mut torn = bytes.clone();
    torn[at + changed.len() - 100] ^= 1;
    let v = json(&torn).0.remove(0);
    assert_eq!((&v["key_sessions"][0]["torn"], v["recipients"].as_array().unwrap().len()), (&true.into(), 2));
    assert!(text(&torn).contains("a change of the recipients was interrupted"));
}

#[test]
fn frames_of_a_stream_and_of_its_sealed_form_opened_are_equal() {
    let plain = run(INSPECT, &["--frames"], &plain("gate", Reason::EndOfInput));
    let lines = stdout(&plain);
    let sum = |packet: &[u8]| vidveil::base::text::hex(&sha256(packet));
    assert_eq!(lines.lines().count(), 13);
    assert_eq!(lines.lines().next().unwrap(), format!("0 0 -1 1 1 9 {}", sum(b"picture 0")));
    assert_eq!(lines.lines().nth(10).unwrap(), format!("0 10 9 1 0 10 {}", sum(b"picture 10")));
    assert_eq!(lines.lines().nth(12).unwrap(), format!("1 1100 - - 1 4 {}", sum(b"tone")));
    let opened = run(env!("CARGO_BIN_EXE_decrypt-stream"), &["-i", &key("rsa3072")], &sealed());
    assert_eq!(opened.status.code(), Some(0));
    let opened = run(INSPECT, &["--frames"], &opened.stdout);
    assert_eq!((stdout(&opened), opened.status.code()), (lines.clone(), Some(0)));
    let ciphertext = stdout(&run(INSPECT, &["--frames"], &sealed()));
    assert_eq!(ciphertext.lines().count(), 13);
    assert_ne!(ciphertext, lines);
}

#[test]
fn frames_of_a_cut_stream_are_those_that_arrived() {
    let bytes = sealed();
    let at = frame_at(&bytes, 7);
    let output = run(INSPECT, &["--frames"], &bytes[..at + 50]);
    assert_eq!((stdout(&output).lines().count(), output.status.code()), (7, Some(3)));
}

#[test]
fn openssl_opens_a_message_to_the_secret_of_the_stream() {
    let (first, later) = (vec!["p256", "rsa3072"], vec!["p256"]);
    let bytes = sealed_to(Recipients { first, later }, 600 * SECOND);
    let folder = tempfile::tempdir().unwrap();
    let all = records(&bytes);
    let hash = all.iter().find_map(|(_, r)| match r {
        Record::Stream(s) => Some(sha256(&s.to_record().unwrap())),
        _ => None,
    });
    let sessions: Vec<&Keys> = all
        .iter()
        .filter_map(|(_, r)| match r {
            Record::Keys(k) => Some(&**k),
            _ => None,
        })
        .collect();
    for (n, keys) in sessions.iter().enumerate() {
        let message = run(INSPECT, &["--cms", &n.to_string()], &bytes);
        assert_eq!((message.status.code(), &message.stdout), (Some(0), &keys.current().messages[0].cms));
        let path = folder.path().join("keys.der");
        std::fs::write(&path, &message.stdout).unwrap();
        let certificate = certs().join("p256.pem");
        let arguments = ["cms", "-decrypt", "-inform", "DER", "-in", path.to_str().unwrap()];
        let with_key = ["-inkey", &key("p256"), "-recip", certificate.to_str().unwrap()];
        let opened = run("openssl", &[&arguments[..], &with_key].concat(), b"");
        assert_eq!((opened.status.code(), opened.stdout.len()), (Some(0), 32), "{}", stderr(&opened));
        let secret = SessionSecret::from_bytes(&opened.stdout).unwrap();
        assert!(secret.session_key(&hash.unwrap(), keys.session).is_committed_by(&keys.commitment));
    }
    let none = run(INSPECT, &["--cms", "2"], &bytes);
    assert_eq!((none.status.code(), stdout(&none).as_str()), (Some(1), ""));
    assert!(stderr(&none).contains("there are messages 0 to 1"));
    let none = run(INSPECT, &["--cms", "0"], &plain("gate", Reason::EndOfInput));
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("the stream is not sealed"));
}
