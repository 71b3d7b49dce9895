//! Inputs that describe their tracks anew in the middle: what ffmpeg decodes of the source comes out.

use std::fs;
use std::path::{Path, PathBuf};

use vidveil::format::{Reader, Record, StreamRecord};

use crate::support::folder::Folder;
use crate::support::joined::{assert_same, decoded, flv, mp4};
use crate::support::media::probe_json;
use crate::support::output::stderr;

/// Two ways to encode that no decoder takes for each other, each with a key frame a second.
const PLAIN: &str = "-c:v libx264 -preset veryfast -bf 0 -g 10 -x264-params cabac=1:8x8dct=1:ref=1 -threads 1";
const OTHER: &str = "-c:v libx264 -preset veryfast -bf 0 -g 10 -x264-params cabac=0:8x8dct=0:ref=3 -threads 1";
const H265: &str = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=10:bframes=0:pools=1";
const OTHER_H265: &str =
    "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=10:bframes=0:pools=1:ctu=16:sao=1:ref=2";
const MPEG4: &str = "-c:v mpeg4 -g 10 -q:v 3";
const OTHER_MPEG4: &str = "-c:v mpeg4 -g 10 -q:v 3 -flags +qpel";

/// Two seconds, ten pictures a second.
fn part(b: &Folder, name: &str, size: &str, codecs: &str) -> PathBuf {
    b.clip(name, &format!("-f lavfi -i testsrc2=size={size}:rate=10:duration=2 {codecs} -pix_fmt yuv420p"))
}

fn with_sound(b: &Folder, name: &str, codecs: &str, sound: &str) -> PathBuf {
    let source = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=2 -f lavfi -i sine=duration=2";
    b.clip(name, &format!("{source} {codecs} {sound} -pix_fmt yuv420p"))
}

/// Everything that the source shows is in the video files that are made of it.
fn assert_kept(b: &Folder, source: &Path, what: &str) {
    assert_shows(b, source, &decoded(source, 0), what);
}

fn assert_shows(b: &Folder, source: &Path, wanted: &[(i64, String)], what: &str) {
    let name = source.file_name().unwrap().to_str().unwrap();
    b.capture(&format!("{name} --epoch 500ms -o cam.vv"));
    for made in ["made.mp4", "made.mkv"] {
        b.view(&format!("-o {made} cam.vv"));
        assert_same(&decoded(&b.path(made), 0), wanted, &format!("{what}, {made}"));
    }
}

#[test]
fn another_sequence_header_in_flv_shows_all() {
    let b = Folder::new();
    let parts = [part(&b, "a.flv", "160x120", PLAIN), part(&b, "b.flv", "160x120", OTHER)];
    let smaller = part(&b, "c.flv", "128x96", OTHER);
    let joined = b.path("joined.flv");
    flv(&parts, &joined);
    assert_kept(&b, &joined, "other sets");
    flv(&[parts[0].clone(), parts[1].clone(), parts[0].clone()], &joined);
    assert_kept(&b, &joined, "sets that come back");
    flv(&[parts[0].clone(), smaller], &joined);
    assert_kept(&b, &joined, "another size");
}

#[test]
fn another_sample_description_in_mp4_shows_all() {
    let b = Folder::new();
    let joined = b.path("joined.mp4");
    for (what, codec, other) in [("H.264", PLAIN, OTHER), ("H.265", H265, OTHER_H265)] {
        let file = |n: &str| format!("{n}-{what}.mp4");
        let (a, c) = (part(&b, &file("a"), "160x120", codec), part(&b, &file("b"), "160x120", other));
        mp4(&[a.clone(), c.clone()], &joined);
        assert_kept(&b, &joined, what);
        mp4(&[a.clone(), c, a.clone()], &joined);
        assert_kept(&b, &joined, &format!("{what}, back again"));
        mp4(&[a, part(&b, &file("c"), "128x96", other)], &joined);
        assert_kept(&b, &joined, &format!("{what}, another size"));
    }
    // ffmpeg itself decodes all of this one by the first description: the parts are the measure
    let (a, c) = (part(&b, "a.mp4", "160x120", MPEG4), part(&b, "b.mp4", "160x120", OTHER_MPEG4));
    mp4(&[a.clone(), c.clone(), a.clone()], &joined);
    let (first, second) = (decoded(&a, 0), decoded(&c, 0));
    let later = |of: &[(i64, String)], ms| of.iter().map(|(t, sum)| (t + ms, sum.clone())).collect::<Vec<_>>();
    assert_shows(&b, &joined, &[first.clone(), later(&second, 2000), later(&first, 4000)].concat(), "MPEG-4");
}

