//! Lists of recipients under attack: whoever can write a file and has no key can add nobody, and can have nobody's list
//! wiped.

use std::path::{Path, PathBuf};

use vidveil::format::{EndKind, SlotContent, SlotState};
use vidveil::keys::Signer;
use vidveil::seal::{SealSettings, Sealer};

use crate::support::forgery::{KeysInFile, claiming, extended, keys_in, whole};
use crate::support::output::{assert_status, told};
use crate::support::streams::*;
use crate::support::yard::Yard;

const REWRAP: &str = env!("CARGO_BIN_EXE_rewrap");
const VERIFY: &str = env!("CARGO_BIN_EXE_verify");
const DECRYPT: &str = env!("CARGO_BIN_EXE_decrypt-stream");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");

fn signer(name: &str) -> Signer {
    Signer::new(&std::fs::read(key(name)).unwrap(), cert(name), BEGIN, || None).unwrap()
}

/// Two key sessions of two epochs each, to P-256 and, the second one, to RSA.
fn two_sessions() -> Vec<u8> {
    sealed_to(Recipients { first: vec!["p256"], later: vec!["p256", "rsa3072"] }, 600 * SECOND)
}

/// The same, signed with Ed25519.
fn signed_sessions() -> Vec<u8> {
    let recipients = Recipients { first: vec!["p256"], later: vec!["p256", "rsa3072"] };
    let settings = SealSettings { rekey_ns: 3 * SECOND / 10, key_room: 8192, ..Default::default() };
    let signer = std::sync::Arc::new(signer("ed25519"));
    let record = record("gate");
    let mut s = Sealer::begin_signed(Vec::new(), &record, settings, Box::new(recipients), signer, clock(0, 0)).unwrap();
    for (i, (f, packet)) in frames().into_iter().enumerate() {
        s.frame(&f, &packet, clock(i, 600 * SECOND)).unwrap();
    }
    s.finish(vidveil::format::Reason::EndOfInput).unwrap();
    s.into_output()
}

/// Exit status of decrypt-stream with that key, and what it wrote.
fn open(name: &str, sealed: &[u8]) -> (i32, Vec<u8>) {
    let output = run(DECRYPT, &["-i", &key(name)], sealed);
    (output.status.code().unwrap(), output.stdout)
}

/// How many frames come out of it with that key.
fn frames_for(name: &str, sealed: &[u8]) -> usize {
    let opened = open(name, sealed).1;
    stdout(&run(INSPECT, &["--frames"], &opened)).lines().count()
}

/// A change of the list that counts, in one session of a file.
type Forger = fn(&KeysInFile, &mut [u8], &SlotContent);

/// Where a forger puts a list.
const PLACES: [(&str, Forger); 4] = [
    ("in its place", |k, bytes, list| k.put_list(bytes, 0, list)),
    ("in its place, as a later one", |k, bytes, list| {
        k.put_list(bytes, 0, &SlotContent { generation: 9, ..list.clone() })
    }),
    ("next to it", |k, bytes, list| k.put_list(bytes, 1, &SlotContent { generation: 2, ..list.clone() })),
    ("next to it, with the last number", |k, bytes, list| {
        k.put_list(bytes, 1, &SlotContent { generation: u64::MAX, ..list.clone() })
    }),
];

/// The stream with the list changed in each place and, of two sessions, in the first, the second and both; each of them
/// also with a signature of the forger's own.
fn forged(bytes: &[u8], change: impl Fn(&SlotContent) -> SlotContent) -> Vec<(String, bool, Vec<u8>)> {
    let forger = signer("no-usage");
    let mut all = Vec::new();
    for (place, put) in PLACES {
        for sessions in [&[0][..], &[1], &[0, 1]] {
            for sign in [false, true] {
                let mut bent = bytes.to_vec();
                for (i, k) in keys_in(bytes).iter().enumerate().filter(|(i, _)| sessions.contains(i)) {
                    let mut moved = bent.clone();
                    // the number that it will have is signed, too
                    put(k, &mut moved, &change(k.content()));
                    let there = keys_in(&moved).remove(i);
                    let list = if sign { k.signed(there.content().clone(), &forger) } else { there.content().clone() };
                    k.put_list(&mut bent, there.keys.current_slot(), &list);
                }
                let signed = if sign { ", signed" } else { "" };
                all.push((format!("{place}, sessions {sessions:?}{signed}"), place.starts_with("next"), bent));
            }
        }
    }
    all
}

