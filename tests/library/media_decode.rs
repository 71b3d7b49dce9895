//! Pictures as the ffmpeg command decodes them, and damage that does not go unseen.

use std::path::Path;
use std::process::Command;

use vidveil::format::Track;
use vidveil::media::{Decoder, DemuxOptions, MediaError, Packet, Picture};

use crate::support::media::*;

/// Decodes all packets; counts the bad ones.
fn decode(track: &Track, packets: &[Packet]) -> (Vec<Picture>, usize) {
    let mut decoder = Decoder::new(track, 2).unwrap();
    let (mut pictures, mut bad) = (Vec::new(), 0);
    for packet in packets {
        match decoder.send(packet) {
            Ok(()) => {}
            Err(error) if error.is_recoverable() => bad += 1,
            Err(error) => panic!("{error}"),
        }
        pictures.extend(std::iter::from_fn(|| decoder.receive()));
    }
    bad += usize::from(decoder.flush().is_err());
    pictures.extend(std::iter::from_fn(|| decoder.receive()));
    (pictures, bad)
}

fn raw_video(path: &Path, pixels: &str) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", pixels, "-"]);
    command.output().unwrap().stdout
}

fn bytes(pictures: &[Picture]) -> Vec<u8> {
    pictures.iter().flat_map(|p| p.planes.iter().flat_map(|plane| plane.data.iter().copied())).collect()
}

