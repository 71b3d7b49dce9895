//! Whatever the times of a source are: the pictures that it shows are shown, at their times.

use std::process::Command;

use crate::edit_lists::{B, NO_B, SOURCE, video};
use crate::support::clips::clip;
use crate::support::mp4::{self, Sample};
use crate::support::output::{assert_ends, assert_says};
use crate::support::pictures::{assert_same_pictures, decoded, span};
use crate::support::yard::Yard;

const SOUND: &str = "-f lavfi -i sine=duration=8";

/// Captures `name`, and makes each file that it can become, also by way of a pipe. Neither says a word.
#[track_caller]
fn shown(yard: &Yard, name: &str) {
    yard.done(&format!("capture {name} -o a.vv -f; view --plain-ok a.vv > pipe.mkv"));
    for out in ["out.mp4", "out.mkv"] {
        yard.done(&format!("view --plain-ok -f -o {out} a.vv"));
    }
    for out in ["out.mp4", "out.mkv", "pipe.mkv"] {
        assert_same_pictures(&yard.path(name), &yard.path(out));
    }
}

#[test]
fn a_file_begins_at_0_whatever_the_media_times_were() {
    let yard = Yard::new();
    // 2^33 ticks of 90 kHz are 95,443.718 s; the last clip wraps between pictures that are reordered
    let cases = [
        (NO_B, "", "-output_ts_offset 95439.7", "wrap.ts"),
        (B, "", "-output_ts_offset 95439.7", "wrap-b.ts"),
        (B, SOUND, "-output_ts_offset 95442.2 -c:a mp2", "wrap-sound.ts"),
        (B, "", "-output_ts_offset 1609124514", "wall.mkv"),
        (NO_B, SOUND, "-output_ts_offset 1609124514 -c:a aac", "wall-sound.mkv"),
        (B, SOUND, "-output_ts_offset 70000 -c:a aac", "late.mp4"),
    ];
    for (codec, sound, times, name) in cases {
        clip(&yard.path(name), &format!("{SOURCE} {sound} {codec} {times}"));
        shown(&yard, name);
        for out in ["out.mp4", "out.mkv"] {
            let (start, duration) = span(&yard.path(out));
            assert!(start.abs() < 0.05 && (7.9..8.3).contains(&duration), "{name} {out}: {start} {duration}");
        }
    }
}

#[test]
fn sound_before_the_first_picture_is_kept_and_stays_where_it_was() {
    let yard = Yard::new();
    let sound = |name: &str| {
        let heard = ["-v", "error", "-nostdin", "-i"];
        let raw = ["-map", "0:a:0", "-f", "s16le", "-"];
        Command::new("ffmpeg").args(heard).arg(yard.path(name)).args(raw).output().unwrap().stdout
    };
    // of the first picture after the first sound, in seconds
    let later = |name: &str| {
        let first = |stream: &str| {
            let entries = ["-v", "error", "-select_streams", stream, "-show_entries", "stream=start_time"];
            let said = Command::new("ffprobe").args(entries).args(["-of", "csv=p=0"]).arg(yard.path(name)).output();
            let text = String::from_utf8(said.unwrap().stdout).unwrap();
            text.split([',', '\n']).find_map(|time| time.trim().parse::<f64>().ok()).unwrap()
        };
        first("v:0") - first("a:0")
    };
    for (seconds, codec, name) in [(0.06, "mp2", "a.ts"), (0.09, "mp2", "a.mkv"), (0.4, "mp2", "a.ts")] {
        let filter = format!("-vf setpts=PTS+{seconds}/TB");
        clip(&yard.path(name), &format!("{SOURCE} {SOUND} {filter} {NO_B} -fps_mode passthrough -c:a {codec}"));
        yard.done(&format!("capture {name} -o a.vv -f"));
        for out in ["out.mp4", "out.mkv"] {
            yard.done(&format!("view --plain-ok -f -o {out} a.vv"));
            assert_eq!(sound(out).len(), sound(name).len(), "{seconds} {codec} {out}");
            let (was, is) = (later(name), later(out));
            assert!((was - is).abs() < 0.003 && was > 0.005, "{seconds} {codec} {out}: {was} {is}");
            assert_same_pictures(&yard.path(name), &yard.path(out));
        }
    }
}

