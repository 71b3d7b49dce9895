//! Grants: exactly the granted epochs open, and nothing else. And keys that are recipients of some sessions only.

use std::cell::Cell;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::Value;
use vidveil::cli::Status;
use vidveil::format::{
    End, EndKind, Frame, FrameFlags, Grant, HEADER_LEN, Index, PREAMBLE, Reader, Reason, Record, StreamRecord,
    TrackKind,
};
use vidveil::keys::{Identity, KeyFile, open_message, seal_message};
use vidveil::playback::{Moment, Span};
use vidveil::rewrap::{GrantJob, GrantSummary, RewrapError, make_grants};
use vidveil::seal::{Opened, Opener, SealSettings, Sealer, Tracks, copy_with_grants, sidecar};

use crate::support::streams::*;

const DECRYPT: &str = env!("CARGO_BIN_EXE_decrypt-stream");
const VERIFY: &str = env!("CARGO_BIN_EXE_verify");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");
const VIEW: &str = env!("CARGO_BIN_EXE_view");
/// An epoch of the streams here.
const EPOCH: i64 = 3 * SECOND / 10;

fn holder(name: &str) -> Vec<Box<dyn Identity>> {
    vec![Box::new(KeyFile::parse(&std::fs::read(key(name)).unwrap(), || None).unwrap())]
}

fn job(from: i64, to: i64, tracks: Tracks, grantees: &[&str]) -> GrantJob {
    let at = |ns| Some(Moment::SinceBeginning(ns));
    GrantJob {
        span: Span { from: at(from), to: at(to) },
        tracks,
        grantees: grantees.iter().map(|name| cert(name)).collect(),
    }
}

fn try_grant(bytes: &[u8], who: &str, job: &GrantJob) -> Result<(Vec<Grant>, GrantSummary), RewrapError> {
    make_grants(&mut Cursor::new(bytes), true, holder(who), job)
}

/// Grants of epochs `first` to `last`, all tracks, to p384.
fn grant(bytes: &[u8], first: i64, last: i64) -> Vec<Grant> {
    try_grant(bytes, "p256", &job(first * EPOCH, (last + 1) * EPOCH, Tracks::All, &["p384"])).unwrap().0
}

fn sidecar_file(grants: &[Grant]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grant.vvk");
    std::fs::write(&path, sidecar(grants).unwrap()).unwrap();
    (folder, path)
}

fn inside(bytes: &[u8], grants: &[Grant]) -> Vec<u8> {
    let mut out = Vec::new();
    copy_with_grants(bytes, &mut out, grants).unwrap();
    out
}

/// What came out of `decrypt-stream`: status, what it said, and the frames as (epoch, track, packet).
type Opening = (Option<i32>, String, Vec<(u64, u16, String)>);

fn opened(arguments: &[&str], input: &[u8]) -> Opening {
    let output = run(DECRYPT, arguments, input);
    let mut frames = Vec::new();
    let mut epoch = 0;
    if !output.stdout.is_empty() {
        let mut reader = Reader::new(&output.stdout[..]);
        while let Some(record) = reader.next().unwrap() {
            match record {
                Record::Start(s) => epoch = s.epoch,
                Record::Frame(f) => frames.push((epoch, f.track, String::from_utf8_lossy(reader.payload()).into())),
                _ => {}
            }
        }
    }
    (output.status.code(), stderr(&output), frames)
}

fn pictures(epochs: &[u64]) -> Vec<(u64, u16, String)> {
    let three = |e: &u64| (3 * e..3 * e + 3).map(|n| (n / 3, 0, format!("picture {n}"))).collect::<Vec<_>>();
    epochs.iter().flat_map(three).collect()
}

/// The content of a grant's message, changed by `change`, sealed to the grantee again.
fn changed(g: &Grant, change: impl FnOnce(&mut Vec<u8>)) -> Grant {
    let identity = holder("p384");
    let mut content = open_message(&g.cms, &[cert("p384")], &[&*identity[0]]).unwrap().to_vec();
    change(&mut content);
    Grant { cms: seal_message(&content, &[cert("p384")]).unwrap(), ..g.clone() }
}

