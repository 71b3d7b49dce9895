//! Both fields of a frame are one picture, however they come.

use std::fs;

use vidveil::media::{Decoder, DemuxOptions};

use crate::support::media::*;
use crate::support::paff::paff;

#[test]
fn both_fields_of_a_frame_are_one_packet() {
    let studio = Studio::new();
    for delimiters in [true, false] {
        let raw = studio.path("a.h264");
        fs::write(&raw, paff(40, delimiters)).unwrap();
        let ts = studio.copy(&raw, "a.ts", "");
        let files = [&raw, &ts, &studio.copy(&ts, "a.mkv", ""), &studio.copy(&ts, "a.mp4", "")];
        for file in files {
            let (tracks, packets) = read_file(file, DemuxOptions::default());
            let mut decoder = Decoder::new(&tracks[0], 1).unwrap();
            let mut pictures = Vec::new();
            for packet in &packets {
                decoder.send(packet).unwrap();
                pictures.extend(std::iter::from_fn(|| decoder.receive()));
            }
            decoder.flush().unwrap();
            pictures.extend(std::iter::from_fn(|| decoder.receive()));
            assert_eq!((packets.len(), pictures.len()), (40, 40), "{file:?} {delimiters}");
            assert!(pictures.iter().all(|p| !p.damaged), "{file:?}");
            let times: Vec<_> = pictures.iter().map(|p| p.pts).collect();
            assert_eq!(times, packets.iter().filter_map(|p| p.pts).collect::<Vec<_>>(), "{file:?}");
            let (num, den) = tracks[0].time_base;
            let seconds = (times[39] - times[0]) as f64 * f64::from(num) / f64::from(den);
            assert!((seconds - 39.0 / 25.0).abs() < 0.01, "{file:?}: 40 pictures last {seconds} s");
            assert_eq!(picture_sums(file).len(), 40, "{file:?}: as ffmpeg decodes it");
        }
    }
}

#[test]
fn a_field_without_its_other_half_stays_alone() {
    let studio = Studio::new();
    let whole = paff(10, true);
    // the fields after each delimiter
    let begins: Vec<usize> =
        whole.windows(6).enumerate().filter(|(_, w)| *w == [0, 0, 0, 1, 9, 0xf0]).map(|(n, _)| n).collect();
    let mut lacking = whole[..begins[5]].to_vec();
    lacking.extend(&whole[begins[6]..]);
    let path = studio.path("lacking.h264");
    fs::write(&path, lacking).unwrap();
    let (_, packets) = read_file(&path, DemuxOptions::default());
    assert_eq!(packets.len(), 10);
    assert!(packets[2].data.len() * 3 < packets[1].data.len() * 2, "one field");
}

#[test]
fn frames_with_fields_inside_stay_as_they_are() {
    let studio = Studio::new();
    let path =
        studio.make("mbaff.ts", "-c:v libx264 -preset ultrafast -flags +ilme+ildct -x264-params tff=1 -an -threads 1");
    let (_, packets) = read_file(&path, DemuxOptions::default());
    assert_eq!(packets.len(), 50);
}
