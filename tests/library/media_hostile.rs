//! Video whose author means no good: it chooses no demuxer and no decoder, opens nothing, and asks for no more memory
//! than it may.

use std::fs::{self, File};
use std::io::{Cursor, ErrorKind};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;

use vidveil::format::{Track, TrackKind};
use vidveil::media::{
    CODECS, CONTAINERS, Decoder, DemuxOptions, Demuxer, MediaError, MuxFormat, MuxOutput, Muxer, PictureLimits,
};

use crate::support::media::*;

/// As a file with a name that suits nobody's suspicion, and as a pipe.
fn refused(path: &Path) -> [MediaError; 2] {
    let name = path.file_name().unwrap().to_str().unwrap();
    let from_file = Demuxer::from_file(File::open(path).unwrap(), Some(name), DemuxOptions::default());
    let from_pipe = Demuxer::from_reader(Cursor::new(fs::read(path).unwrap()), DemuxOptions::default());
    [from_file, from_pipe].map(|opened| opened.err().unwrap_or_else(|| panic!("{name} is read")))
}

/// Video made with these arguments is refused for what `is_it` looks for, and the message names `wanted`.
#[track_caller]
fn assert_refused(studio: &Studio, name: &str, arguments: &str, wanted: &str, is_it: impl Fn(&MediaError) -> bool) {
    for error in refused(&studio.make(name, arguments)) {
        assert!(is_it(&error) && error.to_string().contains(wanted), "{name}: {error}");
    }
}