#[test]
fn the_grantee_gets_exactly_the_granted_frames() {
    let bytes = sealed();
    let grants = grant(&bytes, 1, 2);
    let (_folder, file) = sidecar_file(&grants);
    let arguments = ["-i", &key("p384"), "--grant-file", file.to_str().unwrap()];
    let warning = "left out, not for the given key: epochs 0, 3";
    for (arguments, input) in [
        (&arguments[..], bytes.clone()),
        (&arguments[..2], inside(&bytes, &grants)),
        // a sidecar before its stream
        (&arguments[..2], [sidecar(&grants).unwrap(), bytes.clone()].concat()),
    ] {
        let (status, said, frames) = opened(arguments, &input);
        assert_eq!((status, frames), (Some(0), pictures(&[1, 2])), "{said}");
        assert!(said.contains(warning), "{said}");
    }
    // without the grant: not a frame
    let (status, said, frames) = opened(&["-i", &key("p384")], &bytes);
    assert_eq!((status, frames), (Some(4), Vec::new()), "{said}");
    assert!(said.contains(cert("p256").subject()), "who could: {said}");
    // the grant is for one key, and for nobody else
    let (status, said, frames) = opened(&["-i", &key("rsa2048"), "--grant-file", file.to_str().unwrap()], &bytes);
    assert_eq!((status, frames), (Some(4), Vec::new()), "{said}");
    // a grant opens with its grantee's key only
    assert_eq!(opened(&["--grant-file", file.to_str().unwrap()], &bytes).0, Some(2));
}

#[test]
fn times_are_rounded_outward_to_whole_epochs() {
    let bytes = sealed();
    let range = |from, to| {
        let (grants, summary) = try_grant(&bytes, "p256", &job(from, to, Tracks::All, &["p384", "rsa2048"])).unwrap();
        assert_eq!(grants.len(), 2, "a message for each grantee");
        assert!(summary.text().contains(&vidveil::base::text::rfc3339(summary.shown_utc_ns.0)), "{}", summary.text());
        assert!(grants.iter().all(|g| (g.first, g.last) == summary.range));
        (summary.range, summary.epochs, summary.shown_utc_ns)
    };
    assert_eq!(range(EPOCH, 2 * EPOCH), ((1, 1), 1, (BEGIN + EPOCH, BEGIN + 2 * EPOCH)));
    assert_eq!(range(EPOCH - 1, 2 * EPOCH + 1), ((0, 2), 3, (BEGIN, BEGIN + 3 * EPOCH)));
    assert_eq!(range(0, SECOND * 9).0, (0, 3));
    // the last moment of an epoch is its last picture's
    assert_eq!(range(2 * EPOCH - 1, 2 * EPOCH).0, (1, 1));
    let utc = GrantJob {
        span: Span { from: Some(Moment::Utc(BEGIN + EPOCH)), to: Some(Moment::Utc(BEGIN + EPOCH + 1)) },
        ..job(0, 0, Tracks::All, &["p384"])
    };
    assert_eq!(try_grant(&bytes, "p256", &utc).unwrap().1.range, (1, 1));
    let error = try_grant(&bytes, "p256", &job(9 * SECOND, 10 * SECOND, Tracks::All, &["p384"])).unwrap_err();
    assert!(error.to_string().contains("nothing at that time"), "{error}");
    // who cannot open it cannot grant it
    let error = try_grant(&bytes, "p384", &job(0, SECOND, Tracks::All, &["p384"])).unwrap_err();
    let failure = vidveil::cli::explain("rewrap", &error.into());
    assert_eq!(failure.status, Status::Refused);
}