#[test]
fn a_file_says_when_it_began() {
    let yard = Yard::new();
    clip(&yard.path("a.mkv"), &format!("{SOURCE} {B} -output_ts_offset 5000"));
    yard.done("capture a.mkv -o a.vv --start 2026-05-01T14:00:00.5Z");
    for (arguments, out, said) in [
        ("", "out.mp4", "2026-05-01T14:00:00"),
        ("", "out.mkv", "2026-05-01T14:00:00.500000"),
        ("--from 00:00:04", "part.mkv", "2026-05-01T14:00:04.500000"),
    ] {
        yard.done(&format!("view --plain-ok {arguments} -o {out} a.vv"));
        let entries = ["-v", "error", "-show_entries", "format_tags=creation_time", "-of", "csv=p=0"];
        let output = Command::new("ffprobe").args(entries).arg(yard.path(out)).output().unwrap();
        let tag = String::from_utf8(output.stdout).unwrap();
        assert!(tag.starts_with(said), "{out}: {tag}");
    }
}

#[test]
fn samples_with_nothing_in_them_are_counted_and_end_nothing() {
    let yard = Yard::new();
    clip(&yard.path("sound.mp4"), &format!("{SOURCE} {SOUND} {NO_B} -c:a aac"));
    let sound = || mp4::read(&yard.path("sound.mp4"), "a:0");
    for (case, codec, places) in [
        ("middle", NO_B, &[30, 31, 32][..]),
        ("b", B, &[40]),
        ("end", NO_B, &[80, 80]),
        ("begin", NO_B, &[0]),
        ("all over", B, &[20, 40, 60, 80]),
    ] {
        let mut track = video(&yard, codec);
        for at in places.iter().rev() {
            track.samples.insert(*at, Sample::empty(1024));
        }
        let mut audio = sound();
        audio.samples.insert(100, Sample::empty(1024));
        for (name, tracks) in [("video.mp4", vec![track]), ("both.mp4", vec![video(&yard, codec), audio])] {
            mp4::write(&yard.path(name), &tracks);
            let output = yard.sh(&format!("capture {name} -o a.vv -f"));
            let said = if name == "both.mp4" { 1 } else { places.len() };
            assert_says(&output, 0, &[&format!("{said} packet")]);
            yard.done("view --plain-ok -f -o out.mp4 a.vv; view --plain-ok -f -o out.mkv a.vv");
            for out in ["out.mp4", "out.mkv"] {
                let shown = decoded(&yard.path(name)).len();
                assert!(shown >= 79, "{case} {name}: {shown}");
                assert_same_pictures(&yard.path(name), &yard.path(out));
            }
        }
    }
}

#[test]
fn pictures_of_which_the_first_has_lost_its_bytes() {
    let yard = Yard::new();
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=15:bframes=4:b-pyramid=1 \
        -pix_fmt yuv420p -tag:v hvc1";
    for (codec, places) in [(hevc, &[0][..]), (hevc, &[0, 1, 2]), (hevc, &[15]), (B, &[0]), (B, &[0, 1]), (NO_B, &[0])]
    {
        let mut track = video(&yard, codec);
        for at in places {
            track.samples[*at].data.clear();
        }
        mp4::write(&yard.path("holes.mp4"), &[track]);
        let said = format!("{} packet", places.len());
        assert_says(&yard.sh("capture holes.mp4 -o a.vv -f"), 0, &[&said]);
        yard.done("view --plain-ok -f -o out.mp4 a.vv; view --plain-ok -f -o out.mkv a.vv");
        for out in ["out.mp4", "out.mkv"] {
            assert!(decoded(&yard.path("holes.mp4")).len() >= 55, "{codec}");
            assert_same_pictures(&yard.path("holes.mp4"), &yard.path(out));
        }
    }
}

/// Two clips as one file, byte after byte; the second one's times begin at `second`, in seconds.
fn joined(yard: &Yard, codec: &str, more: &str, first: f64, second: f64) -> String {
    for (name, offset) in [("first.ts", first), ("second.ts", second)] {
        clip(&yard.path(name), &format!("{SOURCE} {more} {codec} -output_ts_offset {offset}"));
    }
    yard.write("joined.ts", &[yard.bytes("first.ts"), yard.bytes("second.ts")].concat());
    "joined.ts".to_owned()
}