#[test]
fn text_that_names_other_files_and_addresses_opens_none() {
    let studio = Studio::new();
    let other = studio.make("other.ts", &format!("{H264} -an"));
    let other = other.display();
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let port = inside.local_addr().unwrap().port();
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !1;
    let texts = [
        (
            "list",
            format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"),
        ),
        ("local", format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{other}\n#EXT-X-ENDLIST\n")),
        ("concat", format!("ffconcat version 1.0\nfile 'file:{other}'\n")),
        ("bare", "ffconcat version 1.0\nfile other.ts\n".to_owned()),
        (
            "sdp",
            format!(
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {free} RTP/AVP 96\n\
                 a=rtpmap:96 H264/90000\n"
            ),
        ),
        (
            "dash",
            format!(
                "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
                 profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" mediaPresentationDuration=\"PT2S\">\
                 <Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\">\
                 <BaseURL>http://127.0.0.1:{port}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
            ),
        ),
        ("rtsp", format!("RTSPtextRTSP://127.0.0.1:{port}/stream\n")),
        ("reference", format!("[Reference]\nRef1=http://127.0.0.1:{port}/a.asf\n")),
        ("subtitles", "1\n00:00:00,000 --> 00:00:01,000\nwords\n".to_owned()),
        ("assembly", "[Script Info]\nScriptType: v4.00+\n".to_owned()),
    ];
    for (what, text) in texts {
        for name in ["a.mp4", "a.m3u8", "a.sdp", "a"] {
            let path = studio.path(name);
            fs::write(&path, &text).unwrap();
            for error in refused(&path) {
                let words = error.to_string();
                assert!(
                    matches!(error, MediaError::ContainerRefused(_) | MediaError::NotVideo),
                    "{what} as {name}: {words}"
                );
            }
            let named = ["hls", "concat", "sdp", "dash", "rtsp", "image2", "lavfi", "tty"];
            for format in named {
                let options = DemuxOptions { format: Some(format.to_owned()), ..Default::default() };
                let asked = Demuxer::from_file(File::open(&path).unwrap(), Some(name), options);
                assert!(asked.is_err(), "{what} as {name}, said to be {format}");
            }
        }
    }
    let came = inside.accept().err().map(|e| e.kind());
    assert_eq!(came, Some(ErrorKind::WouldBlock), "somebody called at an address that a file names");
}

#[test]
fn references_within_a_container_are_not_followed() {
    let studio = Studio::new();
    let other = studio.make("other.mp4", &format!("{H264} -an"));
    let path = studio.make("a.mov", &format!("{H264} -an"));
    let mut bytes = fs::read(&path).unwrap();
    // the track's data are said to lie in another file
    let place = bytes.windows(8).position(|w| w == b"url \0\0\0\x01").expect("the data are in the file itself");
    bytes[place..place + 4].copy_from_slice(b"alis");
    bytes[place + 7] = 0;
    fs::write(&path, &bytes).unwrap();
    let whole = fs::read(&other).unwrap();
    match Demuxer::from_file(File::open(&path).unwrap(), None, DemuxOptions::default()).and_then(drain) {
        Ok((_, packets)) => assert!(packets.iter().all(|p| bytes.windows(p.data.len()).any(|w| w == p.data))),
        Err(error) => assert!(!error.to_string().is_empty() && !whole.is_empty()),
    }
}

#[test]
fn a_container_that_is_not_in_the_table_is_refused_by_name() {
    let studio = Studio::new();
    for (name, arguments, wanted) in [
        ("a.gif", "-an -t 0.2", "gif"),
        ("a.nut", "-c:v mpeg4 -an", "nut"),
        ("a.y4m", "-an -t 0.2 -pix_fmt yuv420p", "yuv4mpegpipe"),
        ("a.asf", "-c:v mpeg4 -an", "asf"),
        ("a.rm", "-c:v rv10 -s 176x144 -an", "rm"),
        ("a.ivf", "-c:v libvpx -deadline realtime -an", "ivf"),
        ("a.mxf", "-c:v mpeg2video -an", "mxf"),
        ("a.wtv", "-c:v mpeg2video -an", "wtv"),
    ] {
        let named = |error: &MediaError| matches!(error, MediaError::ContainerRefused(said) if said.contains(wanted));
        assert_refused(&studio, name, arguments, wanted, named);
    }
    for container in CONTAINERS {
        let first = container.name.split(',').next().unwrap().to_owned();
        let options = DemuxOptions { format: Some(first), ..Default::default() };
        let error = Demuxer::from_reader(Cursor::new(b"nothing of the kind".to_vec()), options).err();
        assert!(!matches!(error, Some(MediaError::ContainerRefused(_))), "{container:?}");
    }
}

fn track(codec: &str, kind: TrackKind) -> Track {
    Track { kind, ..Track::video(codec, (1, 25), (64, 64), Vec::new()) }
}

#[test]
fn the_name_of_a_codec_chooses_among_those_of_the_table_only() {
    let names = [
        "sanm",
        "indeo5",
        "indeo2",
        "cinepak",
        "rv40",
        "svq3",
        "vc1",
        "wmv3",
        "flic",
        "smackvideo",
        "bink",
        "interplayvideo",
        "mszh",
        "tscc",
        "png",
        "tiff",
        "exr",
        "gif",
        "ffv1",
        "prores",
        "dirac",
        "theora",
        "cdgraphics",
        "rawvideo",
        "bmp",
        "wrapped_avframe",
        "h261",
        "flv1",
        "vp6f",
        "jpeg2000",
        "jpegls",
        "webp",
        "ansi",
        "bintext",
        "vvc",
        "zerocodec",
    ];
    for name in names {
        let track = track(name, TrackKind::Video);
        let decoder = Decoder::new(&track, 1).err();
        let wanted = matches!(&decoder, Some(MediaError::CodecRefused(n) | MediaError::UnknownCodec(n)) if n == name);
        assert!(wanted, "{name}: {decoder:?}");
        for container in [MuxFormat::Mp4, MuxFormat::Matroska] {
            let output = MuxOutput::Pipe(Box::new(std::io::sink()));
            assert!(Muxer::new(output, container, std::slice::from_ref(&track)).is_err(), "{name} is written");
        }
    }
    for codec in CODECS.into_iter().filter(|codec| codec.kind == TrackKind::Video) {
        let decoder = Decoder::new(&track(codec.name, TrackKind::Video), 1);
        assert!(decoder.is_ok(), "{}: {}", codec.name, decoder.err().unwrap());
        assert!(Decoder::new(&track(codec.name, TrackKind::Audio), 1).is_err(), "{}: as sound", codec.name);
    }
}

#[test]
fn a_codec_that_is_not_in_the_table_is_refused_by_name_when_it_is_captured() {
    let studio = Studio::new();
    for (name, arguments, wanted) in [
        ("a.mkv", "-c:v ffv1 -an", "ffv1"),
        ("png.mkv", "-c:v png -an", "png"),
        ("cinepak.avi", "-c:v cinepak -an -t 0.2", "cinepak"),
        ("flv.flv", "-c:v flv1 -an", "flv1"),
        ("raw.avi", "-c:v rawvideo -an -t 0.2", "rawvideo"),
        ("prores.mov", "-c:v prores -an -t 0.2 -movflags +faststart", "prores"),
    ] {
        let named = |error: &MediaError| matches!(error, MediaError::CodecRefused(said) if said == wanted);
        assert_refused(&studio, name, arguments, wanted, named);
    }
    // sound does not keep the pictures away: it is left out, by name
    let path = studio.make("sound.mkv", &format!("{H264} -c:a alac"));
    let with_sound =
        Demuxer::from_file(File::open(&path).unwrap(), None, DemuxOptions { audio: true, ..Default::default() });
    let with_sound = with_sound.unwrap();
    assert_eq!(with_sound.tracks().len(), 1);
    assert!(with_sound.left_out().iter().any(|what| what.contains("alac")), "{:?}", with_sound.left_out());
    assert_eq!(read_file(&path, DemuxOptions::default()).1.len(), 50);
}

/// Codecs whose packets hold the size of their pictures, and how to make them.
const SIZED: [(&str, &str); 9] = [
    ("h264.mkv", H264),
    ("h264.ts", H264),
    ("h265.mkv", H265),
    ("h265.ts", H265),
    ("mjpeg.mkv", MJPEG),
    ("mpeg4.mkv", MPEG4),
    ("mpeg2.ts", "-c:v mpeg2video"),
    ("vp8.mkv", "-c:v libvpx -deadline realtime -cpu-used 8"),
    ("vp9.mkv", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
];

#[test]
fn pictures_over_the_limit_are_refused_by_name_whatever_the_container_says() {
    let studio = Studio::new();
    let limits = PictureLimits { max_pixels: 160 * 120 - 1 };
    for (name, arguments) in SIZED {
        let path = studio.make(name, &format!("{arguments} -an"));
        let options = DemuxOptions { limits, ..Default::default() };
        let opened = Demuxer::from_file(File::open(&path).unwrap(), None, options).err();
        let sized = |error: &MediaError| matches!(error, MediaError::TooManyPixels { width: 160, .. });
        assert!(
            opened.as_ref().is_some_and(|e| sized(e) || matches!(e, MediaError::NoPictureSize)),
            "{name}: {opened:?}"
        );
        let (mut tracks, packets) = read_file(&path, DemuxOptions::default());
        let honest = Decoder::limited(&tracks[0], 2, limits).err();
        assert!(honest.as_ref().is_some_and(sized), "{name}: {honest:?}");
        (tracks[0].width, tracks[0].height) = (16, 16);
        for configured in [true, false] {
            if !configured && name.ends_with("mkv") && (name.starts_with("h26") || name.starts_with("mpeg4")) {
                continue;
            }
            let mut decoder = match Decoder::limited(&tracks[0], 2, limits) {
                Ok(decoder) => decoder,
                Err(error) => {
                    assert!(sized(&error), "{name}: {error}");
                    continue;
                }
            };
            let error = packets.iter().find_map(|packet| decoder.send(packet).err()).expect("it is over the limit");
            assert!(sized(&error) && !error.is_recoverable(), "{name}: {error}");
            assert!(error.to_string().contains("160 x "), "{name}: {error}");
            assert!(decoder.receive().is_none(), "{name}: a picture comes all the same");
            tracks[0].config.clear();
        }
        // exactly as large as is allowed, in whole blocks
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let limits = PictureLimits { max_pixels: 160 * 128 };
        let mut decoder = Decoder::limited(&tracks[0], 2, limits).unwrap();
        packets.iter().for_each(|packet| decoder.send(packet).unwrap_or_else(|e| panic!("{name}: {e}")));
        assert!(decoder.receive().is_some(), "{name}");
    }
}

#[test]
fn many_large_pictures_to_lean_on_are_refused_by_name() {
    let studio = Studio::new();
    let limits = PictureLimits { max_pixels: 160 * 128 };
    let x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -threads 1 -an -x264-params";
    let x265 = "-c:v libx265 -preset veryfast -pix_fmt yuv420p -an -x265-params";
    let many = "ref=12:bframes=4:b-adapt=0:allow-non-conformance=1:log-level=none";
    for (name, arguments) in [
        ("sixteen.mkv", format!("{x264} ref=16:bframes=0")),
        ("sixteen.ts", format!("{x264} ref=16:bframes=0")),
        ("sixteen.mp4", format!("{x265} {many}")),
        ("more.ts", format!("{x265} {many}")),
    ] {
        let path = studio.make(name, &arguments);
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let error = match Decoder::limited(&tracks[0], 1, limits) {
            Err(error) => error,
            Ok(mut decoder) => packets.iter().find_map(|packet| decoder.send(packet).err()).expect("it keeps too many"),
        };
        let MediaError::TooManyReferences { width: 160, kept, .. } = error else { panic!("{name}: {error}") };
        assert!(kept > 8 && error.to_string().contains(&kept.to_string()), "{name}: {error}");
        // of small pictures there may be this many
        let mut decoder = Decoder::new(&tracks[0], 1).unwrap();
        packets.iter().for_each(|packet| decoder.send(packet).unwrap_or_else(|e| panic!("{name}: {e}")));
    }
}

#[test]
fn a_size_in_the_middle_of_a_stream_is_held_to_the_limit() {
    let studio = Studio::new();
    let limits = PictureLimits { max_pixels: 160 * 128 };
    for (ending, arguments) in [("ts", H264), ("mkv", MJPEG), ("ts", "-c:v mpeg2video"), ("ts", H265)] {
        let small = studio.make(&format!("small.{ending}"), &format!("{arguments} -an"));
        let large = studio.make(&format!("large.{ending}"), &format!("{arguments} -s 320x240 -an"));
        let (tracks, packets) = read_file(&small, DemuxOptions::default());
        let mut decoder = Decoder::limited(&tracks[0], 1, limits).unwrap();
        packets.iter().for_each(|packet| decoder.send(packet).unwrap());
        let larger = read_file(&large, DemuxOptions::default()).1;
        let error = larger.iter().find_map(|packet| decoder.send(packet).err());
        assert!(matches!(error, Some(MediaError::TooManyPixels { width: 320, .. })), "{arguments}: {error:?}");
    }
}
