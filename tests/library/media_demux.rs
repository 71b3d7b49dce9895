//! Packets as ffprobe sees them, from files and from pipes.

use vidveil::format::TrackKind;
use vidveil::media::{DemuxOptions, Packet};

use crate::support::media::*;

#[test]
fn packets_are_those_of_the_container() {
    let studio = Studio::new();
    let cases = [
        ("h264.mp4", format!("{H264} -c:a aac -movflags +faststart"), "h264", Some("aac")),
        ("h264.mkv", format!("{H264} -c:a aac"), "h264", Some("aac")),
        ("h264.ts", format!("{H264} -c:a aac"), "h264", Some("aac")),
        ("fragments.mp4", format!("{H264} -an -movflags frag_keyframe+empty_moov"), "h264", None),
        ("h265.mp4", format!("{H265} -an -movflags +faststart"), "hevc", None),
        ("h265.mkv", format!("{H265} -an"), "hevc", None),
        ("h265.ts", format!("{H265} -an"), "hevc", None),
        ("mpeg4.mp4", format!("{MPEG4} -an -movflags +faststart"), "mpeg4", None),
        ("mjpeg.mkv", format!("{MJPEG} -an"), "mjpeg", None),
        ("mjpeg.avi", format!("{MJPEG} -an"), "mjpeg", None),
        ("msmpeg4.avi", format!("{MSMPEG4} -an"), "msmpeg4v3", None),
    ];
    for (name, arguments, video, audio) in cases {
        let path = studio.make(name, &arguments);
        let options = DemuxOptions { audio: true, ..Default::default() };
        let (tracks, packets) = read_file(&path, options.clone());
        assert_eq!((tracks[0].kind, tracks[0].codec.as_str()), (TrackKind::Video, video), "{name}");
        assert_eq!((tracks[0].width, tracks[0].height), (160, 120), "{name}");
        assert_eq!(tracks[0].frame_rate, (25, 1), "{name}");
        let judge = probe(&path, "v:0");
        assert_eq!(judge.len(), 50, "{name}");
        assert_eq!(lines(&packets, 0), judge, "{name}");
        assert_eq!(tracks.get(1).map(|t| t.codec.as_str()), audio, "{name}");
        if audio.is_some() {
            assert_eq!(lines(&packets, 1), probe(&path, "a:0"), "{name}");
            assert_eq!((tracks[1].sample_rate, tracks[1].channels), (44100, 1), "{name}");
        }
        let piped = read_stream(&path, options).unwrap();
        assert_eq!(piped.0, tracks, "{name}");
        let same = |packets: &[Packet], track| {
            packets.iter().filter(|p| p.track == track).map(|p| (p.data.clone(), p.key, p.corrupt)).collect::<Vec<_>>()
        };
        for track in 0..2 {
            assert!(same(&piped.1, track) == same(&packets, track), "{name}: track {track} is another from a pipe");
        }
        // libavformat's rounding of audio times in mpegts depends on seeking.
        assert_eq!(lines(&piped.1, 0), lines(&packets, 0), "{name}");
        let (only, _) = read_file(&path, DemuxOptions::default());
        assert_eq!(only.len(), 1, "{name}");
    }
}

#[test]
fn raw_streams_and_avi_get_the_times_of_the_same_video_in_matroska() {
    let studio = Studio::new();
    let pyramid = format!("{H264} -x264-params b-pyramid=normal:bframes=5:b-adapt=0:open-gop=1");
    let cases = [
        ("h264", H264, "h264"),
        ("h264", pyramid.as_str(), "h264"),
        ("h264", H264_NO_B, "h264"),
        ("hevc", H265, "hevc"),
        ("avi", H264, "avi"),
        ("avi", H264_NO_B, "avi"),
        ("avi", MPEG4, "avi"),
        ("m4v", MPEG4, "m4v"),
        ("mjpeg", MJPEG, "mjpeg"),
    ];
    for (ending, codec, format) in cases {
        let whole = studio.make("whole.mkv", &format!("{codec} -an"));
        let bare = studio.make(&format!("bare.{ending}"), &format!("{codec} -an -f {format}"));
        // A raw stream of pictures looks like one picture unless it is named.
        let format = (format == "mjpeg").then(|| format.to_owned());
        let options = DemuxOptions { frame_rate: Some((25, 1)), format, ..Default::default() };
        let (tracks, packets) = read_file(&bare, options.clone());
        let tick = i64::from(1000 * tracks[0].time_base.0 / tracks[0].time_base.1);
        let ours: Vec<_> = packets.iter().map(|p| p.pts.unwrap() * tick).collect();
        let first = probe(&whole, "v:0")[0].0.unwrap();
        let judge: Vec<_> = probe(&whole, "v:0").iter().map(|line| line.0.unwrap() - first).collect();
        assert_eq!(judge.len(), 50);
        let start = ours[0];
        assert_eq!(ours.iter().map(|pts| pts - start).collect::<Vec<_>>(), judge, "{ending} {codec}");
        for (packet, next) in packets.iter().zip(&packets[1..]) {
            assert!(packet.dts <= packet.pts && packet.dts < next.dts, "{ending} {codec}");
        }
        assert!(read_stream(&bare, options).unwrap().1 == packets, "{ending} {codec}");
    }
}

#[test]
fn rate_of_a_raw_stream() {
    let studio = Studio::new();
    let bare = studio.run("slow.h264", "-f lavfi -i testsrc2=size=160x120:rate=15:duration=2 -c:v libx264");
    let (tracks, packets) = read_file(&bare, DemuxOptions::default());
    assert_eq!((tracks[0].frame_rate, packets.len()), ((15, 1), 30));
    let options = DemuxOptions { frame_rate: Some((30000, 1001)), ..Default::default() };
    let (tracks, packets) = read_file(&bare, options);
    assert_eq!((tracks[0].time_base, tracks[0].frame_rate), ((1001, 30000), (30000, 1001)));
    assert_eq!(packets.iter().filter_map(|p| p.pts).max(), Some(29));
}

#[test]
fn rotation_is_clockwise() {
    let studio = Studio::new();
    let upright = studio.make("upright.mp4", &format!("{H264} -an"));
    assert_eq!(read_file(&upright, DemuxOptions::default()).0[0].rotation, 0);
    for (name, rotate) in [("quarter.mp4", 90), ("half.mp4", 180), ("three.mp4", 270)] {
        let turned = studio.copy(&upright, name, &format!("-metadata:s:v:0 rotate={rotate}"));
        let side = probe_json(&turned, "v:0", "-show_streams");
        let counterclockwise = side["streams"][0]["side_data_list"][0]["rotation"].as_i64().unwrap();
        assert_ne!(counterclockwise, 0);
        let ours = read_file(&turned, DemuxOptions::default()).0[0].rotation;
        assert_eq!(i64::from(ours), (-counterclockwise).rem_euclid(360));
    }
}