#[test]
fn a_grant_holds_epoch_keys_and_nothing_else() {
    let bytes = sealed();
    let identity = holder("p384");
    let g = &grant(&bytes, 1, 2)[0];
    let content = open_message(&g.cms, &[cert("p384")], &[&*identity[0]]).unwrap();
    // H, range, count; then two epochs of two tracks
    assert_eq!(content.len(), 32 + 16 + 4 + 4 * (4 + 8 + 2 + 32));
    assert_eq!(content[..32], g.stream_hash);
    let (_, keys) = keys_at(&bytes);
    let owner = holder("p256");
    let message = &keys.current().messages[0];
    let recipients = [cert("p256"), cert("rsa3072")];
    let ordered = message.recipients.iter().map(|der| recipients.iter().find(|c| c.der() == der).unwrap().clone());
    let ordered: Vec<_> = ordered.collect();
    let secret = open_message(&message.cms, &ordered, &[&*owner[0]]).unwrap();
    assert!(!content.windows(32).any(|w| w == &secret[..]));
}

#[test]
fn a_grant_for_another_stream_opens_nothing() {
    let bytes = sealed();
    let mut s = record("another gate");
    s.start_ns += 1;
    let other = sealed_as(&s, 12, SealSettings { rekey_ns: EPOCH, key_room: 8192, ..Default::default() }, b"");
    let grants = grant(&other, 1, 2);
    let (_folder, file) = sidecar_file(&grants);
    let (status, said, frames) = opened(&["-i", &key("p384"), "--grant-file", file.to_str().unwrap()], &bytes);
    assert_eq!((status, frames), (Some(4), Vec::new()), "{said}");
    assert!(said.contains("not for this stream"), "{said}");
    // nor one that only claims to be for this one
    let hash = grant(&bytes, 1, 1)[0].stream_hash;
    let (_folder, file) = sidecar_file(&[Grant { stream_hash: hash, ..grants[0].clone() }]);
    let (status, said, frames) = opened(&["-i", &key("p384"), "--grant-file", file.to_str().unwrap()], &bytes);
    assert_eq!((status, frames), (Some(3), Vec::new()), "{said}");
}

#[test]
fn forged_grants_are_refused() {
    let bytes = sealed();
    let g = grant(&bytes, 1, 2).remove(0);
    const HEAD: usize = 32 + 16 + 4;
    const ENTRY: usize = 46;
    type Change = (&'static str, fn(&mut Vec<u8>));
    let changes: [Change; 8] = [
        ("a wrong T", |c| c[HEAD + 14] ^= 1),
        ("a wrong T of the second track", |c| c[HEAD + ENTRY + 14] ^= 1),
        ("a wrong session", |c| (0..4).for_each(|n| c[HEAD + n * ENTRY + 3] = 1)),
        ("entries that do not ascend", |c| c[HEAD..HEAD + 2 * ENTRY].rotate_left(ENTRY)),
        ("an entry twice", |c| c.copy_within(HEAD..HEAD + ENTRY, HEAD + ENTRY)),
        ("an epoch out of the range", |c| c[HEAD + 11] = 0),
        ("a byte more", |c| c.push(0)),
        ("another range", |c| c[39] = 0),
    ];
    for (what, change) in changes {
        let (_folder, file) = sidecar_file(&[changed(&g, change)]);
        let (status, said, frames) = opened(&["-i", &key("p384"), "--grant-file", file.to_str().unwrap()], &bytes);
        assert_eq!((status, frames), (Some(3), Vec::new()), "{what}: {said}");
    }
    // the same without a change opens
    let (_folder, file) = sidecar_file(&[changed(&g, |_| {})]);
    assert_eq!(opened(&["-i", &key("p384"), "--grant-file", file.to_str().unwrap()], &bytes).2, pictures(&[1, 2]));
}

#[test]
fn one_track_is_granted_alone() {
    let bytes = sealed();
    for tracks in [Tracks::One(0), Tracks::First(TrackKind::Video)] {
        let grants = try_grant(&bytes, "p256", &job(3 * EPOCH, SECOND * 2, tracks, &["p384"])).unwrap().0;
        let (status, said, frames) = opened(&["-i", &key("p384")], &inside(&bytes, &grants));
        assert_eq!((status, frames), (Some(0), pictures(&[3])), "{said}");
        assert!(said.contains("epochs 0 to 2, and track 1 of the others"), "{said}");
    }
    let grants = try_grant(&bytes, "p256", &job(0, SECOND * 2, Tracks::One(1), &["p384"])).unwrap().0;
    let (status, said, frames) = opened(&["-i", &key("p384")], &inside(&bytes, &grants));
    assert_eq!((status, frames), (Some(0), vec![(3, 1, "tone".to_owned())]), "{said}");
    assert!(try_grant(&bytes, "p256", &job(0, SECOND, Tracks::One(2), &["p384"])).is_err());
}

#[test]
fn where_epochs_are_passed_over_excerpts_follow_each_other() {
    let bytes = sealed();
    let grants = [grant(&bytes, 0, 0), grant(&bytes, 3, 3)].concat();
    let granted = inside(&bytes, &grants);
    let output = run(DECRYPT, &["-i", &key("p384")], &granted);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("epochs 1 to 2"), "{}", stderr(&output));
    let all: Vec<Record> = records(&output.stdout).into_iter().map(|(_, r)| r).collect();
    let streams: Vec<&StreamRecord> =
        all.iter().filter_map(|r| if let Record::Stream(s) = r { Some(s) } else { None }).collect();
    assert!(streams.len() == 2 && streams[0] == streams[1]);
    let ends = all.iter().filter(|r| matches!(r, Record::End(End { kind: EndKind::Excerpt, .. }))).count();
    assert_eq!(ends, 2);
    let starts = all.iter().filter_map(|r| if let Record::Start(s) = r { Some(s.epoch) } else { None });
    assert_eq!(starts.collect::<Vec<_>>(), [0, 3]);
    // the other commands take it
    let v = run(INSPECT, &["--json"], &output.stdout);
    assert_eq!((v.status.code(), stdout(&v).lines().count()), (Some(0), 2));
    assert_eq!(run(DECRYPT, &[], &output.stdout).stdout, output.stdout);
    let (film, grants) = film();
    let parts = run(DECRYPT, &["-i", &key("p384")], &inside(&film, &grants)).stdout;
    let v = run(VIEW, &["-o", "-"], &parts);
    assert!(v.status.success() && v.stdout.starts_with(b"\x1a\x45\xdf\xa3"), "{}", stderr(&v));
}

