//! What no picture depends on may be as broken as it likes: nothing is damaged by it, and damage of slices shows all
//! the same.

use vidveil::format::Track;
use vidveil::media::{Decoder, DemuxOptions, Packet, Picture};

use crate::support::media::*;

/// Messages that do not parse, delimiters, filler, and units of unknown types.
const H265_UNITS: [&[u8]; 16] = [
    b"\x4e\x01\x05\x05abcde\x80",
    b"\x4e\x01\x05\xff\xff\xff",
    b"\x4e\x01\x01\x00\x80",
    b"\x4e\x01\x00\x01\x00\x80",
    b"\x4e\x01\x89\x03abc\x80",
    b"\x4e\x01\x04\x05\xb5\x00\x3c\x00\x01\x80",
    b"\x4e\x01\x81\x01\xff\x80",
    b"\x4e\x01",
    b"\x4e",
    b"\x50\x01\x84\x01\x00\x80",
    b"\x50\x01\x84\x11\x00\x80",
    b"\x46\x01",
    b"\x4c\x01\xff\x80",
    b"\x52\x01abc",
    b"\x64\x01zz",
    b"\x7e\x01zz",
];
const H264_UNITS: [&[u8]; 11] = [
    b"\x06\x05\x05abcde\x80",
    b"\x06\x05\xff\xff\xff",
    b"\x06\x01\x00\x80",
    b"\x06\x00\x01\x00\x80",
    b"\x06",
    b"\x09",
    b"\x09\xff\xff\xff",
    b"\x0c\xff\xff\x80",
    b"\x78abc",
    b"\x6fzzzz",
    b"\x60zz",
];
/// The same of JPEG: segments of applications and comments.
const JPEG_SEGMENTS: [&[u8]; 8] = [
    b"\xff\xfe\x00\x00",
    b"\xff\xfe\x00\x01",
    b"\xff\xe3\x00\x01",
    b"\xff\xe1\x00\x20Exif\x00\x00MM\x00\x2a\xff\xff\xff\xffAAAAAAAAAAAAAAAA",
    b"\xff\xe2\x00\x20ICC_PROFILE\x00\x09\x01xxxxxxxxxxxxxxxx",
    b"\xff\xe0\x00\x10JFXX\x00\x10zzzzzzz",
    b"\xff\xe0\x00\x06AVzz",
    b"\xff\xef\x00\x04zz",
];

fn decode(track: &Track, packets: &[Packet]) -> (Vec<Picture>, Vec<String>) {
    let mut decoder = Decoder::new(track, 1).unwrap();
    let (mut pictures, mut refused) = (Vec::new(), Vec::new());
    for packet in packets {
        refused.extend(decoder.send(packet).err().map(|e| e.to_string()));
        pictures.extend(std::iter::from_fn(|| decoder.receive()));
    }
    refused.extend(decoder.flush().err().map(|e| e.to_string()));
    pictures.extend(std::iter::from_fn(|| decoder.receive()));
    (pictures, refused)
}

/// A unit as it stands in packets of this file.
fn framed(name: &str, unit: &[u8]) -> Vec<u8> {
    match name.rsplit_once('.').unwrap().1 {
        "avi" => unit.to_vec(),
        "mkv" | "mp4" => [&(unit.len() as u32).to_be_bytes(), unit].concat(),
        _ => [&[0, 0, 0, 1], unit].concat(),
    }
}

/// Puts the unit into every packet: in front of its picture, in JPEG after its beginning.
fn put(name: &str, packets: &mut [Packet], unit: &[u8]) {
    let at = if name.ends_with("avi") { 2 } else { 0 };
    for p in packets {
        p.data.splice(at..at, framed(name, unit));
    }
}

