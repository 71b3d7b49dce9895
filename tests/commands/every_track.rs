//! Whatever is recorded is played: sound of every kind, every video track; what has no place is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::clips::clip;
use crate::support::folder::Folder;
use crate::support::joined::{assert_same, decoded};
use crate::support::media::probe_json;
use crate::support::output::stderr;

const VIDEO: &str = "-c:v libx264 -preset veryfast -bf 2 -g 10 -pix_fmt yuv420p -threads 1";

/// Two seconds of pictures and of a tone.
fn with_sound(b: &Folder, name: &str, codecs: &str) -> PathBuf {
    let source = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=2 -f lavfi -i sine=duration=2";
    b.clip(name, &format!("{source} {VIDEO} {codecs}"))
}

/// Videos of different pictures and sizes, and tones of different heights.
fn many(b: &Folder, name: &str, videos: usize, tones: usize, codecs: &str) -> PathBuf {
    let source = |n| format!("-f lavfi -i testsrc2=size={}x120:rate=10:duration=2 ", 160 + 16 * n);
    let tone = |n| format!("-f lavfi -i sine=frequency={}:duration=2 ", 300 + 100 * n);
    let inputs = (0..videos).map(source).chain((0..tones).map(tone)).collect::<String>();
    let maps = (0..videos + tones).map(|n| format!("-map {n} ")).collect::<String>();
    b.clip(name, &format!("{inputs}{maps}{VIDEO} {codecs}"))
}

fn protect(b: &Folder, arguments: &str) -> Output {
    b.run(env!("CARGO_BIN_EXE_protect"), &format!("--plain-ok --learn 0s --force {arguments}"))
}

/// The samples of an audio track as ffmpeg decodes them; none where there is no such track.
fn samples(file: &Path, track: usize) -> Vec<u8> {
    let map = format!("0:a:{track}");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-i"]).arg(file).args(["-map", &map, "-f", "s16le", "-"]);
    ffmpeg.stderr(Stdio::null()).output().unwrap().stdout
}

fn count(file: &Path, kind: &str) -> usize {
    probe_json(file, kind, "-show_streams")["streams"].as_array().unwrap().len()
}

#[test]
fn sound_of_every_kind_is_played_or_named() {
    let b = Folder::new();
    for (name, codec, in_mp4) in [
        ("mulaw.mkv", "pcm_mulaw -ar 8000", false),
        ("alaw.avi", "pcm_alaw -ar 8000", false),
        ("s16.mov", "pcm_s16le", false),
        ("s16be.mov", "pcm_s16be", false),
        ("u8.avi", "pcm_u8", false),
        ("s24.mkv", "pcm_s24le", false),
        ("g726.mkv", "adpcm_g726 -ar 8000 -b:a 32k", false),
        ("g722.mkv", "g722 -ar 16000 -ac 1", false),
        ("ima.avi", "adpcm_ima_wav -ar 8000", false),
        ("ima.mov", "adpcm_ima_wav -ar 8000", false),
        ("ms.avi", "adpcm_ms -ar 8000 -ac 2", false),
        ("aac.ts", "aac", true),
        ("mp2.ts", "mp2", true),
    ] {
        let source = with_sound(&b, name, &format!("-c:a {codec}"));
        b.capture(&format!("{name} -o cam.vv"));
        let sound = samples(&source, 0);
        assert!(sound.len() > 10_000, "{name}");
        let said = b.view("-o made.mkv cam.vv");
        assert_eq!(said, "", "{name}");
        let played = samples(&b.path("made.mkv"), 0);
        assert!(played.starts_with(&sound[..sound.len() * 9 / 10]), "{name}: other sound in Matroska");
        assert!(played.len().abs_diff(sound.len()) < 8000, "{name}: {} of {}", played.len(), sound.len());
        // mp4 carries it, or leaves it out and says so
        let said = b.view("-o made.mp4 cam.vv");
        assert_same(&decoded(&b.path("made.mp4"), 0), &decoded(&source, 0), name);
        assert_eq!(count(&b.path("made.mp4"), "a"), usize::from(in_mp4), "{name}");
        let codec = probe_json(&source, "a", "-show_streams")["streams"][0]["codec_name"].as_str().unwrap().to_owned();
        if in_mp4 {
            assert_eq!(said, "", "{name}");
        } else {
            assert_eq!(said.matches("warning").count(), 1, "{name}: {said}");
            assert!(said.contains(&codec) && said.contains(".mkv"), "{name}: {said}");
            assert_eq!(b.view("--no-audio -o made.mp4 cam.vv"), "", "{name}");
        }
        b.view("--no-audio -o made.mkv cam.vv");
        assert_eq!(count(&b.path("made.mkv"), "a"), 0, "{name}");
    }
}

