//! Two lists of recipients with one number: no command writes such a pair, and whoever can write the file can copy a
//! slot. Nobody is locked out by that, everybody gets a message, and nothing is built on either list.

use vidveil::format::SlotContent;

use crate::support::forgery::{KeysInFile, claiming, keys_in};
use crate::support::output::{assert_status, told};
use crate::support::streams::*;

const REWRAP: &str = env!("CARGO_BIN_EXE_rewrap");
const VERIFY: &str = env!("CARGO_BIN_EXE_verify");
const DECRYPT: &str = env!("CARGO_BIN_EXE_decrypt-stream");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");

/// What somebody without a key writes into the slots of a keys record.
type Bend = fn(&KeysInFile, &mut Vec<u8>);

const BENDS: [(&str, Bend); 4] = [
    ("a copy of the list", |k, bytes| {
        let slot = k.slot(bytes, 0);
        k.put(bytes, 1, &slot);
    }),
    ("a list of his own after it", |k, bytes| k.put_list(bytes, 1, &own(k))),
    ("a list of his own before it", |k, bytes| {
        let slot = k.slot(bytes, 0);
        k.put(bytes, 1, &slot);
        k.put_list(bytes, 0, &own(k));
    }),
    ("a list before it whose message to the desk is broken", |k, bytes| {
        let slot = k.slot(bytes, 0);
        k.put(bytes, 1, &slot);
        let mut list = k.content().clone();
        *list.messages[0].cms.last_mut().unwrap() ^= 1;
        k.put_list(bytes, 0, &list);
    }),
];

/// A list for somebody else, with the number of the one that is there.
fn own(k: &KeysInFile) -> SlotContent {
    claiming(k.content(), &[cert("rsa2048")])
}

fn pem(name: &str) -> String {
    certs().join(format!("{name}.pem")).to_str().unwrap().to_owned()
}

#[test]
fn nobody_is_locked_out_and_everybody_is_told() {
    let whole = sealed_to(Recipients { first: vec!["p256"], later: vec!["p256", "rsa3072"] }, 600 * SECOND);
    let desk = key("p256");
    let plain = run(DECRYPT, &["-i", &desk], &whole);
    assert_status(&plain, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cam.vv");
    let name = path.to_str().unwrap();
    for (what, bend) in BENDS {
        for sessions in [&[0][..], &[1], &[0, 1]] {
            let mut bent = whole.clone();
            keys_in(&whole)
                .iter()
                .enumerate()
                .filter(|(i, _)| sessions.contains(i))
                .for_each(|(_, k)| bend(k, &mut bent));
            let what = format!("{what}, sessions {sessions:?}");
            let told_so = |output: &std::process::Output| {
                assert_eq!(output.status.code(), Some(3), "{what}: {}", told(output));
                let said = told(output);
                assert!(said.contains("with one number"), "{what}: {said}");
            };
            let opened = run(DECRYPT, &["-i", &desk], &bent);
            told_so(&opened);
            assert!(opened.stdout == plain.stdout, "{what}: not all of it was given");
            told_so(&run(VERIFY, &["-i", &desk], &bent));
            told_so(&run(VERIFY, &[], &bent));
            told_so(&run(INSPECT, &[], &bent));
            assert!(stdout(&run(INSPECT, &["--json"], &bent)).contains("\"tied\":true"), "{what}");
            // no list is added to, and no slot is written
            std::fs::write(&path, &bent).unwrap();
            for arguments in [&["--add", "--in-place"][..], &["--in-place"]] {
                let own = ["-q", "-i", &desk, "-r", &pem("p384"), name];
                told_so(&run(REWRAP, &[arguments, &own[..]].concat(), b""));
                assert!(std::fs::read(&path).unwrap() == bent, "{what}: {arguments:?}");
            }
            let added = run(REWRAP, &["--add", "-i", &desk, "-r", &pem("p384")], &bent);
            told_so(&added);
            // a copy with a list of its own mends it
            let copy = run(REWRAP, &["-q", "-i", &desk, "-r", &pem("p384")], &bent);
            told_so(&copy);
            let mended = run(DECRYPT, &["-i", &key("p384")], &copy.stdout);
            assert_status(&mended, 0);
            assert!(mended.stdout == plain.stdout, "{what}");
            // and it opens for nobody who was on no right list
            let other = run(DECRYPT, &["-i", &key("rsa2048")], &bent);
            assert!(!other.status.success() && other.stdout.is_empty(), "{what}: {}", told(&other));
        }
    }
}
