//! `rewrap`: who can open is changed, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use vidveil::format::{EndKind, Keys, Record, SlotState};

use crate::support::streams::*;

const REWRAP: &str = env!("CARGO_BIN_EXE_rewrap");
const VERIFY: &str = env!("CARGO_BIN_EXE_verify");
const DECRYPT: &str = env!("CARGO_BIN_EXE_decrypt-stream");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");

/// Two key sessions of two epochs each, to P-256 and RSA.
fn two_sessions() -> Vec<u8> {
    sealed_to(Recipients { first: vec!["p256", "rsa3072"], later: vec!["p256", "rsa3072", "rsa2048"] }, 600 * SECOND)
}

/// Runs rewrap; panics with what it says unless it ends with `status`.
fn rewrap(arguments: &[&str], input: &[u8], status: i32) -> (Vec<u8>, String) {
    let output = run(REWRAP, arguments, input);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
    (output.stdout.clone(), stderr(&output))
}

/// Exit status of decrypt-stream with that key, and what it wrote.
fn open(name: &str, sealed: &[u8]) -> (Option<i32>, Vec<u8>) {
    let output = run(DECRYPT, &["-i", &key(name)], sealed);
    (output.status.code(), output.stdout)
}

/// Everything but keys, index and end, as it stands there.
fn kept(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = vidveil::format::Reader::new(bytes);
    let mut all = Vec::new();
    while let Some(r) = reader.next().unwrap() {
        if !matches!(r, Record::Keys(_) | Record::Index(_) | Record::End(_)) {
            all.push(reader.raw().to_vec());
        }
    }
    all
}

fn all_keys(bytes: &[u8]) -> Vec<Keys> {
    records(bytes).into_iter().filter_map(|(_, r)| if let Record::Keys(k) = r { Some(*k) } else { None }).collect()
}

/// The generation of each slot, 0 for an empty one.
fn generations(bytes: &[u8]) -> Vec<[u64; 2]> {
    let of = |s: &SlotState| match s {
        SlotState::Whole(c) => c.generation,
        SlotState::Empty => 0,
        SlotState::Torn => u64::MAX,
    };
    all_keys(bytes).iter().map(|k| k.slots().map(of)).collect()
}

fn file(folder: &Path, bytes: &[u8]) -> (PathBuf, String) {
    let path = folder.join("cam.vv");
    std::fs::write(&path, bytes).unwrap();
    (path.clone(), path.to_str().unwrap().to_owned())
}

#[test]
fn a_copy_opens_with_the_new_key_only() {
    let old = two_sessions();
    let (key_p256, to) = (key("p256"), pem("p384"));
    let (new, _) = rewrap(&["-i", &key_p256, "-r", &to], &old, 0);
    assert_eq!(open("p256", &new).0, Some(4));
    assert_eq!(open("rsa3072", &new).0, Some(4));
    let (status, plain) = open("p384", &new);
    assert_eq!((status, plain), (Some(0), open("p256", &old).1));
    assert_eq!(kept(&new), kept(&old));
    assert_eq!(new.len(), old.len());
    assert_eq!(generations(&new), [[0, 2], [0, 2]]);
    // what is after the keys records, index and end, is where it was
    let tail = |b: &[u8]| b[b.len() - 200..].to_vec();
    assert_eq!(tail(&new), tail(&old));
    // commitment and the certificates left out stay
    for (a, b) in all_keys(&old).iter().zip(all_keys(&new)) {
        assert_eq!((a.commitment, &a.left_out, a.first_epoch), (b.commitment, &b.left_out, b.first_epoch));
    }
    let (again, _) = rewrap(&["-i", &key("p384"), "-r", &pem("rsa2048")], &new, 0);
    assert_eq!(generations(&again), [[3, 0], [3, 0]]);
    assert_eq!(open("rsa2048", &again).0, Some(0));
    assert_eq!(open("p384", &again).0, Some(4));
}