#[test]
fn a_granted_epoch_that_is_missing_is_damage() {
    let bytes = sealed();
    let grants = grant(&bytes, 1, 3);
    // an excerpt of epochs 0 and 1
    let start = records(&bytes).into_iter().find(|(_, r)| matches!(r, Record::Start(s) if s.epoch == 2)).unwrap().0;
    let end = End { kind: EndKind::Excerpt, index_len: 0 }.to_record().unwrap();
    let excerpt = [&bytes[..start as usize], &end].concat();
    let (status, said, frames) = opened(&["-i", &key("p384")], &inside(&excerpt, &grants));
    assert_eq!((status, frames), (Some(3), pictures(&[1])), "{said}");
    assert!(said.contains("epochs 2 to 3 granted, but not in the file"), "{said}");
    // of an excerpt with none of them, too
    let start = records(&bytes).into_iter().find(|(_, r)| matches!(r, Record::Start(s) if s.epoch == 1)).unwrap().0;
    let excerpt = [&bytes[..start as usize], &end].concat();
    assert_eq!(opened(&["-i", &key("p384")], &inside(&excerpt, &grants)).0, Some(3));
    assert_eq!(run(VERIFY, &["-i", &key("p384")], &inside(&excerpt, &grants)).status.code(), Some(3));
    // who was given the session needs no grant
    assert_eq!(opened(&["-i", &key("p256")], &inside(&excerpt, &grants)).0, Some(0));
}

/// Two sessions: p256 opens both, p384 the second one.
fn joined_later() -> Vec<u8> {
    sealed_to(Recipients { first: vec!["p256"], later: vec!["p256", "p384"] }, 600 * SECOND)
}