#[test]
fn a_gap_is_exact_or_refused_in_words() {
    let yard = Yard::new();
    // 2^31 ticks of 90 kHz are 23,860.9 s, 2^32 are 47,721.9 s
    for seconds in [3600.0, 23_000.0, 25_200.0, 50_400.0] {
        let name = joined(&yard, NO_B, "", 0.0, seconds);
        yard.done(&format!(
            "capture {name} -o a.vv -f; view --plain-ok -f -o out.mkv a.vv; view --plain-ok a.vv > pipe.mkv"
        ));
        assert_same_pictures(&yard.path(&name), &yard.path("out.mkv"));
        assert_same_pictures(&yard.path(&name), &yard.path("pipe.mkv"));
        let _ = std::fs::remove_file(yard.path("out.mp4"));
        let output = yard.sh("view --plain-ok -o out.mp4 a.vv");
        if seconds < 23_860.0 {
            assert_ends(&output, 0, "");
            assert_same_pictures(&yard.path(&name), &yard.path("out.mp4"));
        } else {
            assert_says(&output, 1, &["mp4 cannot say that nothing comes for", "--to and --from", ".mkv"]);
            assert!(!yard.exists("out.mp4"));
        }
    }
    // milliseconds need fewer bits
    yard.done("capture out.mkv -o b.vv; view --plain-ok -o out.mp4 b.vv");
    assert_same_pictures(&yard.path("joined.ts"), &yard.path("out.mp4"));
    yard.done("view --plain-ok --export case a.vv 2> /dev/null");
    assert_same_pictures(&yard.path("joined.ts"), &yard.path("case/video.mkv"));
    assert!(!yard.exists("case/video.mp4"));
}

#[test]
fn a_gap_before_pictures_that_are_reordered_loses_none() {
    let yard = Yard::new();
    for seconds in [3_600.0, 18_000.0, 25_200.0, 72_000.0, 90_000.0] {
        for (codec, name) in [(B, "gap.mkv"), (B, "gap.mp4"), (B, "gap.ts"), (NO_B, "gap.mkv"), (NO_B, "gap.ts")] {
            let later = format!("-vf setpts=PTS+gte(N\\,30)*{seconds}/TB -fps_mode passthrough");
            clip(&yard.path(name), &format!("{SOURCE} {later} {codec}"));
            yard.done(&format!("capture {name} -o a.vv -f"));
            let _ = std::fs::remove_file(yard.path("out.mp4"));
            let output = yard.sh("view --plain-ok -o out.mp4 a.vv");
            if yard.exists("out.mp4") {
                assert_ends(&output, 0, "");
                assert_same_pictures(&yard.path(name), &yard.path("out.mp4"));
            } else {
                assert_says(&output, 1, &["mp4 cannot say that nothing comes for", ".mkv"]);
            }
            // ffmpeg's mp4 of such a pause hides pictures
            if name != "gap.mp4" {
                yard.done("view --plain-ok -f -o out.mkv a.vv");
                assert_same_pictures(&yard.path(name), &yard.path("out.mkv"));
            }
            // with the ticks of a transport stream it has not
            assert!(seconds > 3_600.0 || name == "gap.ts" || yard.exists("out.mp4"), "an hour has its place");
        }
    }
}

#[test]
fn times_that_jump_back_go_on() {
    let yard = Yard::new();
    for (codec, sound, first, second) in [
        (NO_B, "", 1000.0, 0.0),
        (B, "", 4000.0, 300.0),
        (NO_B, "", 30.0, 10.0),
        (B, SOUND, 40_000.0, 100.0),
        // back over a wrap, to where it was already and to a little before
        (NO_B, "", 95_439.7, 95_439.7),
        (B, "", 95_439.7, 95_440.7),
        (B, SOUND, 95_439.7, 95_430.0),
    ] {
        let more = if sound.is_empty() { "" } else { "-c:a mp2" };
        let name = joined(&yard, &format!("{codec} {more}"), sound, first, second);
        let output = yard.sh(&format!("capture {name} -o a.vv -f"));
        assert_ends(&output, 0, "capture: the times of the video jump back 1 time: they go on from where they were\n");
        yard.done("view --plain-ok -f -o out.mp4 a.vv; view --plain-ok -f -o out.mkv a.vv");
        for out in ["out.mp4", "out.mkv"] {
            let shown = decoded(&yard.path(out));
            let sums = |name: &str| decoded(&yard.path(name)).into_iter().map(|(_, sum)| sum);
            assert!(shown.iter().map(|(_, sum)| sum.clone()).eq(sums("first.ts").chain(sums("second.ts"))), "{out}");
            for (n, (time, _)) in (0..).zip(&shown) {
                assert!((time - f64::from(n) / 10.0).abs() < 0.002, "{first} {second}: picture {n} of {out} at {time}");
            }
        }
    }
}

