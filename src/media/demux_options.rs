//! How to read an input.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::picture_limits::PictureLimits;

/// How to read an input.
#[derive(Clone, Debug, Default)]
pub struct DemuxOptions {
    /// Read the audio tracks, too.
    pub audio: bool,
    /// Of the tracks, by their numbers, only these; none means all.
    pub tracks: Vec<u16>,
    /// libavformat's short name of the format ("h264", "mpegts", "mp4"), where the bytes do not show it or to be quick.
    pub format: Option<String>,
    /// Pictures a second of a raw stream, which carries no times; else what the stream says, else 25.
    pub frame_rate: Option<(u32, u32)>,
    /// Look for tracks in at most this many bytes before the first packet; libavformat's default is 5,000,000.
    pub probe_bytes: Option<u32>,
    /// How large pictures may be.
    pub limits: PictureLimits,
    /// When this becomes true, reading ends within a moment, on a silent pipe, too.
    pub stop: Option<Arc<AtomicBool>>,
}