#[test]
fn the_forger_makes_what_reads_well() {
    let bytes = two_sessions();
    for (what, _, bent) in forged(&bytes, |list| extended(list, &cert("rsa2048"))) {
        assert!(bent != bytes, "{what}");
        let shown = stdout(&run(INSPECT, &[], &bent));
        assert!(shown.contains("\"CN=test rsa2048\""), "{what}: {shown}");
        // form, hashes and messages are right: who has no key sees nothing but a change, and a claim
        let checked = run(VERIFY, &[], &bent);
        assert_eq!(checked.status.code(), Some(4), "{what}: {}", told(&checked));
        assert!(stdout(&checked).contains("recipients changed since recording"), "{what}: {}", told(&checked));
        assert!(shown.contains("claim"), "{what}: {shown}");
    }
}

#[test]
fn nobody_is_added_by_somebody_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cam.vv");
    let name = path.to_str().unwrap();
    let (desk, to, own) = (key("p256"), pem("p384"), key("no-usage"));
    let signing = ["--sign", &own, "--signer", &pem("no-usage")];
    for (what, _, bent) in forged(&two_sessions(), |list| extended(list, &cert("rsa2048"))) {
        for sign in [&signing[..0], &signing] {
            let add = [&["--add", "-i", &desk, "-r", &to][..], sign].concat();
            for (how, arguments, input) in [
                ("a pipe", add.clone(), &bent[..]),
                ("a file", [&add[..], &[name]].concat(), &[]),
                ("in place", [&add[..], &["--in-place", name]].concat(), &[]),
            ] {
                std::fs::write(&path, &bent).unwrap();
                let output = run(REWRAP, &arguments, input);
                assert!(matches!(output.status.code(), Some(3 | 4)), "{what}, {how}: {}", told(&output));
                assert!(std::fs::read(&path).unwrap() == bent, "{what}, {how}");
                // what was copied up to there is for nobody else
                assert_eq!(frames_for("rsa2048", &output.stdout), 0, "{what}, {how}");
            }
        }
    }
}

#[test]
fn a_forged_list_is_damage_to_everybody_who_has_a_key() {
    let bytes = two_sessions();
    let all = open("p256", &bytes);
    assert_eq!(all.0, 0);
    for (what, is_next_to_it, bent) in forged(&bytes, |list| extended(list, &cert("rsa2048"))) {
        let (status, opened) = open("p256", &bent);
        assert_eq!(status, 3, "{what}");
        // the list that is right is still there: nothing is withheld from those on it
        assert_eq!(opened == all.1, is_next_to_it, "{what}");
        assert_eq!(frames_for("rsa2048", &bent), 0, "{what}");
        let checked = run(VERIFY, &["--json", "-i", &key("p256")], &bent);
        assert_eq!(checked.status.code(), Some(3), "{what}: {}", told(&checked));
        assert!(stdout(&checked).contains("\"verdict\":\"damaged\""), "{what}: {}", told(&checked));
        let granted = ["-i", &key("p256"), "--grant", &pem("p384"), "--from", "0", "--sidecar", "-"];
        let folder = tempfile::tempdir().unwrap();
        let sidecar = folder.path().join("grant.vvk");
        let granted = [&granted[..6], &["--sidecar", sidecar.to_str().unwrap()]].concat();
        let granted = run(REWRAP, &granted, &bent);
        assert_eq!((granted.status.code(), sidecar.exists()), (Some(3), false), "{what}: {}", told(&granted));
    }
}

