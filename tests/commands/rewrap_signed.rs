//! A change of recipients that was signed, and somebody who can open the stream: what he changes afterwards is found,
//! also where it stands before the lists of recipients.

use vidveil::format::{Keys, Reader, Record, sha256};
use vidveil::keys::{KeyFile, open_message};
use vidveil::seal::{Chain, SealSettings, Sealer, SessionSecret};

use crate::support::output::told;
use crate::support::streams::*;

const REWRAP: &str = env!("CARGO_BIN_EXE_rewrap");
const VERIFY: &str = env!("CARGO_BIN_EXE_verify");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");

/// Two sessions to P-256, an expired certificate left out of each; signed by the recorder where that is wanted.
fn recorded(is_signed: bool) -> Vec<u8> {
    let recipients = Recipients { first: vec!["p256", "expired"], later: vec!["p256", "rsa3072", "expired"] };
    let settings = SealSettings { rekey_ns: 3 * SECOND / 10, key_room: 16384, ..Default::default() };
    let (record, recipients) = (record("gate"), Box::new(recipients));
    let signer = vidveil::keys::Signer::new(&std::fs::read(key("ed25519")).unwrap(), cert("ed25519"), BEGIN, || None);
    let mut s = if is_signed {
        Sealer::begin_signed(Vec::new(), &record, settings, recipients, signer.unwrap().into(), clock(0, 0)).unwrap()
    } else {
        Sealer::begin(Vec::new(), &record, settings, recipients, clock(0, 0)).unwrap()
    };
    for (i, (f, packet)) in frames().into_iter().enumerate() {
        s.frame(&f, &packet, clock(i, 600 * SECOND)).unwrap();
    }
    s.finish(vidveil::format::Reason::EndOfInput).unwrap();
    s.into_output()
}

/// The stream with a session's keys record changed by the desk, which can open all: bonds and MACs are right again.
fn changed(bytes: &[u8], session: u32, change: &dyn Fn(&mut Keys)) -> Vec<u8> {
    let desk = KeyFile::parse(&std::fs::read(key("p256")).unwrap(), || None).unwrap();
    let (mut reader, mut out) = (Reader::new(bytes), bytes[..8].to_vec());
    let (mut hash, mut before): (_, Option<Chain>) = ([0; 32], None);
    while let Some(record) = reader.next().unwrap() {
        let mut raw = reader.raw().to_vec();
        match record {
            Record::Stream(_) => hash = sha256(&raw),
            Record::Keys(mut keys) => {
                let message = &keys.current().messages[0];
                let recipients: Vec<_> =
                    message.recipients.iter().map(|c| vidveil::keys::Certificate::from_der(c).unwrap()).collect();
                let secret = open_message(&message.cms, &recipients, &[&desk]).unwrap();
                let key = SessionSecret::from_bytes(&secret).unwrap().session_key(&hash, keys.session);
                let first = keys.first_epoch;
                if keys.session == session {
                    change(&mut keys);
                    if let Some(chain) = &mut before {
                        *keys = keys.with_bond(|text| chain.bond_at(first, text).unwrap()).unwrap();
                    }
                    raw = keys.with_mac(|text| key.slot_mac(text)).unwrap().to_record().unwrap();
                }
                before = Some(key.chain(first));
            }
            _ => {}
        }
        out.extend(raw);
    }
    out
}

type Change = Box<dyn Fn(&mut Keys)>;

/// Changes that keep the record's length, so that nothing else shows them.
fn changes() -> Vec<(String, Change)> {
    let mut all: Vec<(String, Change)> = vec![
        ("reason".into(), Box::new(|k| k.left_out[0].reason = 3)),
        ("end".into(), Box::new(|k| k.left_out[0].not_after_ns = Some(0))),
        ("no end".into(), Box::new(|k| k.left_out[0].not_after_ns = None)),
    ];
    for byte in [0, 1, 30, 31] {
        all.push((format!("fingerprint {byte}"), Box::new(move |k| k.left_out[0].fingerprint[byte] ^= 1)));
    }
    for at in 0..15 {
        let change = move |k: &mut Keys| {
            let mut name = k.left_out[0].name.clone().into_bytes();
            name[at] ^= 1;
            k.left_out[0].name = String::from_utf8(name).unwrap();
        };
        all.push((format!("name {at}"), Box::new(change)));
    }
    all
}

