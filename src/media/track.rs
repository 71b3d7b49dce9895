//! What a track is, and the packets of it.

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    Data,
}

/// What a decoder or a container must know of a track before its first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInfo {
    /// What the track carries.
    pub kind: TrackKind,
    /// libavcodec's name of the codec: "h264", "hevc", "mpeg4", "mjpeg", "aac".
    pub codec: String,
    /// Seconds per tick of all times of this track, numerator and denominator, both > 0.
    pub time_base: (u32, u32),
    /// Width in pixels (video, else 0).
    pub width: u32,
    /// Height in pixels (video, else 0).
    pub height: u32,
    /// Width to height of a pixel, 0/1 unknown.
    pub sample_aspect: (u32, u32),
    /// Nominal pictures per second, 0/1 unknown.
    pub frame_rate: (u32, u32),
    /// Turn clockwise by this many degrees to show upright: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Samples per second (audio, else 0).
    pub sample_rate: u32,
    /// Channels (audio, else 0).
    pub channels: u16,
    /// Bits per coded sample (audio; 0 unknown).
    pub bits_per_sample: u16,
    /// Codec configuration: libavcodec's extradata.
    pub config: Vec<u8>,
}

/// One packet, bit for bit as it was in its container. Times are in ticks of the track's time base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Index into the tracks.
    pub track: u16,
    /// When to show it.
    pub pts: Option<i64>,
    /// When to decode it: never falls along a track, never after `pts`.
    pub dts: Option<i64>,
    /// How long to show it, 0 unknown.
    pub duration: i64,
    /// Decoding can begin here.
    pub key: bool,
    /// The source said that the content is damaged.
    pub corrupt: bool,
    /// Packets were lost before this one.
    pub gap: bool,
    /// The packet.
    pub data: Vec<u8>,
}
