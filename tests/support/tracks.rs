//! The one description of a track and of a stream that tests and benches begin with; each changes what it is about.

use vidveil::format::{Role, StreamRecord, Suite, Track, TrackKind};

/// 64x48 pixels, 25 pictures a second, times in milliseconds.
pub fn video() -> Track {
    Track { frame_rate: (25, 1), ..Track::video("h264", (1, 1000), (64, 48), vec![1, 2, 3]) }
}

/// Stereo, 48,000 samples a second, times in milliseconds.
pub fn audio() -> Track {
    Track { sample_rate: 48_000, channels: 2, ..Track::new(TrackKind::Audio, "aac", (1, 1000)) }
}

/// Times in milliseconds.
pub fn data() -> Track {
    Track::new(TrackKind::Data, "vidveil.test", (1, 1000))
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