#[test]
fn a_forged_list_has_no_good_one_wiped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cam.vv");
    let name = path.to_str().unwrap();
    let bytes = two_sessions();
    let all = open("p256", &bytes).1;
    let (desk, to) = (key("p256"), pem("p384"));
    let kinds: [(&str, &[&str]); 3] = [
        ("the wanted list", &["p384"]),
        ("another list", &["rsa2048"]),
        ("a list with the desk on it", &["p256", "p384"]),
    ];
    for (kind, names) in kinds {
        let who: Vec<_> = names.iter().map(|n| cert(n)).collect();
        for (what, is_next_to_it, bent) in forged(&bytes, |list| claiming(list, &who)) {
            for add in [&[][..], &["--add"]] {
                std::fs::write(&path, &bent).unwrap();
                let arguments = [add, &["--in-place", "-i", &desk, "-r", &to, name]].concat();
                let output = run(REWRAP, &arguments, &[]);
                assert!(matches!(output.status.code(), Some(3 | 4)), "{kind}, {what}: {}", told(&output));
                let now = std::fs::read(&path).unwrap();
                // sessions that were not touched may have been changed where the forged one only claims to be
                for (before, now) in keys_in(&bent).iter().zip(keys_in(&now)) {
                    let is_forged = before.keys != keys_in(&bytes)[before.keys.session as usize].keys;
                    assert!(!is_forged || before.keys == now.keys, "{kind}, {what}");
                }
                if is_next_to_it {
                    assert!(now == bent, "{kind}, {what}");
                    assert!(open("p256", &now) == (3, all.clone()), "{kind}, {what}");
                }
            }
        }
    }
}

#[test]
fn a_copy_with_a_list_of_its_own_mends_a_forged_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cam.vv");
    let name = path.to_str().unwrap();
    let bytes = two_sessions();
    let all = open("p256", &bytes).1;
    for (what, _, bent) in forged(&bytes, |list| extended(list, &cert("rsa2048"))).into_iter().filter(|f| f.1) {
        std::fs::write(&path, &bent).unwrap();
        for (how, file, input) in [("a pipe", None, &bent[..]), ("a file", Some(name), &[])] {
            let arguments = ["-i", &key("p256"), "-r", &pem("p384")];
            let output = run(REWRAP, &[&arguments[..], &Vec::from_iter(file)].concat(), input);
            assert_eq!(output.status.code(), Some(3), "{what}, {how}: {}", told(&output));
            assert!(stderr(&output).contains("is forged"), "{what}, {how}: {}", told(&output));
            let copy = output.stdout;
            assert!(open("p384", &copy) == (0, all.clone()), "{what}, {how}");
            assert_eq!((frames_for("p256", &copy), frames_for("rsa2048", &copy)), (0, 0), "{what}, {how}");
            let generations: Vec<u64> = keys_in(&copy).iter().map(|k| k.content().generation).collect();
            assert_eq!(generations, [2, 2], "{what}, {how}");
        }
    }
    // from a list that is there alone and not right, nothing is made
    for (what, _, bent) in forged(&bytes, |list| extended(list, &cert("rsa2048"))).into_iter().filter(|f| !f.1) {
        let output = run(REWRAP, &["-i", &key("p256"), "-r", &pem("p384")], &bent);
        assert_eq!(output.status.code(), Some(3), "{what}: {}", told(&output));
    }
}

#[test]
fn a_list_of_another_session_or_stream_is_none_here() {
    let bytes = two_sessions();
    // the same stream record, and another one: H is the same, or not
    let again = two_sessions();
    let mut yard = Vec::new();
    {
        let settings = SealSettings { rekey_ns: 3 * SECOND / 10, key_room: 8192, pad: 16, ..Default::default() };
        let recipients = Recipients { first: vec!["p256", "rsa3072"], later: vec!["p256", "rsa3072"] };
        let mut s = Sealer::begin(&mut yard, &record("yard"), settings, Box::new(recipients), clock(0, 0)).unwrap();
        s.frame(&frames()[0].0, b"picture", clock(0, 0)).unwrap();
        s.finish(vidveil::format::Reason::Stopped).unwrap();
    }
    let all = open("p256", &bytes).1;
    let mine = keys_in(&bytes);
    for (what, donor, session) in
        [("session 1", &bytes, 1), ("a stream of the same record", &again, 0), ("another stream", &yard, 0)]
    {
        let theirs = keys_in(donor).remove(session);
        let mut instead = bytes.clone();
        mine[0].put(&mut instead, 0, &theirs.slot(donor, 0));
        let (status, opened) = open("p256", &instead);
        assert_eq!((status, opened.is_empty()), (3, true), "{what}");
        let mut next_to_them = bytes.clone();
        mine[0].put_list(&mut next_to_them, 1, &SlotContent { generation: 5, ..theirs.content().clone() });
        assert!(open("p256", &next_to_them) == (3, all.clone()), "{what}");
        for bent in [&instead, &next_to_them] {
            let output = run(REWRAP, &["--add", "-i", &key("p256"), "-r", &pem("p384")], bent);
            assert_eq!(output.status.code(), Some(3), "{what}: {}", told(&output));
            assert_eq!(run(VERIFY, &["-i", &key("p256")], bent).status.code(), Some(3), "{what}");
        }
    }
}