#[test]
fn sound_goes_through_pipes_and_public_streams() {
    let b = Folder::new();
    let source = with_sound(&b, "mulaw.mkv", "-c:a pcm_mulaw -ar 8000");
    let sound = samples(&source, 0);
    b.capture("mulaw.mkv -o cam.vv");
    let piped = b.run(env!("CARGO_BIN_EXE_view"), "--plain-ok cam.vv");
    assert!(piped.status.success(), "{}", stderr(&piped));
    fs::write(b.path("piped.mkv"), &piped.stdout).unwrap();
    assert_eq!(samples(&b.path("piped.mkv"), 0), sound);
    let output = protect(&b, "--keep-audio -o public.vv cam.vv");
    assert!(output.status.success(), "{}", stderr(&output));
    b.view("-o public.mkv public.vv");
    assert_eq!(samples(&b.path("public.mkv"), 0), sound);
    assert!(b.view("-o public.mp4 public.vv").contains("pcm_mulaw"));
    // without a place for its pictures there is no file, and the hint names what holds them
    clip(&b.path("old.avi"), "-f lavfi -i testsrc2=size=160x120:rate=10:duration=1 -c:v msmpeg4v3");
    b.capture("old.avi -o old.vv");
    let refused = b.run(env!("CARGO_BIN_EXE_view"), "-o old.mp4 old.vv --plain-ok");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("msmpeg4v3") && stderr(&refused).contains(".mkv"), "{}", stderr(&refused));
    assert!(!b.path("old.mp4").exists());
}

#[test]
fn every_track_is_recorded_and_played() {
    let b = Folder::new();
    let source = many(&b, "many.mkv", 3, 2, "-c:a aac");
    let said = b.capture("many.mkv -o cam.vv");
    assert_eq!(said, "");
    for made in ["made.mkv", "made.mp4"] {
        b.view(&format!("-o {made} cam.vv"));
        let file = b.path(made);
        assert_eq!((count(&file, "v"), count(&file, "a")), (3, 2), "{made}");
        for track in 0..3 {
            assert_same(&decoded(&file, track), &decoded(&source, track), &format!("{made}, video {track}"));
        }
        for track in 0..2 {
            let (made, sound) = (samples(&file, track), samples(&source, track));
            assert!(made.len().abs_diff(sound.len()) <= 8192, "{} {}", made.len(), sound.len());
        }
    }
    // each of them alone
    for track in 0..3 {
        b.view(&format!("--track {track} -o one.mkv cam.vv"));
        assert_eq!((count(&b.path("one.mkv"), "v"), count(&b.path("one.mkv"), "a")), (1, 0));
        assert_same(&decoded(&b.path("one.mkv"), 0), &decoded(&source, track), "view --track");
        b.capture(&format!("--track {track} many.mkv -o one.vv"));
        b.view("-o one.mkv one.vv");
        assert_eq!((count(&b.path("one.mkv"), "v"), count(&b.path("one.mkv"), "a")), (1, 0));
        assert_same(&decoded(&b.path("one.mkv"), 0), &decoded(&source, track), "capture --track");
    }
    b.view("--track 1 --snapshot 1 -o one.png cam.vv");
    assert_eq!(probe_json(&b.path("one.png"), "v", "-show_streams")["streams"][0]["width"], 176);
    for (program, arguments) in [
        (env!("CARGO_BIN_EXE_view"), "--plain-ok --track 7 -o no.mkv cam.vv"),
        (env!("CARGO_BIN_EXE_capture"), "--track 7 many.mkv -o no.vv"),
    ] {
        let refused = b.run(program, arguments);
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("no track 7"), "{}", stderr(&refused));
    }
}

#[test]
fn what_is_not_recorded_is_named() {
    let b = Folder::new();
    many(&b, "crowd.mkv", 1, 18, "-c:a pcm_mulaw -ar 8000");
    let said = b.capture("crowd.mkv -o cam.vv");
    assert_eq!(said.matches("is left out").count(), 3, "{said}");
    assert!(said.contains("stream 16") && said.contains("stream 18"), "{said}");
    b.view("-o made.mkv cam.vv");
    assert_eq!(count(&b.path("made.mkv"), "a"), 15);
    // sound of a kind that is not taken does not keep the pictures away
    let source = with_sound(&b, "odd.mkv", "-c:a wavpack");
    let said = b.capture("odd.mkv -o cam.vv");
    assert!(said.contains("audio wavpack, stream 1 of the file, is left out"), "{said}");
    b.view("-o made.mp4 cam.vv");
    assert_same(&decoded(&b.path("made.mp4"), 0), &decoded(&source, 0), "pictures with other sound");
}

#[test]
fn protect_hides_the_video_that_is_chosen_and_passes_no_other() {
    let b = Folder::new();
    many(&b, "two.mkv", 2, 1, "-c:a aac");
    b.capture("two.mkv -o cam.vv");
    let refused = protect(&b, "-o public.vv cam.vv");
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let said = stderr(&refused);
    assert!(said.contains("0 (h264, 160x120), 1 (h264, 176x120)") && said.contains("--track"), "{said}");
    for (track, width) in [(0, 160), (1, 176)] {
        let output = protect(&b, &format!("--track {track} --two-pass -o public.vv cam.vv"));
        assert!(output.status.success(), "{}", stderr(&output));
        b.view("-o public.mkv public.vv");
        let streams = probe_json(&b.path("public.mkv"), "v", "-show_streams");
        let streams = streams["streams"].as_array().unwrap();
        assert_eq!((streams.len(), streams[0]["width"].as_i64()), (1, Some(width)));
        assert_eq!(decoded(&b.path("public.mkv"), 0).len(), 20);
        let linked = b.run(env!("CARGO_BIN_EXE_verify"), "--original cam.vv public.vv");
        assert!(linked.status.success(), "{}{}", String::from_utf8_lossy(&linked.stdout), stderr(&linked));
    }
    let refused = protect(&b, "--track 2 -o public.vv cam.vv");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("track 2 is no video track"), "{}", stderr(&refused));
}
