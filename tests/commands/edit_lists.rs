//! What an edit list of an mp4 shows is shown, and the rest is kept.

use std::path::Path;

use crate::support::clips::clip;
use crate::support::media::probe_json;
use crate::support::mp4::{self, Mp4Track};
use crate::support::output::assert_ends;
use crate::support::pictures::{assert_same_pictures, decoded};
use crate::support::random::Random;
use crate::support::yard::Yard;

pub const SOURCE: &str = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=8";
pub const B: &str = "-c:v libx264 -preset veryfast -bf 3 -g 20 -pix_fmt yuv420p -threads 1";
pub const NO_B: &str = "-c:v libx264 -preset veryfast -bf 0 -g 20 -pix_fmt yuv420p -threads 1";

/// The video of `arguments` at 10 pictures a second, in an mp4 whose ticks are those of ffmpeg.
pub fn video(yard: &Yard, codec: &str) -> Mp4Track {
    clip(&yard.path("whole.mp4"), &format!("{SOURCE} {codec} -video_track_timescale 10240"));
    mp4::read(&yard.path("whole.mp4"), "v:0")
}

#[test]
fn an_edit_list_hides_what_players_do_not_show() {
    let yard = Yard::new();
    let pictures = |n: i32| n * 1024;
    let length = |n: u32| n * 1024;
    let cases: [(&str, &[(u32, i32)]); 7] = [
        ("later", &[(length(20), -1), (length(80), pictures(0))]),
        ("cut", &[(length(30), pictures(25))]),
        ("end", &[(length(33), pictures(0))]),
        ("gap", &[(length(20), -1), (length(30), pictures(0)), (length(30), -1), (length(40), pictures(35))]),
        ("two", &[(length(15), pictures(55)), (length(20), pictures(7))]),
        ("twice", &[(length(30), pictures(10)), (length(30), pictures(10))]),
        ("three", &[(length(9), pictures(3)), (length(9), pictures(33)), (length(9), pictures(63))]),
    ];
    for (kind, codec) in [("plain", NO_B), ("b", B)] {
        let mut track = video(&yard, codec);
        // ffmpeg's own list takes the delay of reordering away
        let delay = track.samples[0].later as i32;
        for (case, edits) in cases {
            let moved = |media: i32| if media < 0 { media } else { media + delay };
            track.edits = edits.iter().map(|(duration, media)| (*duration, moved(*media))).collect();
            let name = format!("{case}-{kind}.mp4");
            mp4::write(&yard.path(&name), std::slice::from_ref(&track));
            yard.done(&format!("capture {name} -o a.vv -f; view --plain-ok -f -o out.mp4 a.vv"));
            if kind == "plain" || edits.len() < 2 {
                assert_same_pictures(&yard.path(&name), &yard.path("out.mp4"));
            } else {
                // ffmpeg shows some pictures of two parts at the same time: they come one after the other
                let (source, result) = (decoded(&yard.path(&name)), decoded(&yard.path("out.mp4")));
                assert_eq!(result.len(), source.len(), "{name}");
                for (was, is) in source.iter().zip(&result) {
                    assert!(was.1 == is.1 && (was.0 - is.0).abs() < 0.31, "{name}: {} {}", was.0, is.0);
                }
            }
            // what is not shown is in the original
            let said = yard.done("inspect a.vv");
            assert_eq!(said.contains("not shown"), case != "later", "{name}: {said}");
            // Matroska has no such list
            let shown = decoded(&yard.path(&name)).len();
            let output = yard.sh("view --plain-ok -f -o out.mkv a.vv");
            assert!(output.status.success());
            let more = decoded(&yard.path("out.mkv")).len() - shown;
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(told.contains(&format!("{more} pictures that should not be shown")), more > 0, "{told}");
        }
    }
}