#[test]
fn jpegs_with_nothing_in_them_are_left_out() {
    let yard = Yard::new();
    clip(&yard.path("whole.mjpeg"), &format!("{SOURCE} -c:v mjpeg -q:v 4 -pix_fmt yuvj420p"));
    let whole = yard.bytes("whole.mjpeg");
    let begins = whole.windows(3).enumerate().filter(|(_, w)| w == &[0xFF, 0xD8, 0xFF]).map(|(at, _)| at);
    let (mut bytes, mut last) = (Vec::new(), 0);
    for (n, at) in begins.enumerate() {
        bytes.extend_from_slice(&whole[last..at]);
        last = at;
        if n % 7 == 3 {
            bytes.extend_from_slice(b"\xff\xd8\xff\xd9");
        }
    }
    bytes.extend_from_slice(&whole[last..]);
    yard.write("holes.mjpeg", &bytes);
    let output = yard.sh("capture --input-format mjpeg holes.mjpeg -o a.vv");
    assert_ends(&output, 0, "capture: 11 packets with nothing in them: left out\n");
    yard.done("view --plain-ok -o out.mp4 a.vv; view --plain-ok -o out.mkv a.vv");
    for out in ["out.mp4", "out.mkv"] {
        assert_eq!(decoded(&yard.path(out)).len(), 80);
        assert_same_pictures(&yard.path("holes.mjpeg"), &yard.path(out));
    }
}

/// The transport stream without the times of all pictures but key frames.
fn without_times(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for packet in bytes.chunks_exact_mut(188) {
        let has_adaptation = packet[3] & 0x20 != 0;
        let payload = if has_adaptation { 5 + usize::from(packet[4]) } else { 4 };
        let is_key = has_adaptation && packet[4] > 0 && packet[5] & 0x40 != 0;
        let Some(pes) = packet.get_mut(payload..).filter(|pes| pes.len() > 19 && pes.starts_with(&[0, 0, 1, 0xE0]))
        else {
            continue;
        };
        if !is_key {
            let times = usize::from(pes[8]);
            pes[7] &= 0x3F;
            pes[9..9 + times].fill(0xFF);
        }
    }
    bytes
}

#[test]
fn pictures_without_times_follow_those_before_and_are_compared() {
    let yard = Yard::new();
    let mpeg2 = "-c:v mpeg2video -r 25 -fps_mode cfr -g 20 -bf 2";
    let mpeg2_no_b = "-c:v mpeg2video -r 25 -fps_mode cfr -g 20 -bf 0";
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=20:bframes=3 -pix_fmt yuv420p";
    // several small pictures share the one time of a packet of a program stream
    for (codec, name, rate) in [
        (NO_B, "few.ts", 10.0),
        (B, "few.ts", 10.0),
        (hevc, "few.ts", 10.0),
        (mpeg2, "few.ts", 25.0),
        (mpeg2, "few.mpg", 25.0),
        (mpeg2_no_b, "few.mpg", 25.0),
        (B, "few.mpg", 10.0),
    ] {
        let case = format!("{name} {codec}");
        clip(&yard.path("whole.ts"), &format!("{SOURCE} {codec}"));
        if name == "few.ts" {
            yard.write(name, &without_times(&yard.bytes("whole.ts")));
        } else {
            yard.done(&format!("ffmpeg -v error -nostdin -y -i whole.ts -c copy -f vob {name}"));
        }
        yard.done(&format!("capture {name} -f -o a.vv; protect --plain-ok --learn 1s a.vv -f -o a.pub"));
        assert_ends(&yard.sh("verify --original a.vv a.pub 2> /dev/null"), 0, "");
        let judge = decoded(&yard.path("whole.ts"));
        for (stream, made) in [("a.vv", "out.mp4"), ("a.vv", "out.mkv"), ("a.pub", "pub.mp4")] {
            yard.done(&format!("view --plain-ok -f -o {made} {stream}"));
            let ours = decoded(&yard.path(made));
            assert_eq!(ours.len(), judge.len(), "{case} {made}");
            for (n, (is, was)) in (0..).zip(ours.iter().zip(&judge)) {
                assert!((is.0 - f64::from(n) / rate).abs() < 0.002, "{case} {made}: picture {n} at {}", is.0);
                assert!(stream == "a.pub" || is.1 == was.1, "{case} {made}: picture {n} is another");
            }
        }
        assert!(yard.done("inspect a.vv").contains(&format!("{rate} frames/s")), "{case}");
    }
}