#[test]
fn every_field_that_the_mac_covers_is_covered() {
    let bytes = sealed();
    let k = keys_in(&bytes).remove(0);
    let body = k.at + 8;
    // session, first epoch, commitment, the certificate left out: reason, fingerprint, end, name
    let head: Vec<usize> = (body..k.at + k.keys.slot_offset(0) as usize - 4).collect();
    let slot = k.at + k.keys.slot_offset(0) as usize;
    let length = u32::from_be_bytes(bytes[slot + 8..slot + 12].try_into().unwrap()) as usize;
    let content: Vec<usize> = (slot..slot + 8).chain(slot + 12..slot + 12 + length).collect();
    // every byte of the small fields, and of the MAC; of certificates and message some
    let mac = slot + 12 + length - 32;
    let some = content.into_iter().filter(|at| *at < slot + 30 || *at >= mac || at % 97 == 0);
    let mut found = 0;
    for at in head.into_iter().chain(some) {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        let size = k.keys.slot_size() as usize;
        let hash = vidveil::format::sha256(&bent[slot..slot + size - 32]);
        bent[slot + size - 32..slot + size].copy_from_slice(&hash);
        let opened = crate::support::seal::open(&bent, "p256");
        assert!(opened.error.is_some() && opened.frames.is_empty(), "byte {at}");
        found += 1;
    }
    assert!(found > 150, "{found}");
}

#[test]
fn slots_that_have_another_size_are_not_those_that_were_written() {
    let bytes = sealed();
    let k = keys_in(&bytes).remove(0);
    let (size, smaller) = (k.keys.slot_size() as usize, 4096);
    let slot = k.slot(&bytes, 0);
    // the same list in smaller slots: the filling is zeros, and the hash is right
    let mut raw = slot[..smaller - 32].to_vec();
    raw.extend_from_slice(&vidveil::format::sha256(&raw));
    let mut bent = bytes[..k.at].to_vec();
    let body = k.keys.slot_offset(0) as usize + 2 * smaller - 8;
    bent.extend_from_slice(&bytes[k.at..k.at + 4]);
    bent.extend_from_slice(&(body as u32).to_be_bytes());
    bent.extend_from_slice(&bytes[k.at + 8..k.at + k.keys.slot_offset(0) as usize - 4]);
    bent.extend_from_slice(&(smaller as u32).to_be_bytes());
    bent.extend_from_slice(&raw);
    bent.extend_from_slice(&vec![0; smaller]);
    bent.extend_from_slice(&bytes[k.at + k.keys.slot_offset(0) as usize + 2 * size..]);
    assert_eq!(whole(&keys_in(&bent)[0].keys, 0), k.content());
    assert_eq!(open("p256", &bent), (3, Vec::new()));
}

#[test]
fn whoever_could_open_it_can_add_and_an_accepted_signer_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let bytes = signed_sessions();
    std::fs::write(path("signed.vv"), &bytes).unwrap();
    let rewrap = |arguments: &[&str], status: i32| {
        let output = run(REWRAP, arguments, &[]);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", told(&output));
        stderr(&output)
    };
    let (desk, archiver) = (key("p256"), pem("ed25519"));
    // the recorder's own list needs no other signer than the recorder
    let add = |from: &str, more: &[&str], status: i32| {
        let (from, to, out) = (path(from), pem("rsa2048"), path("out.vv"));
        let _ = std::fs::remove_file(&out);
        let said = rewrap(&[&["--add", "-i", &desk, "-r", &to, "-o", &out, &from], more].concat(), status);
        assert_eq!(Path::new(&out).exists(), status == 0, "{said}");
        said
    };
    add("signed.vv", &["--signer", &archiver], 0);
    // changed by a recipient, who signs nothing, and by one who signs with a key of his own
    let (to, signed, out) = (pem("p384"), path("signed.vv"), path("boss.vv"));
    rewrap(&["--add", "-i", &desk, "-r", &to, "-o", &path("unsigned.vv"), &signed], 0);
    let boss = ["--sign", &key("no-usage"), "--signer", &pem("no-usage")];
    rewrap(&[&["--add", "-i", &desk, "-r", &to, "-o", &out, &signed][..], &boss].concat(), 0);
    for (from, by) in [("unsigned.vv", "by unknown"), ("boss.vv", "by CN=test no usage")] {
        let said = add(from, &["--signer", &archiver], 4);
        assert!(said.contains("is no accepted signer") && said.contains(by), "{said}");
        // nobody was named: then who stays is named, and that nobody vouches for it
        let said = add(from, &[], 0);
        assert!(said.contains("warning: the recipients were changed since recording, by "), "{said}");
        assert!(said.contains("stays: \"CN=test p384\""), "{said}");
    }
    let said = add("boss.vv", &["--signer", &archiver, "--signer", &pem("no-usage")], 0);
    assert!(!said.contains("warning: the recipients"), "{said}");
    add("boss.vv", &[&boss[..], &["--signer", &archiver]].concat(), 0);
    // in place, too
    let in_place = ["--add", "--in-place", "-i", &desk, "-r", &pem("rsa2048"), "--signer", &archiver, &path("boss.vv")];
    let before = std::fs::read(path("boss.vv")).unwrap();
    rewrap(&in_place, 4);
    assert_eq!(std::fs::read(path("boss.vv")).unwrap(), before);
}