#[test]
fn a_file_and_a_pipe_give_the_same_copy() {
    let folder = tempfile::tempdir().unwrap();
    // two streams in one file, of which the index knows only the last
    let bytes = [two_sessions(), sealed(), two_sessions()].concat();
    let (_, name) = file(folder.path(), &bytes);
    let (from_file, _) = rewrap(&["-i", &key("p256"), "-r", &pem("p384"), &name], &[], 0);
    let (from_pipe, _) = rewrap(&["-i", &key("p256"), "-r", &pem("p384")], &bytes, 0);
    for new in [&from_file, &from_pipe] {
        assert_eq!((new.len(), kept(new)), (bytes.len(), kept(&bytes)));
        assert_eq!(generations(new), [[0, 2]; 5]);
        // that the streams have one record, and end differently, is said of the copy as of the original
        assert_eq!(open("p384", new), open("p256", &bytes));
        assert_eq!(open("p256", &bytes).0, Some(3));
    }
}

#[test]
fn add_keeps_who_could_open_and_names_them() {
    let (key_p256, to) = (key("p256"), pem("p384"));
    let (new, said) = rewrap(&["--add", "-i", &key_p256, "-r", &to], &sealed(), 0);
    for name in ["p256", "rsa3072", "p384"] {
        assert_eq!(open(name, &new).0, Some(0), "{name}");
    }
    assert_eq!(said.matches("stays: ").count(), 2, "{said}");
    assert!(said.contains("stays: \"CN=test rsa3072\"") && !said.contains("warning: the recipients"), "{said}");
    // that list is not the recorder's own any more
    let (_, said) = rewrap(&["--add", "-i", &key_p256, "-r", &pem("rsa2048")], &new, 0);
    assert!(said.contains("warning: the recipients were changed since recording, by unknown"), "{said}");
}

#[test]
fn what_does_not_fit_gets_more_room_in_a_copy_and_is_refused_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    for n in 0..12 {
        let made = vidveil::keys::generate(
            &vidveil::keys::GenerateOptions {
                name: format!("desk {n}"),
                algorithm: vidveil::keys::Algorithm::P384,
                days: 30,
                now_ns: vidveil::base::wall_ns(),
            },
            None,
        );
        std::fs::write(many.join(format!("{n}.pem")), made.unwrap().certificate_pem).unwrap();
    }
    std::fs::copy(certs().join("p384.pem"), many.join("p384.pem")).unwrap();
    let many = many.to_str().unwrap();
    let old = two_sessions().repeat(2);
    let (path, name) = file(folder.path(), &old);
    let (_, said) = rewrap(&["--in-place", "-i", &key("p256"), "-r", many, &name], &[], 1);
    assert!(said.contains("do not fit") && said.contains("hint: without --in-place"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), old);
    for (arguments, input) in
        [(vec!["-i", &key("p256"), "-r", many, &name], &[][..]), (vec!["-i", &key("p256"), "-r", many], &old)]
    {
        let (new, _) = rewrap(&arguments, input, 0);
        assert!(new.len() > old.len());
        assert_eq!(kept(&new), kept(&old));
        // verify says 3 when the index does not say where epochs begin
        let output = run(VERIFY, &["-i", &key("p384")], &new);
        assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
        assert!(stdout(&output).contains("authenticated, but not who can open it"), "{}", stdout(&output));
    }
}

