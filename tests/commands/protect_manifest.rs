//! A public stream names the original that it was made from, and that can be checked.

use vidveil::format::{Manifest, Reader, Record, sha256};

use crate::support::repository;
use crate::support::streams::edited;
use crate::support::yard::{Yard, assert_status, stderr, told};

/// `sealed.vv` with several epochs, and `public.vv` made of it.
fn made() -> Yard {
    let yard = Yard::with_camera(4);
    yard.done(
        "capture camera.mp4 | encrypt-stream -r certs --rekey-interval 1s > sealed.vv
         protect -i desk.key --learn 500ms --method solid sealed.vv > public.vv",
    );
    yard
}

/// H, and number and hash of the last close record.
fn facts(bytes: &[u8]) -> (String, u64, String) {
    let hex = |bytes: &[u8]| sha256(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut reader = Reader::new(bytes);
    let (mut h, mut close) = (String::new(), (0, String::new()));
    while let Some(record) = reader.next().unwrap() {
        match record {
            Record::Stream(_) => h = hex(reader.raw()),
            Record::Close(c) => close = (c.epoch, hex(reader.raw())),
            _ => {}
        }
    }
    (h, close.0, close.1)
}

/// The plain stream without one of its video frames.
fn without(input: &[u8], nth: usize) -> Vec<u8> {
    edited(input, |n, _| n != nth)
}

#[test]
fn the_manifest_names_the_sealed_original_and_its_settings() {
    let yard = made();
    let (h, epoch, close) = facts(&yard.bytes("sealed.vv"));
    assert!(epoch >= 1, "{epoch}");
    let json: serde_json::Value = serde_json::from_str(&yard.done("inspect --json public.vv")).unwrap();
    let m = &json["manifest"];
    assert_eq!((m["hash"].as_str(), m["last_close"].as_str()), (Some(&*h), Some(&*close)), "{m}");
    assert_eq!(
        (m["first_epoch"].as_u64(), m["last_epoch"].as_u64(), m["frames"].as_u64()),
        (Some(0), Some(epoch), Some(40))
    );
    let settings = m["settings"].as_str().unwrap();
    assert!(settings.contains("method = \"solid\"\n") && settings.contains("learn = \"500ms\"\n"), "{settings}");
    assert!(vidveil::protect::Scene::parse(settings).is_ok());
    let text = yard.done("inspect public.vv");
    assert!(text.contains(&format!("H {h}\n")) && text.contains("40 pictures from epoch 0 on, one for one"), "{text}");

    // it is the last frame, and the other reader reads the same
    let mut reader = Reader::new(&*yard.bytes("public.vv").leak());
    let mut last = None;
    while let Some(record) = reader.next().unwrap() {
        if let Record::Frame(f) = record {
            last = Some((f.track, Manifest::parse(reader.payload())));
        }
    }
    assert!(matches!(last, Some((1, Ok(_)))), "{last:?}");
    let script = repository("scripts/read-sealed.py");
    let read = yard.done(&format!("python3 '{}' --manifest public.vv", script.display()));
    assert_eq!(&serde_json::from_str::<serde_json::Value>(&read).unwrap(), m);

    // for a player there is nothing but the pictures
    yard.done("view -o public.mp4 public.vv");
    assert_eq!(yard.done("ffprobe -v error -show_entries stream=codec_type -of csv=p=0 public.mp4"), "video\n");
    // the same again is the same to the byte
    yard.done("protect -i desk.key --learn 500ms --method solid sealed.vv > again.vv");
    assert!(yard.bytes("again.vv") == yard.bytes("public.vv"));
}

#[test]
fn verify_compares_a_public_stream_with_its_original() {
    let yard = made();
    yard.done(
        "capture camera.mp4 | encrypt-stream -r certs > other.vv; decrypt-stream -i desk.key sealed.vv > plain.vv
         cat sealed.vv other.vv > both.vv; protect -i desk.key --learn 0s both.vv > two.vv",
    );
    let verdict = |original: &str, public: &str| {
        let output = yard.sh(&format!("verify --original {original} {public}"));
        (output.status.code(), told(&output))
    };
    for (original, public, said) in
        [("sealed.vv", "public.vv", " 40 times agree"), ("both.vv", "two.vv", " 80 times agree")]
    {
        let (status, told) = verdict(original, public);
        assert!(status == Some(0) && told.contains(said) && told.contains("no signature was checked"), "{told}");
    }
    yard.write("less.vv", &without(&yard.bytes("public.vv"), 7));
    yard.write("cut.vv", &yard.bytes("sealed.vv")[..3000]);
    for (original, public, status, said) in [
        ("other.vv", "public.vv", 3, "made from another stream than the original given"),
        ("plain.vv", "public.vv", 3, "made from another stream"),
        ("sealed.vv", "two.vv", 3, "stream 2: made from another stream"),
        ("sealed.vv", "less.vv", 3, "the manifest speaks of 40 pictures, there are 39"),
        ("cut.vv", "public.vv", 3, "the original cannot be read to its end"),
        ("sealed.vv", "plain.vv", 4, "stream 1 has no manifest: it is not of protect"),
    ] {
        let (code, told) = verdict(original, public);
        assert!(code == Some(status) && told.contains(said), "{original} {public}: {told}");
    }
    let json = yard.sh("verify --json --original other.vv public.vv");
    assert!(
        String::from_utf8_lossy(&json.stdout).contains("\"verdict\":\"not-linked\",\"status\":3"),
        "{}",
        told(&json)
    );
    // with another number of frames in the manifest's place: its counts are compared with the original's, too
    let mut short = without(&yard.bytes("public.vv"), 7);
    let program = short.windows(8).position(|w| w == b"vidveil ").expect("the manifest's program");
    // before it: its length, two times, and the last byte of the count
    assert_eq!(short[program - 19], 40);
    short[program - 19] = 39;
    yard.write("forged.vv", &short);
    let (code, told) = verdict("sealed.vv", "forged.vv");
    assert!(code == Some(3) && told.contains("its 39 pictures are not the original's 40 by their times"), "{told}");
}

#[test]
fn a_public_stream_of_a_cut_original_is_valid_and_says_that_it_names_none() {
    let yard = made();
    let sealed = yard.bytes("sealed.vv");
    yard.write("cut.vv", &sealed[..sealed.len() - 1500]);
    let output = yard.sh("protect -i desk.key --learn 0s cut.vv > public.vv");
    assert_status(&output, 3);
    // epochs before the cut are named all the same: their close records are there
    let (_, told) = (0, yard.sh("inspect public.vv"));
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(text.contains("made from"), "{text}");

    yard.done("capture camera.mp4 | encrypt-stream -r certs > one.vv");
    let one = yard.bytes("one.vv");
    yard.write("cut.vv", &one[..one.len() - 1500]);
    assert_status(&yard.sh("protect -i desk.key --learn 0s cut.vv > public.vv"), 3);
    let inspected = yard.sh("inspect public.vv");
    assert_status(&inspected, 3);
    let text = String::from_utf8_lossy(&inspected.stdout).into_owned();
    assert!(text.contains("made from   not said: there is no manifest before the end"), "{text}");
    let verified = yard.sh("verify --original one.vv public.vv");
    assert_status(&verified, 4);
    assert!(stderr(&verified).contains("has no manifest: it, or its original, was cut"), "{}", stderr(&verified));
}

/// `newsize.h264`: 3 s of each size, one after the other.
fn sizes(yard: &Yard, sizes: &[&str]) {
    yard.done("enroll desk");
    for size in sizes {
        yard.done(&format!("scene one.h264 {size} 3; cat one.h264 >> newsize.h264; rm one.h264"));
    }
}

#[test]
fn every_public_stream_of_an_original_has_its_manifest() {
    for (all, epochs) in [
        (&["160x120", "320x240"][..], "1m"),
        (&["160x120", "320x240", "160x120"], "1m"),
        (&["160x120", "320x240"], "1s"),
    ] {
        let yard = Yard::new();
        sizes(&yard, all);
        yard.done(&format!(
            "capture -q newsize.h264 | encrypt-stream -q -r certs --rekey-interval {epochs} > sealed.vv
             protect -q -i desk.key --learn 0s sealed.vv > public.vv"
        ));
        let streams = yard.done("inspect --json public.vv");
        assert_eq!(streams.lines().count(), all.len(), "{streams}");
        for stream in streams.lines() {
            let json: serde_json::Value = serde_json::from_str(stream).unwrap();
            assert_eq!(json["manifest"]["frames"].as_u64(), Some(30), "{stream}");
        }
        let verified = yard.sh("verify --original sealed.vv public.vv");
        assert_status(&verified, 0);
        assert!(told(&verified).contains(&format!(" {} times agree", all.len() * 30)), "{}", told(&verified));
    }
}

#[test]
fn a_public_stream_is_compared_with_several_originals() {
    let yard = made();
    yard.done(
        "capture -q camera.mp4 | encrypt-stream -q -r certs --rekey-interval 1s > other.vv
         protect -q -i desk.key --learn 0s sealed.vv other.vv > two.vv
         record -q archive other.vv --segment 1s",
    );
    let verdict = |flags: &str| {
        let output = yard.sh(&format!("verify {flags} two.vv"));
        (output.status.code(), told(&output))
    };
    for originals in [
        "sealed.vv --original other.vv",
        "other.vv --original sealed.vv",
        "archive --original sealed.vv --original other.vv",
    ] {
        let (status, told) = verdict(&format!("--original {originals}"));
        assert!(status == Some(0) && told.contains(" 80 times agree"), "{originals}: {told}");
    }
    let (status, told) = verdict("--original other.vv");
    assert!(status == Some(3) && told.contains("stream 1: made from another stream"), "{told}");
    // a segment is missing
    let segment = std::fs::read_dir(yard.path("archive")).unwrap().map(|e| e.unwrap().path()).min().unwrap();
    std::fs::remove_file(segment).unwrap();
    let (status, told) = verdict("--original sealed.vv --original archive");
    assert!(status == Some(3) && told.contains("stream 2: its 40 pictures are not the original's"), "{told}");
}