#[test]
fn a_public_stream_has_the_pictures_that_are_shown() {
    let yard = Yard::new();
    let mut track = video(&yard, B);
    let delay = track.samples[0].later as i32;
    track.edits = vec![(15 * 1024, 55 * 1024 + delay), (20 * 1024, 7 * 1024 + delay)];
    mp4::write(&yard.path("two.mp4"), &[track]);
    yard.done("capture two.mp4 -o a.vv; protect --plain-ok --learn 1s a.vv -o a.pub; view --plain-ok -o pub.mp4 a.pub");
    let times =
        |name: &str| decoded(&yard.path(name)).into_iter().map(|(t, _)| (t * 1000.0) as i64).collect::<Vec<_>>();
    assert_eq!(times("pub.mp4"), times("two.mp4"));
    assert_ends(&yard.sh("verify --original a.vv a.pub 2> /dev/null"), 0, "");
    // a snapshot is of what is shown then: the second part's picture, not a hidden one of the same time
    yard.done("view --plain-ok --snapshot 00:00:02.0 -o a.png a.vv");
    // two pictures of the same time are before it
    yard.done("ffmpeg -v error -i two.mp4 -fps_mode passthrough -vf 'select=eq(n\\,21)' -frames:v 1 judge.png");
    let rgb = |name: &str| image::open(yard.path(name)).unwrap().to_rgb8();
    let (ours, judge) = (rgb("a.png"), rgb("judge.png"));
    let far: u64 = ours.iter().zip(judge.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(far / (ours.len() as u64) < 6, "{far}");
}

/// When the packets are shown that are not hidden, in their order.
fn shown_packets(path: &Path) -> Vec<f64> {
    let json = probe_json(path, "v:0", "-show_packets");
    let shown = json["packets"].as_array().unwrap().iter().filter(|p| !p["flags"].as_str().unwrap().contains('D'));
    let times: Vec<f64> = shown.map(|p| p["pts_time"].as_str().unwrap().parse().unwrap()).collect();
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    times.into_iter().map(|time| time - first).collect()
}

#[test]
fn lists_of_any_parts_show_the_same_again() {
    let yard = Yard::new();
    let b = "-c:v libx264 -preset veryfast -bf 2 -g 12 -x264-params b-pyramid=none -pix_fmt yuv420p -threads 1";
    let hevc = "-c:v libx265 -preset ultrafast -x265-params \
        log-level=error:keyint=15:bframes=4:b-pyramid=1:open-gop=0 -pix_fmt yuv420p -tag:v hvc1";
    let mut random = Random(16);
    for codec in [B, b, hevc, NO_B] {
        let mut track = video(&yard, codec);
        let delay = track.samples[0].later as i32;
        for _ in 0..8 {
            track.edits.clear();
            for _ in 0..=random.below(4) {
                if random.below(5) == 0 {
                    track.edits.push(((1 + random.below(20) as u32) * 1024, -1));
                }
                let from = random.below(70) as i32;
                let length = 1 + random.below(30.min(80 - from as usize)) as u32;
                track.edits.push((length * 1024, from * 1024 + delay));
            }
            let case = format!("{codec}: {:?}", track.edits);
            mp4::write(&yard.path("source.mp4"), std::slice::from_ref(&track));
            yard.done("capture source.mp4 -o a.vv -f; view --plain-ok -f -o out.mp4 a.vv");
            let sums = |name: &str| decoded(&yard.path(name)).into_iter().map(|(_, sum)| sum).collect::<Vec<_>>();
            assert_eq!(sums("out.mp4"), sums("source.mp4"), "{case}");
            // ffmpeg guesses when pictures are shown that have the same time as others, but not when packets are
            let (source, result) = (shown_packets(&yard.path("source.mp4")), shown_packets(&yard.path("out.mp4")));
            assert_eq!(result.len(), source.len(), "{case}");
            let far = source.iter().zip(&result).map(|(was, is)| (was - is).abs()).fold(0.0, f64::max);
            assert!(far < 0.002, "{case}: {far}");
        }
    }
}
