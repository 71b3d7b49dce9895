//! Faults in the preamble and in the stream record.

use super::build::Build;
use super::cases::{Case, plain};
use super::specs::*;
use super::wire::*;

/// A stream record with a fault, and a good stream after it.
fn with(b: &mut Build, change: fn(&mut Stream)) {
    b.fault();
    b.preamble();
    b.stream(change);
    b.finish();
}

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    plain(name, "header", comment, build)
}

pub fn cases() -> Vec<Case> {
    vec![
        case("header_magic", "the first byte is 0x88", |b| {
            b.fault();
            b.plain();
            b.finish();
            b.out[0] = 0x88;
        }),
        case("header_text", "a text and no container", |b| b.raw(b"this is not a stream of records\n")),
        case("header_version", "version 2", |b| {
            b.fault();
            b.plain();
            b.finish();
            b.out[7] = 2;
        }),
        case("header_second_version", "the second stream has version 2", |b| {
            b.plain();
            b.finish();
            b.fault();
            b.raw(&[&PREAMBLE[..7], &[2]].concat());
        }),
        case("header_first_record", "the first record is an end, not a stream record", |b| {
            b.preamble();
            b.end(|e| e.kind = 2);
        }),
        case("header_length", "the stream record claims 1 MiB and a byte", |b| {
            b.preamble();
            b.raw(&[1, 0, 0, 0, 0x00, 0x10, 0x00, 0x01]);
        }),
        case("header_record_flags", "a flag in the stream record's header", |b| with(b, |s| s.flags = 1)),
        case("header_record_track", "a track in the stream record's header", |b| with(b, |s| s.track = 1)),
        case("header_tail", "a byte after the last track", |b| with(b, |s| s.tail = vec![0])),
        case("header_short", "the stream record lacks its last byte", |b| {
            b.fault();
            b.preamble();
            let record = Stream { ..minimal() }.record();
            b.raw(&super::wire::record(STREAM, 0, 0, &record[8..record.len() - 1]));
        }),
        case("header_role_zero", "role 0", |b| with(b, |s| s.role = 0)),
        case("header_role", "role 3", |b| with(b, |s| s.role = 3)),
        case("header_suite", "suite 2", |b| with(b, |s| s.suite = 2)),
        case("header_reserved", "a reserved byte is not zero", |b| with(b, |s| s.reserved = [0, 1])),
        case("header_camera_control", "a bell in the camera's name", |b| with(b, |s| s.camera = b"gate\x07".to_vec())),
        case("header_camera_del", "U+007F in the camera's name", |b| with(b, |s| s.camera = b"gate\x7f".to_vec())),
        case("header_camera_c1", "U+0085 in the camera's name", |b| with(b, |s| s.camera = "gate\u{85}".into())),
        case("header_camera_utf8", "the camera's name is no UTF-8", |b| with(b, |s| s.camera = vec![0xC3, 0x28])),
        case("header_camera_long", "a camera name of 256 bytes", |b| with(b, |s| s.camera = vec![b'a'; 256])),
        case("header_continues", "continues is 2, with the fields of 1", |b| {
            with(b, |s| (s.continues, s.before) = (2, Some(([9; 16], [0; 32]))))
        }),
        case("header_signer_long", "a signer's certificate of 64 KiB and a byte", |b| {
            with(b, |s| s.signer = vec![0x30; 65_537])
        }),
        case("header_no_tracks", "no track", |b| with(b, |s| s.tracks.clear())),
        case("header_17_tracks", "17 tracks", |b| with(b, |s| s.tracks.extend((0..16).map(|_| audio())))),
        case("header_kind", "a track of kind 4", |b| with(b, |s| s.tracks[0] = Track { kind: 4, ..data() })),
        case("header_codec_control", "an escape in a codec's name", |b| {
            with(b, |s| s.tracks[0].codec = b"h264\x1b".to_vec())
        }),
        case("header_time_base_num", "a time base of 0/1000", |b| with(b, |s| s.tracks[0].time_base = (0, 1000))),
        case("header_time_base_den", "a time base of 1/0", |b| with(b, |s| s.tracks[0].time_base = (1, 0))),
        case("header_aspect", "a sample aspect ratio of 1/0", |b| with(b, |s| s.tracks[0].aspect = (1, 0))),
        case("header_rate", "a frame rate of 25/0", |b| with(b, |s| s.tracks[0].rate = (25, 0))),
        case("header_rotation", "rotated by 45 degrees", |b| with(b, |s| s.tracks[0].rotation = 45)),
        case("header_rotation_mirrored", "mirrored, and rotated by 45 degrees", |b| {
            with(b, |s| s.tracks[0].rotation = 0x8000 | 45)
        }),
        case("header_audio_mirrored", "a mirrored audio track", |b| {
            with(b, |s| s.tracks.push(Track { rotation: 0x8000, ..audio() }))
        }),
        case("header_video_audio", "a video track with a sample rate", |b| with(b, |s| s.tracks[0].sample_rate = 8000)),
        case("header_audio_size", "an audio track with a size", |b| {
            with(b, |s| s.tracks.push(Track { size: (640, 360), ..audio() }))
        }),
        case("header_audio_rotation", "a rotated audio track", |b| {
            with(b, |s| s.tracks.push(Track { rotation: 90, ..audio() }))
        }),
        case("header_audio_aspect", "an audio track with a sample aspect ratio", |b| {
            with(b, |s| s.tracks.push(Track { aspect: (1, 1), ..audio() }))
        }),
        case("header_audio_rate", "an audio track with a frame rate", |b| {
            with(b, |s| s.tracks.push(Track { rate: (25, 1), ..audio() }))
        }),
        case("header_video_bits", "a video track with bits in a sample", |b| with(b, |s| s.tracks[0].bits = 16)),
        case("header_data_channels", "a data track with channels", |b| {
            with(b, |s| s.tracks.push(Track { channels: 1, ..data() }))
        }),
        case("header_config_long", "a codec configuration of 64 KiB and a byte", |b| {
            with(b, |s| s.tracks[0].config = vec![0; 65_537])
        }),
    ]
}

fn minimal() -> Stream {
    Stream {
        flags: 0,
        track: 0,
        id: [1; 16],
        role: 1,
        suite: 0,
        reserved: [0; 2],
        camera: Vec::new(),
        continues: 0,
        before: None,
        signer: Vec::new(),
        tracks: vec![video()],
        tail: Vec::new(),
    }
}