#[test]
fn who_is_no_recipient_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // RSA-2048 is a recipient of the second session only
    let old = two_sessions();
    let (path, name) = file(folder.path(), &old);
    for wrong in ["p384", "rsa2048"] {
        let (out, said) = rewrap(&["-i", &key(wrong), "-r", &pem("p384"), &name], &[], 4);
        assert!(out.is_empty() && said.contains("give -i with the private key of"), "{said}");
        rewrap(&["--in-place", "-i", &key(wrong), "-r", &pem("no-usage"), &name], &[], 4);
        assert_eq!(std::fs::read(&path).unwrap(), old);
        rewrap(&["-i", &key(wrong), "-r", &pem("p384")], &old, 4);
    }
    let (_, said) = rewrap(&["--in-place", "-i", &key("p256"), "-r", &pem("expired"), &name], &[], 4);
    assert!(said.contains("expired") && said.contains("nothing is changed"), "{said}");
    rewrap(&["--in-place", "-i", &key("p256"), "-r", &pem("p384")], &old, 2);
    rewrap(&["-i", &key("p256"), "-r", &pem("p384")], &plain("gate", vidveil::format::Reason::EndOfInput), 4);
    assert_eq!(std::fs::read(&path).unwrap(), old);
}

#[test]
fn in_place_twice() {
    let folder = tempfile::tempdir().unwrap();
    let old = two_sessions();
    let (path, name) = file(folder.path(), &old);
    rewrap(&["--in-place", "-i", &key("p256"), "-r", &pem("p384"), &name], &[], 0);
    let new = std::fs::read(&path).unwrap();
    assert_eq!((new.len(), kept(&new), generations(&new)), (old.len(), kept(&old), vec![[0, 2]; 2]));
    assert_eq!(open("p384", &new), (Some(0), open("p256", &old).1));
    assert_eq!(open("p256", &new).0, Some(4));
    rewrap(&["--in-place", "--add", "-i", &key("p384"), "-r", &pem("rsa2048"), &name], &[], 0);
    let new = std::fs::read(&path).unwrap();
    assert_eq!((kept(&new), generations(&new)), (kept(&old), vec![[3, 0]; 2]));
    assert_eq!((open("p384", &new).0, open("rsa2048", &new).0), (Some(0), Some(0)));
    let inspect = stdout(&run(INSPECT, &[], &new));
    assert_eq!(
        inspect.matches("recipients changed since recording, by unknown: list number 3").count(),
        2,
        "{inspect}"
    );
}

#[test]
fn killed_at_any_moment_it_opens_and_is_finished_with_a_key_of_each_list() {
    let folder = tempfile::tempdir().unwrap();
    let (path, name) = file(folder.path(), &two_sessions());
    let names = ["p256", "p384"];
    for round in 0..16u64 {
        let (from, to) = (names[round as usize % 2], names[(round as usize + 1) % 2]);
        let arguments = ["--in-place", "-i", &key(from), "-r", &pem(to), &name];
        let mut child = Command::new(REWRAP).args(arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros(1500 * round));
        let _ = child.kill();
        child.wait().unwrap();
        // each session by itself opens with one of them
        let both = run(VERIFY, &["--json", "-i", &key("p256"), "-i", &key("p384")], &std::fs::read(&path).unwrap());
        assert!(stdout(&both).contains("\"frames\":13"), "{}", stdout(&both));
        rewrap(&[&arguments[..], &["-i", &key(to)]].concat(), &[], 0);
        let now = std::fs::read(&path).unwrap();
        assert_eq!((open(from, &now).0, open(to, &now).0), (Some(4), Some(0)), "round {round}");
        assert!(generations(&now).iter().all(|g| g.contains(&0)), "round {round}: {:?}", generations(&now));
    }
}

#[test]
fn a_file_that_another_rewrap_has_is_left_alone() {
    use rustix::fs::{FlockOperation, flock};
    let folder = tempfile::tempdir().unwrap();
    let (path, name) = file(folder.path(), &sealed());
    let held = std::fs::File::open(&path).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let arguments = ["--in-place", "-i", &key("p256"), "-r", &pem("p384"), &name];
    let (_, said) = rewrap(&arguments, &[], 1);
    assert!(said.contains("is locked"), "{said}");
    assert_eq!(generations(&std::fs::read(&path).unwrap()), [[1, 0]]);
    drop(held);
    rewrap(&arguments, &[], 0);
}