#[test]
fn a_recipient_that_was_added_opens_from_there_on() {
    let bytes = joined_later();
    let sessions: Vec<u64> = records(&bytes)
        .into_iter()
        .filter_map(|(_, r)| if let Record::Keys(k) = r { Some(k.first_epoch) } else { None })
        .collect();
    assert_eq!(sessions, [0, 2]);
    let (status, said, frames) = opened(&["-i", &key("p384")], &bytes);
    let mut expected = pictures(&[2, 3]);
    expected.push((3, 1, "tone".into()));
    assert_eq!((status, frames), (Some(0), expected), "{said}");
    assert!(said.contains("epochs 0 to 1"), "{said}");
    assert_eq!(opened(&["-i", &key("p384"), "--require-complete"], &bytes).0, Some(4));
    // nobody vouches for the part that does not open
    let verdict = run(VERIFY, &["-i", &key("p384")], &bytes);
    assert_eq!(verdict.status.code(), Some(4));
    assert!(
        stdout(&verdict).contains("authenticated in part, not for the given key: epochs 0 to 1"),
        "{}",
        stdout(&verdict)
    );
    assert!(stderr(&verdict).contains(cert("p256").subject()));
    assert_eq!(opened(&["-i", &key("rsa2048")], &bytes).0, Some(4));
}

#[test]
fn a_recipient_that_was_removed_opens_until_there() {
    let bytes = sealed_to(Recipients { first: vec!["p256", "p384"], later: vec!["p256"] }, 600 * SECOND);
    let (status, said, frames) = opened(&["-i", &key("p384")], &bytes);
    assert_eq!((status, frames), (Some(0), pictures(&[0, 1])), "{said}");
    assert!(said.contains("epochs 2 to 3"), "{said}");
}

#[test]
fn a_time_that_is_not_granted_is_refused_and_not_filled_with_an_older_picture() {
    let (bytes, grants) = film();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("granted.vv");
    std::fs::write(&file, inside(&bytes, &grants)).unwrap();
    let (file, out) = (file.to_str().unwrap(), folder.path().join("out.mkv"));
    let view = |from: &str, to: &str| {
        let out = out.to_str().unwrap();
        run(VIEW, &["-i", &key("p384"), "--from", from, "--to", to, "-f", "-o", out, file], b"")
    };
    assert_eq!(view("0.2", "0.5").status.code(), Some(0));
    std::fs::remove_file(&out).unwrap();
    let refused = view("1.4", "2.8");
    assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
    assert!(!out.exists());
    assert_eq!(view("3.0", "3.5").status.code(), Some(0));
    let at = ["-i", &key("p384"), "--snapshot", "1.5", "-o", "-", file];
    let refused = run(VIEW, &at, b"");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(4), 0), "{}", stderr(&refused));
}

#[test]
fn a_grantees_seconds_count_from_the_start_of_the_stream() {
    let (bytes, _) = film();
    let job = job(2 * SECOND, 4 * SECOND, Tracks::All, &["p384"]);
    let file = inside(&bytes, &try_grant(&bytes, "p256", &job).unwrap().0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("granted.vv");
    std::fs::write(&path, &file).unwrap();
    let shown = |who: &str, span: &[&str], input: &[&str], bytes: &[u8]| {
        let out = folder.path().join("out.mp4");
        let (key, out) = (key(who), out.to_str().unwrap().to_owned());
        let output = run(VIEW, &[&["-q", "-f", "-i", &key, "-o", &out], span, input].concat(), bytes);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        std::fs::read(out).unwrap()
    };
    let path = path.to_str().unwrap();
    for span in [&["--from", "3", "--to", "3.5"][..], &["--from", "2.5"], &["--from", "00:00:02", "--to", "3"]] {
        let everybody = shown("p256", span, &[path], b"");
        assert!(shown("p384", span, &[path], b"") == everybody, "{span:?}");
        assert!(shown("p384", span, &[], &file) == everybody, "{span:?}, on a pipe");
    }
    let refused = run(VIEW, &["-i", &key("p384"), "--from", "0.5", "--to", "1.5", "-o", "-", path], b"");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(4), 0), "{}", stderr(&refused));
}

#[test]
fn nothing_of_a_plain_stream_is_granted() {
    let bytes = plain("gate", Reason::EndOfInput);
    let failed = try_grant(&bytes, "p256", &job(0, SECOND, Tracks::All, &["p384"])).unwrap_err();
    assert!(failed.to_string().contains("not sealed"), "{failed:#}");
}