#[test]
fn every_key_frame_after_a_change_can_be_begun_with() {
    let b = Folder::new();
    let parts = [part(&b, "a.flv", "160x120", PLAIN), part(&b, "b.flv", "160x120", OTHER)];
    let joined = b.path("joined.flv");
    flv(&parts, &joined);
    b.capture("joined.flv --epoch 500ms -o cam.vv");
    // the third key frame of four, and the last one
    for (from, left) in [("2", 20), ("3.2", 10)] {
        b.view(&format!("--from {from} -o part.mp4 cam.vv"));
        let source = decoded(&joined, 0);
        let sums = |of: &[(i64, String)]| of.iter().map(|(_, sum)| sum.clone()).collect::<Vec<_>>();
        let part = sums(&decoded(&b.path("part.mp4"), 0));
        assert_eq!(part, sums(&source[source.len() - left..]), "from {from}");
    }
}

#[test]
fn a_file_that_is_repeated_begins_with_its_first_configuration_again() {
    let b = Folder::new();
    let parts = [part(&b, "a.flv", "160x120", PLAIN), part(&b, "b.flv", "160x120", OTHER)];
    let joined = b.path("joined.flv");
    flv(&parts, &joined);
    b.capture("--loop 2 joined.flv -o cam.vv");
    b.view("-o made.mp4 cam.vv");
    let sums = |of: Vec<(i64, String)>| of.into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
    let once = sums(decoded(&joined, 0));
    assert_eq!(sums(decoded(&b.path("made.mp4"), 0)), [once.clone(), once].concat());
}

#[test]
fn sound_of_another_kind_begins_another_stream_with_a_key_frame() {
    let b = Folder::new();
    let stereo = with_sound(&b, "a.flv", PLAIN, "-c:a aac -ar 44100 -ac 2");
    let mono = with_sound(&b, "b.flv", OTHER, "-c:a aac -ar 22050 -ac 1");
    let joined = b.path("joined.flv");
    flv(&[stereo.clone(), mono, stereo], &joined);
    b.capture("joined.flv --start 2026-05-01T14:00:00Z -o cam.vv");
    let made = b.view("-o made.mp4 cam.vv");
    assert!(made.contains("made-2.mp4"), "{made}");
    let parts = ["made.mp4", "made-2.mp4", "made-3.mp4"].map(|name| b.path(name));
    let sums = |of: Vec<(i64, String)>| of.into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
    let all = parts.iter().flat_map(|part| sums(decoded(part, 0))).collect::<Vec<_>>();
    assert_eq!(all, sums(decoded(&joined, 0)), "each part shows its pictures from the first one on");
    for (part, rate, channels) in [(&parts[0], 44_100, 2), (&parts[1], 22_050, 1), (&parts[2], 44_100, 2)] {
        let sound = &probe_json(part, "a:0", "-show_streams")["streams"][0];
        assert_eq!(sound["sample_rate"], rate.to_string());
        assert_eq!(sound["channels"], channels);
        let seconds: f64 = sound["duration"].as_str().unwrap().parse().unwrap();
        assert!((1.9..2.3).contains(&seconds), "{seconds} s of sound in {part:?}");
    }
    // on one line of time, each chained to the one before
    let streams = streams(&b.path("cam.vv"));
    assert_eq!(streams.len(), 3);
    for pair in streams.windows(2) {
        assert_eq!(pair[1].continues.map(|c| c.stream), Some(pair[0].id));
        assert_eq!(pair[0].start_ns - pair[0].origin_ns, pair[1].start_ns - pair[1].origin_ns);
    }
    b.view("--contact-sheet sheet.png cam.vv");
    b.view("--snapshot 5 -o late.png cam.vv");
}

fn streams(file: &Path) -> Vec<StreamRecord> {
    let bytes = fs::read(file).unwrap();
    let mut reader = Reader::new(bytes.as_slice());
    let mut streams = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Record::Stream(s) = record {
            streams.push(s);
        }
    }
    streams
}