#[test]
fn a_file_that_is_being_recorded_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = two_sessions();
    // in the middle of the last frame
    let cut = frame_at(&whole, 12) + 20;
    let (path, name) = file(folder.path(), &whole[..cut]);
    let (_, said) = rewrap(&["--in-place", "-i", &key("p256"), "-r", &pem("p384"), &name], &[], 0);
    assert!(said.contains("warning") && said.contains("has no end yet"), "{said}");
    let new = [std::fs::read(&path).unwrap(), whole[cut..].to_vec()].concat();
    assert_eq!(open("p384", &new), (Some(0), open("p256", &whole).1));
    // a copy of it says that it is cut
    let (copy, _) = rewrap(&["-i", &key("p384"), "-r", &pem("p256"), &name], &[], 3);
    assert_eq!(copy.len(), frame_at(&whole, 12));
}

#[test]
fn openssl_opens_the_new_message() {
    let folder = tempfile::tempdir().unwrap();
    let (new, _) = rewrap(&["-i", &key("p256"), "-r", &pem("p384"), "-r", &pem("rsa2048")], &sealed(), 0);
    let before = folder.path().join("before.der");
    std::fs::write(&before, &all_keys(&sealed())[0].current().messages[0].cms).unwrap();
    let after = folder.path().join("after.der");
    std::fs::write(&after, &all_keys(&new)[0].current().messages[0].cms).unwrap();
    let secret = |message: &Path, name: &str| {
        let done = Command::new("openssl")
            .args(["cms", "-decrypt", "-inform", "DER", "-in", message.to_str().unwrap()])
            .args(["-inkey", &key(name), "-recip", &pem(name)])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    let _ = before;
    assert_eq!(secret(&after, "p384").len(), 32);
    assert_eq!(secret(&after, "p384"), secret(&after, "rsa2048"));
}

#[test]
fn a_signed_change_says_by_whom() {
    for (name, who) in [("ed25519", "ed25519"), ("no-usage", "no usage")] {
        let arguments = ["-i", &key("p256"), "-r", &pem("p384"), "--sign", &key(name), "--signer", &pem(name)];
        let (new, _) = rewrap(&arguments, &two_sessions(), 0);
        let output = run(VERIFY, &["-i", &key("p384")], &new);
        let line = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(line.contains(&format!("recipients changed since recording by \"CN=test {who}\"")), "{line}");
        // the time when it was changed is signed, too
        let (at, keys) = keys_at(&new);
        let time = at + keys.slot_offset(1) as usize + 12;
        let mut bent = new.clone();
        bent[time + 7] ^= 1;
        let slot = at + keys.slot_offset(1) as usize;
        let size = keys.slot_size() as usize;
        let hash = vidveil::format::sha256(&bent[slot..slot + size - 32]);
        bent[slot + size - 32..slot + size].copy_from_slice(&hash);
        let output = run(VERIFY, &["-i", &key("p384")], &bent);
        assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
        assert!(stdout(&run(INSPECT, &[], &bent)).contains("by unknown (the signature is wrong)"));
    }
    let (_, said) = rewrap(
        &["-i", &key("p256"), "-r", &pem("p384"), "--sign", &key("p256"), "--signer", &pem("no-usage")],
        &sealed(),
        4,
    );
    assert!(said.contains("the certificate is not that of the private key"), "{said}");
}

/// The epochs' numbers.
fn epochs(bytes: &[u8]) -> Vec<u64> {
    records(bytes)
        .into_iter()
        .filter_map(|(_, r)| if let Record::Start(s) = r { Some(s.epoch) } else { None })
        .collect()
}

fn end(bytes: &[u8]) -> EndKind {
    match records(bytes).pop() {
        Some((_, Record::End(e))) => e.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_is_cut_out_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let whole = two_sessions();
    let (_, name) = file(folder.path(), &whole);
    // epochs are 0.3 s: 0, 0.3, 0.6 and 0.9
    for (span, taken) in [
        (&["--from", "0.4", "--to", "0.5"][..], vec![1]),
        (&["--from", "0.59", "--to", "0.61"], vec![1, 2]),
        (&["--from", "0.35"], vec![1, 2, 3]),
        (&["--to", "0.3"], vec![0]),
        (&["--from", "00:00:00.9"], vec![3]),
        (&["--from", "2027-01-15T08:00:00.4Z", "--to", "2027-01-15T08:00:00.5Z"], vec![1]),
    ] {
        let mut both = Vec::new();
        for (file, input) in [(Some(name.as_str()), &[][..]), (None, &whole)] {
            let arguments: Vec<&str> = ["--cut"].iter().chain(span).copied().chain(file).collect();
            let (part, said) = rewrap(&arguments, input, 0);
            assert_eq!(epochs(&part), taken, "{span:?}");
            assert_eq!(end(&part), EndKind::Excerpt);
            assert!(said.contains(&format!("{} epoch", taken.len())), "{said}");
            assert!(kept(&part).iter().all(|r| kept(&whole).contains(r)));
            let output = run(VERIFY, &["-i", &key("rsa3072")], &part);
            assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
            assert!(stdout(&output).contains("authenticated, an excerpt"), "{}", stdout(&output));
            both.push(part);
        }
        assert_eq!(both[0], both[1]);
    }
    let (part, _) = rewrap(&["--cut", "--from", "0.35", &name], &[], 0);
    // a part of a part: times begin with its first picture, at 0.3 s
    let (smaller, _) = rewrap(&["--cut", "--from", "0.4", "--to", "0.5"], &part, 0);
    assert_eq!(epochs(&smaller), [2]);
    assert_eq!(run(VERIFY, &["-i", &key("p256")], &smaller).status.code(), Some(0));
    let (_, said) = rewrap(&["--cut", "--from", "10"], &whole, 1);
    assert!(said.contains("there is no frame at that time"), "{said}");
    rewrap(&["--cut"], &whole, 2);
    // all of it is complete
    let (all, _) = rewrap(&["--cut", "--from", "0"], &whole, 0);
    assert!(all == whole);
    // and its recipients can be changed
    let (new, _) = rewrap(&["-i", &key("p256"), "-r", &pem("p384")], &smaller, 0);
    assert_eq!(open("p384", &new).0, Some(0));
}

#[test]
fn a_stream_without_an_end_is_copied_without_one() {
    let whole = two_sessions();
    let (at, _) = records(&whole).into_iter().find(|(_, r)| matches!(r, Record::Index(_))).unwrap();
    let bytes = [&whole[..at as usize], &whole].concat();
    let (new, said) = rewrap(&["-i", &key("p256"), "-r", &pem("p384")], &bytes, 3);
    assert!(said.contains("a stream is cut"), "{said}");
    assert_eq!((new.len(), generations(&new)), (bytes.len(), vec![[0, 2]; 4]));
    assert_eq!(kept(&new), kept(&bytes));
}

#[test]
fn an_index_that_lies_does_not_change_the_part() {
    let folder = tempfile::tempdir().unwrap();
    let whole = two_sessions();
    let (at, _) = records(&whole).into_iter().find(|(_, r)| matches!(r, Record::Index(_))).unwrap();
    let (_, name) = file(folder.path(), &whole);
    let arguments = ["--cut", "--from", "0.95", &name];
    let (right, _) = rewrap(&arguments, &[], 0);
    for byte in (at as usize + 12)..(whole.len() - 16) {
        let mut bent = whole.clone();
        bent[byte] ^= 1;
        file(folder.path(), &bent);
        let output = run(REWRAP, &arguments, &[]);
        assert!(output.stdout == right, "byte {byte}: {}", stderr(&output));
    }
}