#[test]
fn what_a_key_proves_of_a_list_is_said_and_the_rest_is_a_claim() {
    let bytes = two_sessions();
    let recipients = |arguments: &[&str], bytes: &[u8]| {
        let output = run(VERIFY, &[&["--json"], arguments].concat(), bytes);
        let v: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        v["recipients"].as_str().map(str::to_owned)
    };
    let identity = key("p256");
    assert_eq!(recipients(&[], &bytes).as_deref(), Some("claimed"));
    assert_eq!(recipients(&["-i", &identity], &bytes).as_deref(), Some("proven"));
    assert_eq!(recipients(&[], &plain("gate", vidveil::format::Reason::EndOfInput)), None);
    let signed = signed_sessions();
    assert_eq!(recipients(&["--signer", &pem("ed25519")], &signed).as_deref(), Some("signed"));
    assert_eq!(recipients(&["--signer", &pem("p384")], &signed).as_deref(), Some("claimed"));
    // a key that opens one session proves one list
    assert_eq!(recipients(&["-i", &key("rsa3072")], &signed).as_deref(), Some("claimed"));
    assert_eq!(recipients(&["-i", &identity, "--signer", &pem("ed25519")], &signed).as_deref(), Some("proven"));
    // whoever signs a change himself has said who he is, and nobody has confirmed it
    let boss = ["--sign", &key("no-usage"), "--signer", &pem("no-usage")];
    let changed = run(REWRAP, &[&["-i", &identity, "-r", &pem("p384")][..], &boss].concat(), &bytes).stdout;
    let line = stdout(&run(VERIFY, &["-i", &key("p384")], &changed));
    assert!(line.contains("recipients changed since recording by \"CN=test no usage\" (an unknown signer)"), "{line}");
    let line = stdout(&run(VERIFY, &[], &changed));
    assert!(line.contains("recipients changed since recording by \"CN=test no usage\" (claimed)"), "{line}");
}

