//! `reprocess` between folders on storage: outputs appear whole, each item is done once, by however many runs, killed
//! or not.

use rustix::process::Signal;

use crate::support::s3::Storage;
use crate::support::yard::{Yard, assert_status, stderr, told, until};

/// `cam.vv` as `north/0.vv` to `north/7.vv` on storage, whose listings have pages of three.
fn with_items() -> (Yard, Storage) {
    let (yard, storage) = (Yard::with_camera(2), Storage::start(&["--page", "3"]));
    yard.done("capture --camera gate camera.mp4 | encrypt-stream -r certs > cam.vv");
    for n in 0..8 {
        storage.put(&yard, "cam.vv", &format!("north/{n}.vv"));
    }
    storage.put(&yard, "cam.vv", "north/.hidden/0.vv");
    storage.put(&yard, "cam.vv", "north/notes.txt");
    (yard, storage)
}

/// What was run, by item.
fn runs(yard: &Yard) -> Vec<String> {
    let mut runs: Vec<String> =
        if yard.exists("runs") { yard.text("runs").lines().map(str::to_owned).collect() } else { Vec::new() };
    runs.sort();
    runs
}

const ALL: [&str; 8] = ["0.vv", "1.vv", "2.vv", "3.vv", "4.vv", "5.vv", "6.vv", "7.vv"];

#[track_caller]
fn assert_opened(yard: &Yard, storage: &Storage) {
    yard.done("decrypt-stream -i desk.key cam.vv > opened.vv");
    for name in ALL {
        assert!(std::fs::read(storage.path(&format!("open/{name}"))).unwrap() == yard.bytes("opened.vv"), "{name}");
    }
}

#[test]
fn a_killed_run_goes_on_and_does_nothing_twice() {
    let (yard, storage) = with_items();
    let run = "reprocess -q --jobs 1 --do 'echo \"$VIDVEIL_ITEM\" >> runs; [ \"$VIDVEIL_ITEM\" != 3.vv ] || [ -e go ] || sleep 60
               decrypt-stream -i desk.key' s3://vids/north/ s3://vids/open/";
    let killed = storage.begin(&yard, run);
    until("the fourth item is at work", || runs(&yard).len() == 4);
    until("three are written down", || storage.path("open/2.vv").exists());
    killed.signal(Signal::KILL);
    drop(killed);
    assert!(!storage.path("open/3.vv").exists());
    yard.write("go", b"");
    let output = storage.sh(&yard, run);
    assert_status(&output, 0);
    assert_opened(&yard, &storage);
    let mut wanted: Vec<String> = ALL.iter().map(|n| (*n).to_owned()).collect();
    wanted.insert(3, "3.vv".into());
    // what was published a moment before the kill may not be written down yet
    let mut all = runs(&yard);
    all.dedup();
    assert_eq!(all, ALL);
    assert!(runs(&yard).len() <= wanted.len() + 1, "{:?}", runs(&yard));
    // all is done
    yard.write("runs", b"");
    assert_status(&storage.sh(&yard, run), 0);
    assert_eq!(runs(&yard), Vec::<String>::new());
    // what was changed is done again
    yard.done("capture --camera yard camera.mp4 | encrypt-stream -r certs > cam.vv");
    storage.put(&yard, "cam.vv", "north/5.vv");
    assert_status(&storage.sh(&yard, run), 0);
    assert_eq!(runs(&yard), ["5.vv"]);
    // and what was put in an output's place, as long as it is, or in an input's with its time
    let length = std::fs::metadata(storage.path("open/6.vv")).unwrap().len();
    yard.write("runs", b"");
    yard.write("forged", &vec![7; usize::try_from(length).unwrap()]);
    storage.put(&yard, "forged", "open/6.vv");
    assert_status(&storage.sh(&yard, run), 0);
    assert_eq!(runs(&yard), ["6.vv"]);
    assert!(std::fs::read(storage.path("open/6.vv")).unwrap() != yard.bytes("forged"));
    // the same bytes again are known by their hash
    yard.write("runs", b"");
    yard.done(&format!("cp {} same", storage.path("open/6.vv").display()));
    storage.put(&yard, "same", "open/6.vv");
    assert_status(&storage.sh(&yard, run), 0);
    assert_eq!(runs(&yard), Vec::<String>::new());
    let status = storage.done(&yard, "reprocess status s3://vids/open/");
    assert!(status.contains('8'), "{status}");
    // nothing is left of the work
    assert!(storage.leftovers().is_empty());
    let locks = std::fs::read_dir(storage.path("open/.reprocess/locks")).map_or(0, Iterator::count);
    assert_eq!(locks, 0);
}

#[test]
fn two_runs_at_once_share_the_items() {
    let (yard, storage) = with_items();
    let run = "reprocess -q --jobs 2 --do 'echo \"$VIDVEIL_ITEM\" >> runs; decrypt-stream -i desk.key' s3://vids/north/ s3://vids/open/";
    let (one, other) = (storage.begin(&yard, run), storage.begin(&yard, run));
    for output in [one.output(), other.output()] {
        assert_status(&output, 0);
    }
    assert_eq!(runs(&yard), ALL);
    assert_opened(&yard, &storage);
}

#[test]
fn storage_without_conditions_is_refused() {
    let (yard, storage) = (Yard::with_camera(2), Storage::start(&["--unconditional", "1"]));
    yard.done("capture camera.mp4 > cam.vv");
    storage.put(&yard, "cam.vv", "north/0.vv");
    let output = storage.sh(&yard, "reprocess -q --do cat s3://vids/north/ s3://vids/copies/");
    assert_status(&output, 1);
    assert!(stderr(&output).contains("knows no conditional writes"), "{}", told(&output));
    assert!(!storage.path("copies/0.vv").exists());
    storage.done(&yard, "reprocess -q --state here --do cat s3://vids/north/ s3://vids/copies/");
    assert!(std::fs::read(storage.path("copies/0.vv")).unwrap() == yard.bytes("cam.vv"));
}

#[test]
fn folders_and_storage_mix_and_faults_are_reported() {
    let (yard, storage) = with_items();
    storage.done(&yard, "reprocess -q --do 'decrypt-stream -i desk.key' s3://vids/north/ here; decrypt-stream -i desk.key cam.vv > opened.vv");
    assert!(yard.bytes("here/7.vv") == yard.bytes("opened.vv"));
    storage.done(&yard, "mkdir there; cp cam.vv there/a.vv; reprocess -q --do cat there s3://vids/copies");
    assert!(std::fs::read(storage.path("copies/a.vv")).unwrap() == yard.bytes("cam.vv"));
    // in place: the objects are sealed to another one afterwards
    storage.done(&yard, "mkdir new; enroll guard; cp certs/guard.pem new/; reprocess -q --in-place --do 'rewrap -q -i desk.key -r new' s3://vids/copies/");
    storage.done(&yard, "view -i guard.key s3://vids/copies/a.vv -o a.mkv");
    yard.write("broken", b"no stream at all");
    storage.put(&yard, "broken", "north/4.vv");
    let output = storage.sh(&yard, "reprocess -q --keep-going --do 'verify -q -i desk.key' s3://vids/north/");
    assert_status(&output, 3);
    let output = storage.sh(&yard, "reprocess -q --do 'verify -q -i desk.key' s3://none/north/");
    assert_status(&output, 1);
    assert!(stderr(&output).contains("no such bucket: \"none\""), "{}", told(&output));
}