#[test]
fn streams_that_tell_a_camera_in_other_words_are_one_video() {
    let b = Folder::new();
    for (name, codec) in [("a.flv", PLAIN), ("b.mp4", OTHER), ("c.ts", PLAIN)] {
        part(&b, name, "160x120", codec);
        b.capture(&format!("{name} -o {name}.vv"));
    }
    part(&b, "small.h264", "128x96", OTHER);
    b.capture("--fps 10 small.h264 -o small.h264.vv");
    let names = ["a.flv", "b.mp4", "c.ts", "small.h264"];
    let files = names.map(|name| format!("{name}.vv"));
    let sums = |of: Vec<(i64, String)>| of.into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
    // ffmpeg scales to the size of the first picture: those of the small one are known by their number
    let wanted = names.iter().take(3).flat_map(|name| sums(decoded(&b.path(name), 0))).collect::<Vec<_>>();
    for made in ["made.mp4", "made.mkv"] {
        b.view(&format!("-o {made} {}", files.join(" ")));
        let pictures = decoded(&b.path(made), 0);
        for (n, (time, _)) in (0..).zip(&pictures) {
            assert!(time.abs_diff(n * 100) <= 2, "{made}: picture {n} at {time} ms");
        }
        let sums = sums(pictures);
        assert_eq!(sums.len(), 80);
        assert_eq!(sums[..60], wanted, "{made}");
    }
}

#[test]
fn another_codec_is_another_file_with_a_number() {
    let b = Folder::new();
    part(&b, "a.mp4", "160x120", PLAIN);
    part(&b, "b.mp4", "160x120", H265);
    b.capture("a.mp4 -o a.vv");
    b.capture("b.mp4 -o b.vv");
    let made = b.view("-o made.mkv a.vv b.vv a.vv");
    assert!(made.contains("made-2.mkv") && made.contains("made-3.mkv"), "{made}");
    for (made, source) in [("made.mkv", "a.mp4"), ("made-2.mkv", "b.mp4"), ("made-3.mkv", "a.mp4")] {
        assert_same(&decoded(&b.path(made), 0), &decoded(&b.path(source), 0), made);
    }
    b.view("--from 2.5 --to 3.5 -o part.mp4 a.vv b.vv a.vv");
    let sums = |of: Vec<(i64, String)>| of.into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
    assert_eq!(sums(decoded(&b.path("part.mp4"), 0)), sums(decoded(&b.path("b.mp4"), 0))[..15]);
    b.view("--contact-sheet sheet.png a.vv b.vv");
    let late = b.run(env!("CARGO_BIN_EXE_view"), "--plain-ok --snapshot 3 -o late.png a.vv b.vv");
    assert!(late.status.success(), "{}", stderr(&late));
    // a file that is there already is not replaced, by its number neither
    fs::write(b.path("kept-2.mkv"), b"mine").unwrap();
    let taken = b.run(env!("CARGO_BIN_EXE_view"), "--plain-ok -o kept.mkv a.vv b.vv");
    assert_eq!(taken.status.code(), Some(2), "{}", stderr(&taken));
    assert_eq!(fs::read(b.path("kept-2.mkv")).unwrap(), b"mine");
}

#[test]
fn what_protect_has_learned_of_a_camera_stays_when_it_is_described_anew() {
    let b = Folder::new();
    let stereo = with_sound(&b, "a.flv", PLAIN, "-c:a aac -ar 44100 -ac 2");
    let mono = with_sound(&b, "b.flv", OTHER, "-c:a aac -ar 22050 -ac 1");
    let joined = b.path("joined.flv");
    // new parameter sets alone, in one stream; and new streams that go on from each other
    for parts in [[part(&b, "c.flv", "160x120", PLAIN), part(&b, "d.flv", "160x120", OTHER)], [stereo, mono]] {
        flv(&parts, &joined);
        b.capture("joined.flv -o cam.vv");
        b.ok(env!("CARGO_BIN_EXE_protect"), "--plain-ok --learn 1s --report report.json --force -o public.vv cam.vv");
        let report = fs::read_to_string(b.path("report.json")).unwrap();
        let lines = report.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let pictures: Vec<_> = lines.filter(|line| line.get("picture").is_some()).collect();
        assert_eq!(pictures.len(), 40);
        let last = pictures.iter().rposition(|p| p["whole"] == "learning").unwrap();
        assert!((5..20).contains(&last), "picture {last} is the last that is hidden for learning");
        assert!(pictures.iter().all(|p| p["whole"] != "damaged" && p["whole"] != "missing"));
    }
}