fn cases() -> Vec<(&'static str, String, &'static [&'static [u8]])> {
    // what is cut off decodes as some picture in H.265: the encoder's hash shows it
    let hashed = format!("{H265}:hash=1");
    vec![
        ("a.h264", H264.into(), &H264_UNITS[..]),
        ("a.ts", H264.into(), &H264_UNITS),
        ("a.mkv", H264.into(), &H264_UNITS),
        ("b.h265", hashed.clone(), &H265_UNITS),
        ("b.ts", hashed.clone(), &H265_UNITS),
        ("b.mp4", hashed, &H265_UNITS),
        ("c.avi", MJPEG.into(), &JPEG_SEGMENTS),
    ]
}

#[test]
fn broken_data_that_no_picture_depends_on_damages_nothing() {
    let studio = Studio::new();
    for (name, codec, units) in cases() {
        let path = studio.make(name, &format!("{codec} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (good, refused) = decode(&tracks[0], &packets);
        assert!(good.len() == 50 && refused.is_empty(), "{name}: {refused:?}");
        for unit in units {
            let mut packets = packets.clone();
            put(name, &mut packets, unit);
            let (pictures, refused) = decode(&tracks[0], &packets);
            assert!(refused.is_empty(), "{name} {unit:x?}: {refused:?}");
            assert!(pictures == good, "{name} {unit:x?}: {} pictures", pictures.len());
        }
        // zeros after the last slice, and less than a length
        if name != "c.avi" {
            let mut packets = packets;
            packets.iter_mut().for_each(|p| p.data.extend([0, 0, 0]));
            assert!(decode(&tracks[0], &packets).0 == good, "{name}: with zeros at the end");
        }
    }
}

#[test]
fn damaged_slices_are_seen_among_broken_data() {
    let studio = Studio::new();
    for (name, codec, units) in cases() {
        let path = studio.make(name, &format!("{codec} -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (good, _) = decode(&tracks[0], &packets);
        let mut packets = packets;
        let bad_at = 14 + packets[14..20].iter().position(|p| !p.key).unwrap_or(0);
        let half = packets[bad_at].data.len() / 2;
        packets[bad_at].data.truncate(half);
        put(name, &mut packets, units[0]);
        let (pictures, _) = decode(&tracks[0], &packets);
        let damaged = pictures.iter().filter(|p| p.damaged).count() + 50 - pictures.len();
        assert!((1..=16).contains(&damaged), "{name}: {damaged}");
        for picture in pictures {
            let original = good.iter().find(|p| p.pts == picture.pts).unwrap();
            assert!(picture.damaged || picture.planes == original.planes, "{name}: silently bad at {}", picture.pts);
        }
    }
}

#[test]
fn a_picture_that_its_checksum_was_not_made_of_is_damaged_and_called_so() {
    let studio = Studio::new();
    for name in ["b.h265", "b.ts", "b.mp4"] {
        let path = studio.make(name, &format!("{H265}:hash=1 -an"));
        let (tracks, packets) = read_file(&path, DemuxOptions::default());
        let (good, _) = decode(&tracks[0], &packets);
        for bad_at in [0, 14, 23] {
            let mut packets = packets.clone();
            let data = &mut packets[bad_at].data;
            let hash = data.windows(3).rposition(|w| w == [0x50, 1, 132]).unwrap();
            data[hash + 8] ^= 1;
            let (pictures, refused) = decode(&tracks[0], &packets);
            assert_eq!(refused, ["a picture is not the one that its checksum (MD5) was made of"], "{name} {bad_at}");
            let damaged = pictures.iter().filter(|p| p.damaged).count() + good.len() - pictures.len();
            assert!((1..30).contains(&damaged), "{name} {bad_at}: {damaged}");
            for picture in pictures {
                let original = good.iter().find(|p| p.pts == picture.pts).unwrap();
                assert!(
                    picture.damaged || picture.planes == original.planes,
                    "{name}: silently bad at {}",
                    picture.pts
                );
            }
        }
    }
}

#[test]
fn a_configuration_with_a_broken_message_opens() {
    let studio = Studio::new();
    let path = studio.make("b.mp4", &format!("{H265} -an"));
    let (mut tracks, packets) = read_file(&path, DemuxOptions::default());
    let (good, _) = decode(&tracks[0], &packets);
    let config = &mut tracks[0].config;
    config[22] += 1;
    config.extend([39, 0, 1, 0, 10]);
    config.extend(H265_UNITS[0]);
    assert!(decode(&tracks[0], &packets).0 == good);
}