#[test]
fn an_epoch_that_is_there_twice_is_granted_once() {
    let bytes = sealed();
    let once = grant(&bytes, 1, 2);
    let twice = grant(&[&bytes[..], &bytes[..]].concat(), 1, 2);
    assert_eq!((twice.len(), twice[0].first, twice[0].last), (1, once[0].first, once[0].last));
    let (folder, path) = sidecar_file(&twice);
    let (status, said, frames) = opened(&["-i", &key("p384"), "--grant-file", path.to_str().unwrap()], &bytes);
    assert_eq!((status, frames), (Some(0), pictures(&[1, 2])), "{said}");
    drop(folder);
}

#[test]
fn of_a_recording_that_was_cut_the_whole_epochs_can_be_granted() {
    let bytes = sealed();
    let torn = &bytes[..frame_at(&bytes, 7)];
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let grantee = certs().join("p384.pem");
    for (from, status) in [("0", 3), ("0.7", 3)] {
        let _ = std::fs::remove_file(at("g.vvk"));
        let arguments =
            ["-i", &key("p256"), "--grant", grantee.to_str().unwrap(), "--from", from, "--sidecar", &at("g.vvk")];
        let output = run(env!("CARGO_BIN_EXE_rewrap"), &arguments, torn);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        assert!(stderr(&output).contains("cut at byte"), "{}", stderr(&output));
        // from 0.7 on there is no whole epoch
        assert_eq!(std::fs::exists(at("g.vvk")).unwrap(), from == "0");
    }
    let arguments =
        ["-i", &key("p256"), "--grant", grantee.to_str().unwrap(), "--from", "0", "--sidecar", &at("g.vvk")];
    run(env!("CARGO_BIN_EXE_rewrap"), &arguments, torn);
    let (_, said, frames) = opened(&["-i", &key("p384"), "--grant-file", &at("g.vvk")], &bytes);
    assert_eq!(frames, pictures(&[0, 1]), "{said}");
}

#[test]
fn verify_vouches_for_what_was_granted() {
    let bytes = sealed();
    let granted = inside(&bytes, &grant(&bytes, 1, 2));
    let verdict = run(VERIFY, &["-i", &key("p384")], &granted);
    assert_eq!(verdict.status.code(), Some(0), "{}", stderr(&verdict));
    assert!(
        stdout(&verdict).contains("authenticated in part, not for the given key: epochs 0, 3"),
        "{}",
        stdout(&verdict)
    );
    assert_eq!(run(VERIFY, &["-i", &key("p384"), "--require-complete"], &granted).status.code(), Some(3));
    // the recorder's key opens all of it, and the index is right
    let verdict = run(VERIFY, &["-i", &key("p256")], &granted);
    assert_eq!(verdict.status.code(), Some(0), "{}", stdout(&verdict));
    // a sidecar before the stream says nothing against it, and alone nothing for it
    let sidecar_file = sidecar(&grant(&bytes, 0, 3)).unwrap();
    let verdict = run(VERIFY, &["-i", &key("p384")], &[&sidecar_file[..], &bytes].concat());
    assert!(stdout(&verdict).contains("whole and authenticated"), "{}", stdout(&verdict));
    assert_eq!(run(VERIFY, &["-i", &key("p384")], &sidecar_file).status.code(), Some(4));
    let mut bent = granted.clone();
    let at = frame_at(&bent, 4) + 40;
    bent[at] ^= 1;
    assert_eq!(run(VERIFY, &["-i", &key("p384")], &bent).status.code(), Some(3));
    // all epochs of one track are a part, too
    let video = try_grant(&bytes, "p256", &job(0, 2 * SECOND, Tracks::One(0), &["p384"])).unwrap().0;
    let verdict = run(VERIFY, &["-i", &key("p384")], &inside(&bytes, &video));
    assert!(stdout(&verdict).contains("in part, not for the given key: track 1"), "{}", stdout(&verdict));
}