#[test]
fn had_them_already_is_proven_or_said_to_be_a_claim() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cam.vv");
    let name = path.to_str().unwrap();
    let bytes = two_sessions();
    let in_place = |keys: &[&str], status: i32| {
        let keys: Vec<String> = keys.iter().flat_map(|k| ["-i".to_owned(), key(k)]).collect();
        let mut arguments: Vec<&str> = keys.iter().map(String::as_str).collect();
        let to = pem("p384");
        arguments.extend(["--in-place", "-r", &to, name]);
        let output = run(REWRAP, &arguments, &[]);
        assert_eq!(output.status.code(), Some(status), "{keys:?}: {}", told(&output));
        stderr(&output)
    };
    std::fs::write(&path, &bytes).unwrap();
    in_place(&["p256"], 0);
    let changed = std::fs::read(&path).unwrap();
    // both lists are there, as after a power cut between the two steps: the old one opens, and proves the new one
    let mut both = changed.clone();
    keys_in(&bytes).iter().for_each(|k| k.put(&mut both, 0, &k.slot(&bytes, 0)));
    std::fs::write(&path, &both).unwrap();
    let said = in_place(&["p256"], 0);
    assert!(said.contains("0 key sessions with new recipients, 2 had them already"), "{said}");
    assert!(std::fs::read(&path).unwrap() == changed);
    // wiped in part: nothing proves what is there
    let mut torn = both.clone();
    for k in keys_in(&both) {
        let slot = [vec![0; 600], k.slot(&bytes, 0)[600..].to_vec()].concat();
        k.put(&mut torn, 0, &slot);
    }
    assert!(keys_in(&torn).iter().all(|k| *k.keys.slots()[0] == SlotState::Torn));
    for left in [&torn, &changed] {
        std::fs::write(&path, left).unwrap();
        let said = in_place(&["p256"], 4);
        assert!(said.contains("error: 2 key sessions: that these are the recipients is only claimed"), "{said}");
        assert!(said.contains("hint: give a key of the new list, too"), "{said}");
        assert!(!said.contains("had them already"), "{said}");
        assert!(std::fs::read(&path).unwrap() == **left);
        in_place(&["p256", "p384"], 0);
        let now = std::fs::read(&path).unwrap();
        assert_eq!(open("p384", &now), (0, open("p256", &bytes).1));
        assert!(keys_in(&now).iter().all(|k| k.keys.slots().contains(&&SlotState::Empty)));
    }
    // a copy is made of what opens
    std::fs::write(&path, &changed).unwrap();
    let output = run(REWRAP, &["-i", &key("p256"), "-r", &pem("p384"), name], &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(4), 0), "{}", told(&output));
    // one session that is only claimed does not keep the others from being changed
    let mut mixed = bytes.clone();
    let second = &keys_in(&changed)[1];
    (0..2).for_each(|n| second.put(&mut mixed, n, &second.slot(&changed, n)));
    std::fs::write(&path, &mixed).unwrap();
    let said = in_place(&["p256"], 4);
    assert!(said.contains("1 key session with new recipients"), "{said}");
    assert_eq!(open("p384", &std::fs::read(&path).unwrap()), (0, open("p256", &bytes).1));
}

/// Where the state of what was done to an archive is.
fn state(folder: &Path) -> PathBuf {
    vidveil::storage::state_folder(folder).expect("a home")
}

/// Removes it.
struct Tidy(PathBuf);

impl Drop for Tidy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An archive with a file that was rewrapped, and its bytes before.
fn archive(folder: &Path, with_journal: bool) -> (String, Vec<u8>, Vec<u8>) {
    std::fs::create_dir_all(folder.join("gate")).unwrap();
    if with_journal {
        std::fs::create_dir_all(state(folder)).unwrap();
    }
    let path = folder.join("gate/cam.vv");
    let before = two_sessions();
    std::fs::write(&path, &before).unwrap();
    let name = path.to_str().unwrap().to_owned();
    let done = run(REWRAP, &["--in-place", "-i", &key("p256"), "-r", &pem("p256"), &name], &[]);
    assert_eq!(done.status.code(), Some(0), "{}", told(&done));
    let after = std::fs::read(&path).unwrap();
    (name, before, after)
}

