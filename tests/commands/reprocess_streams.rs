//! `reprocess` over real streams: segments of an archive, chosen by what they hold, with the family's own commands.

use std::collections::BTreeSet;
use std::fs;

use crate::support::yard::*;

/// `archive` with the segments of two cameras, sealed to desk and to guest.
fn archive() -> Yard {
    let yard = Yard::with_camera(6);
    yard.done(
        "enroll guest; mkdir guest new; mv certs/guest.pem guest; enroll late; mv certs/late.pem new
        capture -q --camera gate --start 2026-05-01T14:00:00Z camera.mp4 | encrypt-stream -q -r certs/ --rekey-interval 2s |
            record -q archive --segment 2s
        capture -q --camera yard --start 2026-05-01T14:00:00Z camera.mp4 | encrypt-stream -q -r guest/ --rekey-interval 2s |
            record -q archive --segment 2s",
    );
    yard
}

fn names(yard: &Yard, folder: &str) -> BTreeSet<String> {
    let all = fs::read_dir(yard.path(folder)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    all.filter(|n| !n.starts_with('.')).collect()
}

/// The items that these flags choose.
fn chosen(yard: &Yard, flags: &str) -> BTreeSet<String> {
    let plan = yard.done(&format!("reprocess --dry-run --json --do cat {flags} archive"));
    let items = plan.lines().skip(1).map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
    items.map(|i| i["item"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn items_are_chosen_by_camera_time_and_who_can_open_them() {
    let yard = archive();
    let all = names(&yard, "archive");
    assert_eq!(all.len(), 6, "{all:?}");
    assert_eq!(chosen(&yard, ""), all);
    let of = |camera: &str| all.iter().filter(|n| n.starts_with(camera)).cloned().collect::<BTreeSet<_>>();
    assert_eq!(chosen(&yard, "--camera gate"), of("gate"));
    assert_eq!(chosen(&yard, "--camera nobody").len(), 0);
    // the name of a file is a hint: what it holds counts
    yard.done(
        "mkdir named && cp archive/gate* named && cd named && for f in gate*; do mv $f ${f#gate.original.}; done",
    );
    let renamed = yard.done("reprocess --dry-run --do cat --camera gate named | tail -n 1");
    assert!(renamed.starts_with("3 items"), "{renamed}");
    let second = "--from 2026-05-01T14:00:02.5Z --to 2026-05-01T14:00:03Z";
    assert_eq!(chosen(&yard, second), all.iter().filter(|n| n.contains("T140002Z")).cloned().collect());
    assert_eq!(chosen(&yard, "--to 2026-05-01T14:00:02Z").len(), 2);
    for who in ["guest/guest.pem", "guest"] {
        assert_eq!(chosen(&yard, &format!("--recipient {who}")), of("yard"), "{who}");
    }
    assert_eq!(chosen(&yard, "--expiring-before 2200-01-01T00:00:00Z"), all);
    assert_eq!(chosen(&yard, "--expiring-before 2026-01-01T00:00:00Z").len(), 0);
    // what cannot be judged is reported, and keeps the run from success
    yard.write("archive/torn.vv", b"no stream");
    let output = yard.command("reprocess", &["--do", "cat", "--camera", "gate", "archive", "out"]).output().unwrap();
    assert_status(&output, 3);
    assert!(stderr(&output).contains("damaged: \"torn.vv\""), "{}", told(&output));
    assert_eq!(names(&yard, "out"), of("gate"));
}

#[test]
fn a_rewrap_in_place_changes_who_opens_and_copies_nothing() {
    let yard = archive();
    let gate = "--camera gate archive";
    let inodes = yard.done("cp -r archive before; ls -i archive/gate*");
    yard.done(&format!("reprocess -q --do 'rewrap -i desk.key -r new/' --in-place {gate}"));
    assert_eq!(yard.done("ls -i archive/gate*"), inodes, "changed inside the files");
    for file in names(&yard, "archive").iter().filter(|n| n.starts_with("gate")) {
        yard.done(&format!("decrypt-stream -q -i late.key archive/{file} > /dev/null 2>&1"));
        assert_status(
            &yard.command("decrypt-stream", &["-i", "desk.key", &format!("archive/{file}")]).output().unwrap(),
            4,
        );
    }
    let again =
        yard.command("reprocess", &["--do", "rewrap -i desk.key -r new/", "--in-place", "--camera", "gate", "archive"]);
    let again = { again }.output().unwrap();
    assert_status(&again, 0);
    assert!(stderr(&again).contains("0 items done, 0 B"), "{}", told(&again));
    // the lists that are there now are known: an older one, put back, is noticed
    let file = names(&yard, "archive").into_iter().find(|n| n.starts_with("gate")).unwrap();
    yard.done(&format!("cp archive/{file} new.vv; cp before/{file} archive/{file}"));
    let older = yard.command("verify", &["-i", "desk.key", &format!("archive/{file}")]).output().unwrap();
    assert_status(&older, 4);
    assert!(told(&older).contains("an older list of recipients was put back"), "{}", told(&older));
    yard.done(&format!("cp new.vv archive/{file}"));
    // any other pipeline: a copy takes the place of each file
    yard.done(&format!("reprocess -q --do 'rewrap -q -i late.key -r certs/ | cat' --in-place {gate}"));
    assert_ne!(yard.done("ls -i archive/gate*"), inodes);
    yard.done("for f in archive/gate*; do decrypt-stream -q -i desk.key $f > /dev/null 2>&1; done");
    // of the other camera no key is at hand: refused, and nothing is changed
    let before = yard.done("cat archive/yard* | sha256sum");
    let refused =
        yard.command("reprocess", &["-k", "--in-place", "--do", "rewrap -i desk.key -r new/", "archive"]).output();
    assert_status(&refused.unwrap(), 1);
    assert_eq!(yard.done("cat archive/yard* | sha256sum"), before);
}

#[test]
fn damage_is_found_and_reported_by_its_exit_status() {
    let yard = archive();
    let run = "reprocess -k -q --do 'verify -q -i desk.key' --camera gate archive";
    assert_eq!(yard.done(run), "");
    let file = names(&yard, "archive").into_iter().find(|n| n.starts_with("gate")).unwrap();
    yard.done(&format!("printf X | dd of=archive/{file} bs=1 seek=40000 conv=notrunc status=none"));
    let output = yard.sh(run);
    assert_status(&output, 3);
    assert!(stderr(&output).contains(&format!("damaged: \"{file}\"")), "{}", told(&output));
}

#[test]
fn a_public_stream_is_not_named_as_an_original() {
    let yard = archive();
    yard.done("reprocess -q --do 'protect -q -i desk.key --learn 1s 2>/dev/null' --camera gate --to 2026-05-01T14:00:01Z archive public");
    let public = names(&yard, "public");
    assert_eq!(public.len(), 1);
    assert!(public.iter().all(|n| n.starts_with("gate.public.20260501T140000Z.")), "{public:?}");
    assert!(yard.done("record --list public").contains("\"gate\", public: 1 segment"));
    let again = yard.done("reprocess --do 'protect -q -i desk.key --learn 1s 2>/dev/null' --camera gate --to 2026-05-01T14:00:01Z archive public 2>&1");
    assert!(again.contains("1 done before"), "{again}");
}
