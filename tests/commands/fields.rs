//! A camera whose pictures come as fields: both are one picture in everything that counts or shows pictures.

use std::ops::Range;

use vidveil::format::{Frame, FrameFlags, PlainWriter, Reason, Track};

use crate::support::paff::paff;
use crate::support::streams::{BEGIN, SECOND, clock};
use crate::support::tracks;
use crate::support::yard::{Yard, assert_status, stderr};

/// Whether the bars of the background show in these pictures of `public.mp4`: in one that is hidden whole they do not.
fn shows_background(yard: &Yard, pictures: Range<usize>) -> bool {
    yard.done("ffmpeg -v error -nostdin -y -i public.mp4 -vf crop=64:8:0:0 -pix_fmt gray -f rawvideo rows");
    let rows = yard.bytes("rows");
    let contrast = |row: &[u8]| row.iter().max().unwrap() - row.iter().min().unwrap();
    rows.chunks(64 * 8).skip(pictures.start).take(pictures.len()).all(|row| contrast(row) > 40)
}

#[test]
fn two_fields_are_one_picture_everywhere() {
    let yard = Yard::new();
    yard.write("raw.h264", &paff(60, true));
    yard.done("enroll desk; ffmpeg -v error -nostdin -i raw.h264 -c copy camera.ts");
    for source in ["raw.h264", "camera.ts"] {
        yard.done(&format!("rm -f *.vv *.mp4 *.png; capture -q {source} | encrypt-stream -q -r certs > sealed.vv"));
        let json: serde_json::Value = serde_json::from_str(&yard.done("inspect --json sealed.vv")).unwrap();
        assert_eq!(json["tracks"][0]["frames"].as_u64(), Some(60), "{source}: {}", json["tracks"]);
        yard.done("view -q -i desk.key sealed.vv -o out.mp4");
        assert_eq!(yard.done("pictures out.mp4"), yard.done(&format!("pictures {source}")), "{source}");
        let times: Vec<i64> = yard.done("times out.mp4").lines().map(|t| t.parse().unwrap()).collect();
        assert_eq!(times[59] - times[0], 59 * 40, "{source}: {times:?}");

        // the still background shows: a picture that is hidden whole has none of it
        let output = yard.sh("protect -i desk.key --learn 400ms sealed.vv > public.vv");
        assert_status(&output, 0);
        assert!(!stderr(&output).contains("hidden whole"), "{}", stderr(&output));
        yard.done("view -q public.vv -o public.mp4");
        assert_status(&yard.sh("verify --original sealed.vv public.vv"), 0);
        assert_eq!(yard.done("pictures public.mp4").lines().count(), 60, "{source}");
        assert!(shows_background(&yard, 30..60), "{source}: pictures without a background");
        yard.done("view -q -i desk.key sealed.vv --snapshot 00:00:01 -o at.png");
        yard.done("view -q -i desk.key sealed.vv --contact-sheet sheet.png");
    }
}

/// A plain original as it was recorded when each field was a frame of its own.
fn of_single_fields(frames: u32) -> Vec<u8> {
    let track =
        Track { time_base: (1, 50), width: 64, height: 64, frame_rate: (25, 1), config: vec![], ..tracks::video() };
    let record = tracks::stream(BEGIN, vec![Track { codec: "h264".into(), ..track }]);
    let mut writer = PlainWriter::begin(Vec::new(), &record, 60 * SECOND).unwrap();
    let raw = paff(frames, true);
    let delimiter = [0, 0, 0, 1, 9, 0xf0];
    let mut begins: Vec<usize> = (0..raw.len()).filter(|n| raw[*n..].starts_with(&delimiter)).collect();
    begins.push(raw.len());
    for (n, at) in begins.windows(2).enumerate() {
        let flags = FrameFlags { key: n % 20 == 0, ..FrameFlags::default() };
        let time = Some(n as i64);
        let frame = Frame { track: 0, flags, counter: 0, pts: time, dts: time, duration: 1 };
        writer.frame(&frame, &raw[at[0]..at[1]], clock(0, 0)).unwrap();
    }
    writer.finish(Reason::EndOfInput, clock(0, 0)).unwrap();
    writer.into_output()
}

#[test]
fn an_original_with_a_frame_for_each_field_is_not_hidden() {
    let yard = Yard::new();
    yard.write("old.vv", &of_single_fields(60));
    let output = yard.sh("protect --plain-ok --learn 400ms old.vv > public.vv");
    assert_status(&output, 0);
    assert!(!stderr(&output).contains("hidden whole"), "{}", stderr(&output));
    assert_status(&yard.sh("verify --original old.vv public.vv"), 0);
    yard.done("view -q public.vv -o public.mp4");
    let pictures = yard.done("pictures public.mp4");
    let pictures: Vec<_> = pictures.lines().collect();
    assert_eq!(pictures.len(), 120, "one for each frame of the original");
    assert!(shows_background(&yard, 60..120), "pictures without a background");
}