#[test]
fn pictures_and_times_are_those_of_ffmpeg() {
    let studio = Studio::new();
    let cases = [
        ("a.mkv", H264.to_owned(), "yuv420p"),
        ("b.mkv", "-c:v libx264 -pix_fmt yuv422p".to_owned(), "yuv422p"),
        ("c.mkv", "-c:v libx264 -pix_fmt yuv444p".to_owned(), "yuv444p"),
        ("d.mkv", H265.to_owned(), "yuv420p"),
        ("e.mkv", MPEG4.to_owned(), "yuv420p"),
        ("f.mkv", MJPEG.to_owned(), "yuvj420p"),
        ("g.mkv", "-c:v libvpx-vp9 -pix_fmt yuv440p -deadline realtime".to_owned(), "yuv440p"),
        ("h.mkv", "-c:v libvpx -deadline realtime".to_owned(), "yuv420p"),
        ("m.ts", "-c:v mpeg2video".to_owned(), "yuv420p"),
        ("i.avi", MSMPEG4.to_owned(), "yuv420p"),
        ("j.mkv", "-c:v mjpeg -pix_fmt yuvj420p -vf scale=161:119".to_owned(), "yuvj420p"),
        ("k.avi", MPEG4.to_owned(), "yuv420p"),
        ("l.h264", H264.to_owned(), "yuv420p"),
    ];
    for (name, arguments, pixels) in cases {
        let path = studio.make(name, &format!("{arguments} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (pictures, bad) = decode(&tracks[0], &packets);
        assert_eq!((pictures.len(), bad), (50, 0), "{name}");
        assert!(bytes(&pictures) == raw_video(&path, pixels), "{name}: other samples");
        assert!(pictures.iter().all(|p| !p.damaged), "{name}: nothing is damaged");
        assert!(pictures.iter().all(|p| p.full_range == pixels.starts_with("yuvj")), "{name}");
        let mut times: Vec<_> = packets.iter().filter_map(|p| p.pts).collect();
        times.sort_unstable();
        assert_eq!(pictures.iter().map(|p| p.pts).collect::<Vec<_>>(), times, "{name}");
        assert!(pictures[..49].iter().all(|p| p.duration > 0), "{name}");
    }
}

#[test]
fn deep_and_grey_and_rgb_samples_become_8_bit_yuv() {
    let studio = Studio::new();
    let x265 = "libx265 -preset ultrafast -x265-params log-level=none:pools=1";
    for (pixels, encoder) in
        [("yuv420p10le", "libx264"), ("yuv422p12le", x265), ("gray", x265), ("gray10le", x265), ("gbrp", "libx264rgb")]
    {
        let path = studio.make("a.mkv", &format!("-c:v {encoder} -pix_fmt {pixels} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (pictures, bad) = decode(&tracks[0], &packets);
        assert_eq!((pictures.len(), bad), (50, 0), "{pixels}");
        let planes = &pictures[7].planes;
        let deep = raw_video(&path, pixels);
        let frame = &deep[deep.len() / 50 * 7..deep.len() / 50 * 8];
        let shifted = |shift: u32| frame.chunks(2).map(move |b| (u16::from_le_bytes([b[0], b[1]]) >> shift) as u8);
        match pixels {
            "yuv420p10le" | "gray10le" => assert!(shifted(2).take(160 * 120).eq(planes[0].data.iter().copied())),
            "yuv422p12le" => assert!(shifted(4).eq(planes.iter().flat_map(|p| p.data.iter().copied()))),
            "gray" => assert!(frame == planes[0].data && planes[1].data.iter().all(|c| *c == 128)),
            _ => {
                let (_, _, rgb) = pictures[7].to_rgb();
                let judge = raw_video(&path, "rgb24");
                let judge = &judge[rgb.len() * 7..rgb.len() * 8];
                let worst = rgb.iter().zip(judge).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(worst <= Some(3), "{pixels}: {worst:?}");
            }
        }
    }
}

/// Every picture that differs from the good one must be marked; those before the damage and after the next keyframe
/// must not be.
#[test]
fn no_damage_goes_unseen() {
    let studio = Studio::new();
    // Zeros decode as some picture in H.265; only the encoder's hash in the stream shows it.
    let hashed = format!("{H265}:hash=1");
    let cases = [
        ("h264.mkv", H264),
        ("flat.mkv", H264_NO_B),
        ("h265.mkv", hashed.as_str()),
        ("mpeg4.mkv", MPEG4),
        ("mjpeg.mkv", MJPEG),
        ("ms.avi", MSMPEG4),
    ];
    for (name, codec) in cases {
        let path = studio.make(name, &format!("{codec} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (good, _) = decode(&tracks[0], &packets);
        let bad_at = 14 + packets[14..20].iter().position(|p| !p.key).unwrap_or(0);
        // the counts of these show a loss that nobody noticed
        let counted = name.starts_with("h26") || name == "flat.mkv";
        for hurt in ["cut", "zeros", "lost", "vanished", "marked"] {
            let mut packets = packets.clone();
            let middle = packets[bad_at].data.len() / 2;
            match hurt {
                "cut" => packets[bad_at].data.truncate(middle),
                "zeros" => packets[bad_at].data[middle..].fill(0),
                "vanished" if !counted => continue,
                "vanished" => drop(packets.remove(bad_at)),
                "lost" => {
                    packets.remove(bad_at);
                    packets[bad_at].gap = true;
                }
                _ => packets[bad_at].corrupt = true,
            }
            let (pictures, _) = decode(&tracks[0], &packets);
            let mut marked = 0;
            for picture in &pictures {
                let original = good.iter().find(|p| p.pts == picture.pts).expect("times are kept");
                marked += usize::from(picture.damaged);
                if picture.planes != original.planes {
                    assert!(picture.damaged, "{name} {hurt}: picture at {} is silently bad", picture.pts);
                }
            }
            // With a hash that is wrong H.265 gives no picture; the others conceal what they can.
            assert!(
                pictures.len() >= if name == "h265.mkv" { 38 } else { 49 },
                "{name} {hurt}: {} pictures",
                pictures.len()
            );
            // A keyframe comes at least every 12 pictures; each picture of MJPEG is one.
            assert!(marked <= 16, "{name} {hurt}: {marked} are marked");
            assert!(hurt != "marked" || marked >= 1, "{name}");
        }
    }
}

/// Whatever references an encoder takes, nothing is missing.
#[test]
fn whole_streams_are_not_marked() {
    let studio = Studio::new();
    let x265 = |params: &str| format!("-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:{params}");
    let cases = [
        ("many.mkv", "-c:v libx264 -preset veryfast -refs 6 -bf 6 -b_strategy 2 -g 20 -threads 1".into()),
        ("refresh.mkv", "-c:v libx264 -preset veryfast -x264-params intra-refresh=1:keyint=10 -threads 1".into()),
        ("open.ts", "-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=12 -threads 1".into()),
        ("raw.h264", "-c:v libx264 -preset veryfast -bf 2 -g 20 -slices 3 -threads 1".into()),
        ("fields.ts", "-c:v libx264 -preset veryfast -flags +ilme+ildct -x264-params tff=1 -g 20 -threads 1".into()),
        ("open.mp4", x265("keyint=12:bframes=4:b-adapt=2:ref=4:open-gop=1:b-pyramid=1:scenecut=0")),
        ("layers.mkv", x265("keyint=20:temporal-layers=3:bframes=3")),
        ("raw.hevc", x265("keyint=20:slices=2:ref=3:scaling-list=default")),
    ];
    let recovers_late = ["refresh.mkv", "open.ts"];
    for (name, codec) in cases {
        let path = studio.make(name, &format!("{codec} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        for from in [0, packets.iter().skip(1).position(|p| p.key).map_or(0, |at| at + 1)] {
            let (pictures, errors) = decode(&tracks[0], &packets[from..]);
            let marked: Vec<_> = pictures.iter().filter(|p| p.damaged).map(|p| p.pts).collect();
            assert_eq!(errors, 0, "{name} from packet {from}");
            if from > 0 && recovers_late.contains(&name) {
                // decoding begins at a recovery point, after which some lean on what was before it
                assert!(pictures.last().is_some_and(|p| !p.damaged), "{name} from packet {from} never recovers");
            } else {
                assert!(marked.is_empty(), "{name} from packet {from}: {marked:?}");
            }
            assert!(pictures.len() > 10, "{name} from packet {from}");
        }
    }
}

#[test]
fn decoding_from_the_middle_marks_what_lacks_its_references() {
    let studio = Studio::new();
    let path = studio.make("a.mkv", &format!("{H264} -an"));
    let (tracks, packets) = read_file(&path, DemuxOptions::default());
    let (good, _) = decode(&tracks[0], &packets);
    let (pictures, _) = decode(&tracks[0], &packets[5..]);
    for picture in &pictures {
        let original = good.iter().find(|p| p.pts == picture.pts).unwrap();
        assert!(picture.damaged || picture.planes == original.planes);
    }
    assert!(pictures.iter().any(|p| !p.damaged));
}

#[test]
fn a_new_size_shows_in_the_picture() {
    let studio = Studio::new();
    let small = studio.make("small.mkv", &format!("{MJPEG} -an"));
    let large = studio.make("large.mkv", &format!("{MJPEG} -s 320x240 -an"));
    let (tracks, mut packets) = read_file(&small, DemuxOptions::default());
    packets.extend(read_file(&large, DemuxOptions::default()).1);
    let (pictures, bad) = decode(&tracks[0], &packets);
    assert_eq!((pictures.len(), bad), (100, 0));
    assert_eq!((pictures[49].width(), pictures[50].width(), pictures[50].height()), (160, 320, 240));
}

#[test]
fn sizes_over_the_limit_are_refused() {
    let studio = Studio::new();
    let path = studio.make("a.mkv", &format!("{MJPEG} -an"));
    let (mut tracks, _) = read_file(&path, DemuxOptions::default());
    (tracks[0].width, tracks[0].height) = (16_385, 16);
    assert!(matches!(Decoder::new(&tracks[0], 1), Err(MediaError::TooLarge { width: 16_385, height: 16 })));
    tracks[0].codec = "no such codec".to_owned();
    tracks[0].width = 16;
    assert!(matches!(Decoder::new(&tracks[0], 1), Err(MediaError::UnknownCodec(_))));
}