#[test]
fn mirrors_and_turns_are_kept_wherever_pictures_go() {
    let yard = Yard::new();
    let track = video(&yard, B);
    const ONE: i32 = 1 << 16;
    // rows of the matrix, and what ffmpeg's filters call it
    let cases = [
        ([-ONE, 0, 0, ONE], "hflip"),
        ([ONE, 0, 0, -ONE], "vflip"),
        ([0, ONE, -ONE, 0], "transpose=clock"),
        ([0, ONE, ONE, 0], "transpose=cclock_flip"),
        ([0, -ONE, -ONE, 0], "transpose=clock_flip"),
        ([-ONE, 0, 0, -ONE], "hflip,vflip"),
    ];
    for ([a, b, c, d], filter) in cases {
        mp4::write_turned(&yard.path("turned.mp4"), std::slice::from_ref(&track), [a, b, c, d]);
        yard.done("capture turned.mp4 -o a.vv -f; protect --plain-ok --learn 1s a.vv -f -o a.pub");
        yard.done("view --plain-ok -f -o out.mp4 a.vv; view --plain-ok -f -o pub.mp4 a.pub");
        assert_says(&yard.sh("view --plain-ok -f -o out.mkv a.vv"), 0, &["not shown upright", ".mp4"]);
        yard.done("view --plain-ok -f --snapshot 00:00:02 -o a.png a.vv");
        yard.done("view --plain-ok -f --contact-sheet sheet.png --count 1 --columns 1 a.vv");
        for made in ["out.mp4", "pub.mp4"] {
            let matrix = |name: &str| {
                let of = ["-v", "error", "-show_entries", "stream_side_data=displaymatrix", "-of", "csv=p=0"];
                let output = Command::new("ffprobe").args(of).arg(yard.path(name)).output().unwrap();
                String::from_utf8(output.stdout).unwrap()
            };
            assert!(matrix(made).contains("65536"), "{filter}");
            assert_eq!(matrix(made), matrix("turned.mp4"), "{filter} {made}");
        }
        yard.done(&format!(
            "ffmpeg -v error -y -noautorotate -i turned.mp4 -vf 'select=eq(n\\,20),{filter}' -frames:v 1 judge.png"
        ));
        let rgb = |name: &str| image::open(yard.path(name)).unwrap().to_rgb8();
        let (ours, judge) = (rgb("a.png"), rgb("judge.png"));
        assert_eq!(ours.dimensions(), judge.dimensions(), "{filter}");
        let far: u64 = ours.iter().zip(judge.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(far / (ours.len() as u64) < 6, "{filter}: {far}");
        // the first picture is the only one on the sheet
        yard.done(&format!(
            "ffmpeg -v error -y -noautorotate -i turned.mp4 -vf '{filter},scale=320:-1' -frames:v 1 first.png"
        ));
        let (sheet, first) = (rgb("sheet.png"), rgb("first.png"));
        let top = sheet.height() - first.height() - 34;
        let far: u64 = first
            .enumerate_pixels()
            .map(|(x, y, p)| u64::from(p.0[1].abs_diff(sheet.get_pixel(x + 8, y + top).0[1])))
            .sum();
        assert!(far / u64::from(first.width() * first.height()) < 12, "{filter}: {far}");
    }
}

#[test]
fn nothing_is_shown_at_or_after_the_end_that_was_asked_for() {
    let yard = Yard::new();
    let hevc =
        "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=20:bframes=4:b-pyramid=1 -pix_fmt yuv420p";
    let mpeg2 = "-c:v mpeg2video -r 25 -g 20 -bf 2";
    for (codec, name) in [(B, "a.mp4"), (B, "a.h264"), (B, "a.ts"), (NO_B, "b.mp4"), (hevc, "a.mkv"), (mpeg2, "c.ts")] {
        clip(&yard.path(name), &format!("{SOURCE} {codec}"));
        let rate = if name.ends_with("h264") { "--fps 10" } else { "" };
        yard.done(&format!("capture {rate} {name} -o a.vv -f"));
        let whole = decoded(&yard.path(name));
        for (from, to) in [(0.0, 3.0), (0.0, 3.1), (0.0, 3.2), (4.0, 6.3), (2.0, 7.95)] {
            yard.done(&format!("view --plain-ok --from {from} --to {to} -f -o out.mp4 a.vv"));
            let wanted: Vec<_> = whole.iter().filter(|(time, _)| *time < to - 1e-4).map(|(_, sum)| sum).collect();
            let shown = decoded(&yard.path("out.mp4"));
            let shown: Vec<_> = shown.iter().map(|(_, sum)| sum).collect();
            let begins = whole.iter().position(|(time, _)| *time > from - 1e-4).unwrap();
            assert!(wanted.ends_with(&shown), "{name} {from} {to}: {} of {}", shown.len(), wanted.len());
            assert!(shown.len() >= wanted.len() - begins, "{name} {from} {to}: {} of {}", shown.len(), wanted.len());
        }
    }
}
