//! The one description of a track and of a stream that tests and benches begin with; each changes what it is about.

use vidveil::format::{Role, StreamRecord, Suite, Track, TrackKind};

/// 64x48 pixels, 25 pictures a second, times in milliseconds.
pub fn video() -> Track {
    Track {
        kind: TrackKind::Video,
        codec: "h264".into(),
        time_base: (1, 1000),
        width: 64,
        height: 48,
        sample_aspect: (1, 1),
        frame_rate: (25, 1),
        rotation: 0,
        sample_rate: 0,
        channels: 0,
        bits_per_sample: 0,
        config: vec![1, 2, 3],
    }
}

/// Stereo, 48,000 samples a second, times in milliseconds.
pub fn audio() -> Track {
    Track { kind: TrackKind::Audio, codec: "aac".into(), sample_rate: 48_000, channels: 2, ..data() }
}

/// Times in milliseconds.
pub fn data() -> Track {
    Track {
        kind: TrackKind::Data,
        codec: "vidveil.test".into(),
        width: 0,
        height: 0,
        sample_aspect: (0, 1),
        frame_rate: (0, 1),
        config: Vec::new(),
        ..video()
    }
}

/// A plain original that begins at `start_ns`, UTC.
pub fn stream(start_ns: i64, tracks: Vec<Track>) -> StreamRecord {
    StreamRecord {
        id: *b"0123456789abcdef",
        role: Role::Original,
        suite: Suite::Plain,
        start_ns,
        origin_ns: 0,
        camera: String::new(),
        continues: None,
        signer: Vec::new(),
        tracks,
    }
}