#[test]
fn inspect_tells_grants_and_what_each_certificate_opens() {
    let bytes = joined_later();
    let granted = inside(&bytes, &grant(&bytes, 1, 2));
    let v: Value = serde_json::from_str(&stdout(&run(INSPECT, &["--json"], &granted))).unwrap();
    let at = |n: i64| vidveil::base::text::rfc3339(BEGIN + n * 600 * SECOND);
    let g = &v["grants"][0];
    assert_eq!((&g["first_epoch"], &g["last_epoch"], &g["to"]), (&1.into(), &2.into(), &cert("p384").subject().into()));
    assert_eq!((&g["from"], &g["until"], &g["fits"]), (&at(3).into(), &at(9).into(), &true.into()));
    let access = |name: &str| {
        let all = v["access"].as_array().unwrap();
        let mut of = all.iter().filter(|a| a["subject"] == cert(name).subject());
        let a = of.next().unwrap().clone();
        assert!(of.next().is_none(), "{name} once");
        (a["first_epoch"].clone(), a["last_epoch"].clone(), a["from"].clone(), a["until"].clone())
    };
    assert_eq!(access("p256"), (0.into(), 3.into(), at(0).into(), Value::Null));
    assert_eq!(access("p384"), (2.into(), 3.into(), at(6).into(), Value::Null));
    let text = stdout(&run(INSPECT, &[], &granted));
    let line = format!("\"{}\": epochs 2 to 3, from {} to the end", cert("p384").subject(), at(6));
    assert!(text.contains(&line), "{text}");
    let line = format!("epochs 1 to 2 to \"{}\", from {} to {}", cert("p384").subject(), at(3), at(9));
    assert!(text.contains(&line), "{text}");
    // until there
    let bytes = sealed_to(Recipients { first: vec!["p256", "p384"], later: vec!["p256"] }, 600 * SECOND);
    let text = stdout(&run(INSPECT, &[], &bytes));
    assert!(text.contains(&format!("epochs 0 to 1, from {} to {}", at(0), at(6))), "{text}");
}

#[test]
fn no_changed_byte_of_a_grant_opens_other_frames() {
    let bytes = sealed();
    let granted = inside(&bytes, &grant(&bytes, 1, 1));
    let (at, g) = records(&granted)
        .into_iter()
        .find_map(|(at, r)| if let Record::Grant(g) = r { Some((at as usize, g)) } else { None })
        .unwrap();
    let end = at + g.to_record().unwrap().len();
    let right = ["picture 3", "picture 4", "picture 5"];
    let mut opened_all = 0;
    for n in at..end {
        let mut bent = granted.clone();
        bent[n] ^= 1;
        let mut opener = Opener::new(&bent[..], holder("p384"));
        let mut packets = Vec::new();
        while let Ok(Some(o)) = opener.next() {
            if matches!(o, Opened::Frame(_)) {
                packets.push(String::from_utf8(opener.packet().to_vec()).unwrap());
            }
        }
        assert!(packets.is_empty() || packets == right, "byte {}: {packets:?}", n - at);
        opened_all += usize::from(!packets.is_empty());
    }
    // some bytes of the certificate, as its issuer's signature, are nothing to the grant
    let body = HEADER_LEN + 32 + 16 + 4;
    assert!(opened_all <= g.recipient.len(), "{opened_all} of {}", end - at - body);
}