#[test]
fn an_older_list_that_was_put_back_is_noticed_where_there_is_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let _tidy = Tidy(state(folder.path()));
    let (name, before, after) = archive(folder.path(), true);
    let identity = key("p256");
    let verify = |more: &[&str]| run(VERIFY, &[&["-i", &identity, &name], more].concat(), &[]);
    // nobody signed the change
    assert_eq!(verify(&[]).status.code(), Some(4));
    let older = |bytes: &[u8]| {
        std::fs::write(&name, bytes).unwrap();
        let output = verify(&[]);
        assert_eq!(output.status.code(), Some(4), "{}", told(&output));
        stdout(&output)
    };
    let line = older(&before);
    assert!(
        line.contains("an older list of recipients was put back: key session 0 has number 1, and number 2"),
        "{line}"
    );
    assert!(!older(&after).contains("older list"));
    // without a key it is seen, too, and --unsigned-ok does not hide it
    std::fs::write(&name, &before).unwrap();
    for arguments in [&[][..], &["--unsigned-ok"], &["--unsigned-ok", "--json"]] {
        let output = run(VERIFY, &[arguments, &[&name]].concat(), &[]);
        assert_eq!(output.status.code(), Some(4), "{}", told(&output));
        let said = stdout(&output);
        assert!(said.contains("an older list of recipients was put back"), "{said}");
        assert_eq!(said.contains("\"verdict\":\"older-list\""), arguments.contains(&"--json"), "{said}");
    }
    // one of two sessions
    let mut one = after.clone();
    let second = &keys_in(&before)[1];
    (0..2).for_each(|n| second.put(&mut one, n, &second.slot(&before, n)));
    assert!(older(&one).contains("key session 1 has number 1"));
    // nobody on it stays without being looked at
    std::fs::write(&name, &before).unwrap();
    for in_place in [&[][..], &["--in-place"]] {
        let to = pem("p384");
        let add = [&["--add", "-i", &identity, "-r", &to][..], in_place, &[&name]].concat();
        let output = run(REWRAP, &add, &[]);
        assert_eq!(output.status.code(), Some(4), "{}", told(&output));
        assert!(stderr(&output).contains("an older list was put back"), "{}", told(&output));
    }
    assert!(std::fs::read(&name).unwrap() == before);
    // a list of its own goes above all that was there
    let output = run(REWRAP, &["--in-place", "-i", &identity, "-r", &pem("p256"), &name], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(stderr(&output).contains("warning: key session 0 has list of recipients number 1"), "{}", told(&output));
    let now = std::fs::read(&name).unwrap();
    assert!(keys_in(&now).iter().all(|k| k.content().generation == 3));
    assert!(older(&after).contains("has number 2, and number 3 was here before"));
    assert!(!older(&now).contains("older list"));
}