#[test]
fn what_stands_before_the_lists_is_signed_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let boss = ["--sign", &key("no-usage"), "--signer", &pem("no-usage")];
    for is_signed in [false, true] {
        std::fs::write(path("cam.vv"), recorded(is_signed)).unwrap();
        let more = ["-i", &key("p256"), "-r", &pem("p256"), "-r", &pem("p384"), "-f", "-o", &path("boss.vv")];
        let output = run(REWRAP, &[&more[..], &boss, &[&path("cam.vv")]].concat(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let signed = std::fs::read(path("boss.vv")).unwrap();
        let recorder = pem("ed25519");
        let accepted = if is_signed { vec!["--signer", &recorder, "--signer", boss[3]] } else { Vec::new() };
        let verify = |bytes: &[u8]| run(VERIFY, &[&["-i", &key("p256")][..], &accepted].concat(), bytes);
        let good = verify(&signed);
        assert!(
            stdout(&good).contains("recipients changed since recording by \"CN=test no usage\""),
            "{}",
            told(&good)
        );
        assert_eq!(good.status.code(), Some(0), "{}", told(&good));
        // what an insider writes as it was is as it was
        for session in 0..2 {
            assert!(changed(&signed, session, &|_| ()) == signed, "the insider writes well");
            for (what, change) in changes() {
                let bent = changed(&signed, session, &*change);
                assert!(bent != signed && bent.len() == signed.len(), "{what}");
                let what = format!("{what}, session {session}, signed stream: {is_signed}");
                let said = verify(&bent);
                assert_eq!(said.status.code(), Some(4), "{what}: {}", told(&said));
                assert!(stdout(&said).contains("recipients changed since recording by unknown"), "{}", told(&said));
                let shown = run(INSPECT, &["--json"], &bent);
                let v: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
                assert!(v["key_sessions"][session as usize]["changed_by"].is_null(), "{what}");
                if is_signed {
                    let add = ["--add", "-i", &key("p256"), "-r", &pem("rsa2048")];
                    std::fs::write(path("bent.vv"), &bent).unwrap();
                    let refused = run(REWRAP, &[&add[..], &accepted, &[&path("bent.vv")]].concat(), &[]);
                    assert_eq!(refused.status.code(), Some(4), "{what}: {}", told(&refused));
                    assert!(stderr(&refused).contains("is no accepted signer"), "{what}: {}", told(&refused));
                }
            }
        }
    }
}

#[test]
fn a_signed_list_is_good_wherever_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let bytes = recorded(true);
    let boss = ["--sign", &key("no-usage"), "--signer", &pem("no-usage")];
    let accepted = ["--signer", &pem("ed25519"), "--signer", &pem("no-usage")];
    // in place, in a copy, and in a copy whose slots must grow: the signature covers their size
    let many: Vec<String> = ["p384", "rsa2048", "rsa3072", "ed25519", "no-usage"].iter().map(|n| pem(n)).collect();
    for (way, names) in [("--in-place", &many[..1]), ("", &many[..1]), ("", &many[..3])] {
        std::fs::write(path("cam.vv"), &bytes).unwrap();
        let mut arguments = vec!["-i".to_owned(), key("p256"), "-r".into(), pem("p256")];
        names.iter().for_each(|n| arguments.extend(["-r".to_owned(), n.clone()]));
        let to = if way.is_empty() { path("new.vv") } else { path("cam.vv") };
        match way {
            "" => arguments.extend(["-f".to_owned(), "-o".into(), to.clone()]),
            way => arguments.push(way.into()),
        }
        arguments.extend(boss.iter().map(|s| (*s).to_owned()).chain([path("cam.vv")]));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(REWRAP, &arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let new = std::fs::read(&to).unwrap();
        let said = run(VERIFY, &[&["-i", &key("p256")][..], &accepted].concat(), &new);
        assert_eq!(said.status.code(), Some(0), "{way} {}: {}", names.len(), told(&said));
        assert!(
            stdout(&said).contains("recipients changed since recording by \"CN=test no usage\""),
            "{}",
            told(&said)
        );
    }
}

#[test]
fn a_slot_that_was_moved_into_larger_ones_is_signed_no_more() {
    let boss = ["--sign", &key("no-usage"), "--signer", &pem("no-usage")];
    let signed = run(REWRAP, &[&["-i", &key("p256"), "-r", &pem("p256")][..], &boss].concat(), &recorded(true)).stdout;
    let grown = changed(&signed, 0, &|keys| {
        let list = keys.current().clone();
        let room = 2 * keys.slot_size();
        let new = Keys::new(keys.session, keys.first_epoch, keys.commitment, keys.left_out.clone(), list, room);
        *keys = new.unwrap();
    });
    let changer = |bytes: &[u8]| {
        let v: serde_json::Value = serde_json::from_slice(&run(INSPECT, &["--json"], bytes).stdout).unwrap();
        v["key_sessions"][0]["changed_by"].as_str().map(str::to_owned)
    };
    assert_eq!((changer(&signed).as_deref(), changer(&grown)), (Some("CN=test no usage"), None));
}