#[test]
fn a_long_file_is_read_where_the_index_says_and_a_lying_index_changes_nothing() {
    let settings = SealSettings { rekey_ns: SECOND, key_room: 8192, ..Default::default() };
    let bytes = sealed_as(&record("gate"), 600, settings, &[7; 2000]);
    let wanted = job(30 * SECOND, 32 * SECOND, Tracks::All, &["p384"]);
    let read = |bytes: Vec<u8>| {
        let count = Rc::new(Cell::new(0));
        let mut input = Counted(Cursor::new(bytes), Rc::clone(&count));
        let (_, summary) = make_grants(&mut input, true, holder("p256"), &wanted).unwrap();
        (summary.range, count.get())
    };
    let (range, taken) = read(bytes.clone());
    assert_eq!(range, (30, 31));
    assert!(taken < bytes.len() / 5, "{taken} of {}", bytes.len());
    // times that are 5 s and 40 s wrong, either way, and places that are wrong
    let (at, index) = records(&bytes)
        .into_iter()
        .find_map(|(at, r)| if let Record::Index(i) = r { Some((at as usize, i)) } else { None })
        .unwrap();
    type Lie = fn(&mut Index);
    let lies: [Lie; 5] = [
        |i| i.entries.iter_mut().for_each(|e| e.time_ns = e.time_ns.map(|ns| ns - 5 * SECOND)),
        |i| i.entries.iter_mut().for_each(|e| e.time_ns = e.time_ns.map(|ns| ns + 5 * SECOND)),
        |i| i.entries.iter_mut().for_each(|e| e.time_ns = e.time_ns.map(|ns| ns - 40 * SECOND)),
        |i| i.entries.iter_mut().for_each(|e| e.offset += 8),
        |i| i.entries.iter_mut().for_each(|e| e.epoch += 3),
    ];
    for (n, lie) in lies.iter().enumerate() {
        let mut index = index.clone();
        lie(&mut index);
        let mut bent = bytes.clone();
        let record = index.to_record().unwrap();
        bent[at..at + record.len()].copy_from_slice(&record);
        assert_eq!(read(bent).0, (30, 31), "lie {n}");
    }
    // no index at all: a pipe
    let (grants, _) = make_grants(&mut Cursor::new(&bytes), false, holder("p256"), &wanted).unwrap();
    assert_eq!((grants[0].first, grants[0].last), (30, 31));
}

#[test]
fn a_copy_with_grants_is_the_same_but_for_them() {
    let bytes = sealed();
    let grants = grant(&bytes, 1, 2);
    let granted = inside(&bytes, &grants);
    let length = grants[0].to_record().unwrap().len();
    assert_eq!(granted.len(), bytes.len() + length);
    let grant_at = records(&granted).into_iter().find(|(_, r)| matches!(r, Record::Grant(_))).unwrap().0 as usize;
    let index_at = records(&bytes).into_iter().find(|(_, r)| matches!(r, Record::Index(_))).unwrap().0 as usize;
    assert_eq!(granted[..grant_at], bytes[..grant_at]);
    assert_eq!(granted[grant_at + length..index_at + length], bytes[grant_at..index_at]);
    // two consecutive streams, one of them cut, each get their own
    let two = [&bytes[..index_at], &bytes[..]].concat();
    assert_eq!(inside(&two, &grants).len(), two.len() + 2 * length);
    assert_eq!(inside(&two, &[]), two);
    assert!(granted.starts_with(&PREAMBLE));
}

/// Four seconds that can be put into a video file, each second an epoch; the first and the last one are granted to
/// p384.
fn film() -> (Vec<u8>, Vec<Grant>) {
    let mut s = record("gate");
    s.tracks.truncate(1);
    (s.tracks[0].codec, s.tracks[0].config) = ("mjpeg".into(), Vec::new());
    let settings = SealSettings { rekey_ns: SECOND, key_room: 8192, ..Default::default() };
    let bytes = sealed_as(&s, 40, settings, b"not a picture");
    let of = |from, to| try_grant(&bytes, "p256", &job(from * SECOND, to * SECOND, Tracks::All, &["p384"])).unwrap().0;
    let grants = [of(0, 1), of(3, 4)].concat();
    (bytes, grants)
}

/// A stream of `pictures` pictures, ten a second, with a key frame every second; sealed to p256.
fn sealed_as(s: &StreamRecord, pictures: i64, settings: SealSettings, packet: &[u8]) -> Vec<u8> {
    let recipients = Recipients { first: vec!["p256"], later: vec!["p256"] };
    let mut sealer = Sealer::begin(Vec::new(), s, settings, Box::new(recipients), clock(0, 0)).unwrap();
    for n in 0..pictures {
        let flags = FrameFlags { key: n % 10 == 0, ..Default::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(n), dts: Some(n - 1), duration: 1 };
        sealer.frame(&frame, packet, clock(0, 0)).unwrap();
    }
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}

/// Counts what is read.
struct Counted(Cursor<Vec<u8>>, Rc<Cell<usize>>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1.set(self.1.get() + n);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}