#[test]
fn what_a_key_has_proven_is_remembered_and_no_claim_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(folder.path());
    let _tidy = Tidy(state.clone());
    let (name, before, after) = archive(folder.path(), false);
    // rewrapped where there was no journal yet
    assert!(!state.exists());
    std::fs::create_dir_all(&state).unwrap();
    let is_older = |bytes: &[u8], arguments: &[&str]| {
        std::fs::write(&name, bytes).unwrap();
        stdout(&run(VERIFY, &[arguments, &[&name]].concat(), &[])).contains("older list")
    };
    let identity = ["-i", &key("p256")];
    // claims: a list that nobody opened, and one that is forged
    assert!(!is_older(&after, &[]) && !is_older(&before, &identity));
    let mut bent = before.clone();
    for k in keys_in(&before) {
        k.put_list(&mut bent, 1, &SlotContent { generation: 77, ..k.content().clone() });
    }
    assert!(!is_older(&bent, &[]) && !is_older(&bent, &identity) && !is_older(&before, &identity));
    // proven
    assert!(!is_older(&after, &identity) && is_older(&before, &identity) && is_older(&before, &[]));
    // what is remembered is of this file and this stream: a copy elsewhere was never changed
    let copy = folder.path().join("copy.vv");
    std::fs::write(&copy, &before).unwrap();
    let output = run(VERIFY, &["-i", &key("p256"), copy.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let mut other = sealed();
    let name_at = other.windows(4).position(|four| four == b"gate").unwrap();
    other[name_at] = b'G';
    assert!(!is_older(&other, &[]), "another stream of the name");
    // a copy that rewrap writes over it is what the file holds now
    assert!(is_older(&before, &identity));
    let arguments = ["-f", "-i", &key("p256"), "-r", &pem("p256"), "-o", &name, copy.to_str().unwrap()];
    let output = run(REWRAP, &arguments, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(!stdout(&run(VERIFY, &["-i", &key("p256"), &name], &[])).contains("older list"));
    // a journal that is no journal is said to be none
    let lists = state.join("lists");
    for entry in std::fs::read_dir(&lists).unwrap() {
        std::fs::write(entry.unwrap().path(), b"{").unwrap();
    }
    let output = run(VERIFY, &["-i", &key("p256"), &name], &[]);
    assert!(stderr(&output).contains("cannot be read: whether an older list"), "{}", told(&output));
}

#[test]
fn the_end_of_a_forged_stream_is_written_as_it_was() {
    let bytes = two_sessions();
    let (_, _, bent) = forged(&bytes, |list| extended(list, &cert("rsa2048"))).into_iter().find(|f| f.1).unwrap();
    let (status, opened) = open("p256", &bent);
    assert_eq!((status, epochs(&opened).1), (3, Some(EndKind::Complete)));
}

#[test]
fn whoever_is_on_the_right_list_sees_everything_and_hears_that_another_is_forged() {
    let yard = Yard::with_camera(4);
    yard.done(
        "capture -q --camera gate camera.mp4 | encrypt-stream -q -r certs --rekey-interval 1s -o good.vv
         view -q -i desk.key good.vv -o good.mkv; view -q -i desk.key --snapshot 2.5 good.vv -o good.png
         ffmpeg -v error -nostdin -i good.mkv -c copy -f framemd5 good.txt",
    );
    let good = yard.bytes("good.vv");
    let mut bent = good.clone();
    for k in keys_in(&good) {
        let list = claiming(k.content(), &[cert("rsa2048")]);
        k.put_list(&mut bent, 1, &SlotContent { generation: 2, ..list });
    }
    yard.write("bent.vv", &bent);
    for (what, script) in [
        (
            "a file",
            "view -i desk.key bent.vv -o out.mkv && ffmpeg -v error -nostdin -i out.mkv -c copy -f framemd5 - | cmp - good.txt",
        ),
        (
            "a pipe",
            "cat bent.vv | view -i desk.key -o out.mkv && ffmpeg -v error -nostdin -i out.mkv -c copy -f framemd5 - | cmp - good.txt",
        ),
        ("a picture", "view -i desk.key --snapshot 2.5 bent.vv -o out.png && cmp out.png good.png"),
        ("a part, found by the index", "view -i desk.key --from 2.5 --to 3 bent.vv -o out.mkv"),
        ("the first part, nothing read after it", "view -i desk.key --to 1 bent.vv -o out.mkv"),
        ("a file that is not the last one", "view -i desk.key bent.vv good.vv -o out.mkv"),
        ("the public stream", "protect -i desk.key --learn 500ms bent.vv -o out.vv"),
    ] {
        yard.done("rm -f out.*");
        let (command, check) = script.split_once(" && ").unwrap_or((script, "true"));
        let output = yard.sh(command);
        assert_status(&output, 3);
        assert!(stderr(&output).contains("list of recipients of key session 0 is forged"), "{what}: {}", told(&output));
        assert!(yard.names().iter().any(|name| name.starts_with("out.")), "{what}: {}", told(&output));
        yard.done(check);
    }
    // it is named by its own file
    let output = yard.sh("cp good.vv other.vv; view -i desk.key bent.vv other.vv -o out.mkv");
    assert!(
        stderr(&output).contains("bent.vv") && !stderr(&output).contains("other.vv\": damaged"),
        "{}",
        told(&output)
    );
    // of a case nothing is made before somebody has looked into it
    let output = yard.sh("view -i desk.key --export case.zip --disclose-keys --from 1 --to 2 bent.vv");
    assert_status(&output, 3);
}

#[test]
fn what_was_seen_of_a_segment_goes_with_it() {
    let yard = Yard::with_camera(6);
    yard.done(
        "capture camera.mp4 | encrypt-stream -r certs --rekey-interval 1s > sealed.vv
         record -q archive --segment 2s < sealed.vv; mkdir to; cp certs/desk.pem to",
    );
    assert_status(&yard.sh("reprocess -q -i desk.key --do 'rewrap -q -r to/' --in-place archive"), 0);
    let segments =
        || std::fs::read_dir(yard.path("archive")).unwrap().filter(|e| is_segment(e.as_ref().unwrap())).count();
    let journals = || std::fs::read_dir(yard.state("archive").join("lists")).map_or(0, Iterator::count);
    assert_eq!((segments(), journals()), (3, 3));
    // the camera goes on, and there is room for its last segments only
    let keep = yard.size("sealed.vv") * 5 / 4;
    let next = format!("record archive --segment 2s --keep-bytes {keep} < next.vv");
    yard.done("capture camera.mp4 | encrypt-stream -r certs --rekey-interval 1s > next.vv");
    let output = yard.sh(&next);
    assert_status(&output, 0);
    let removed = told(&output).matches("removed ").count();
    assert!(removed > 0, "{}", told(&output));
    assert_eq!((segments(), journals()), (6 - removed, 3_usize.saturating_sub(removed)), "{}", told(&output));
}

fn is_segment(entry: &std::fs::DirEntry) -> bool {
    entry.path().extension().is_some_and(|extension| extension == "vv")
}
