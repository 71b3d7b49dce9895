//! Where records and media meet: `format` and `media` do not know each other.

use super::{Packet, TrackInfo};
use crate::format::{Frame, FrameFlags, NO_TIME, Track, TrackKind};
use crate::media;

/// A track of a stream record from a demuxer's or encoder's.
pub fn track_of(t: &TrackInfo) -> Track {
    Track {
        kind: match t.kind {
            media::TrackKind::Video => TrackKind::Video,
            media::TrackKind::Audio => TrackKind::Audio,
            media::TrackKind::Data => TrackKind::Data,
        },
        codec: t.codec.clone(),
        time_base: t.time_base,
        width: t.width,
        height: t.height,
        sample_aspect: t.sample_aspect,
        frame_rate: t.frame_rate,
        rotation: t.rotation,
        sample_rate: t.sample_rate,
        channels: t.channels,
        bits_per_sample: t.bits_per_sample,
        config: t.config.clone(),
    }
}

/// A muxer's or decoder's track from a stream record's.
pub fn info_of(t: &Track) -> TrackInfo {
    TrackInfo {
        kind: match t.kind {
            TrackKind::Video => media::TrackKind::Video,
            TrackKind::Audio => media::TrackKind::Audio,
            TrackKind::Data => media::TrackKind::Data,
        },
        codec: t.codec.clone(),
        time_base: t.time_base,
        width: t.width,
        height: t.height,
        sample_aspect: t.sample_aspect,
        frame_rate: t.frame_rate,
        rotation: t.rotation,
        sample_rate: t.sample_rate,
        channels: t.channels,
        bits_per_sample: t.bits_per_sample,
        config: t.config.clone(),
    }
}

/// The fields of a frame record for a packet; the counter is the writer's to fill in.
pub fn frame_of(p: &Packet) -> Frame {
    Frame {
        track: p.track,
        flags: FrameFlags { key: p.key, gap: p.gap, corrupt: p.corrupt },
        counter: 0,
        pts: p.pts.unwrap_or(NO_TIME),
        dts: p.dts.unwrap_or(NO_TIME),
        duration: p.duration.max(0),
    }
}

/// The packet of a frame record.
pub fn packet_of(f: &Frame, data: &[u8]) -> Packet {
    let time = |t: i64| (t != NO_TIME).then_some(t);
    Packet {
        track: f.track,
        pts: time(f.pts),
        dts: time(f.dts),
        duration: f.duration,
        key: f.flags.key,
        corrupt: f.flags.corrupt,
        gap: f.flags.gap,
        data: data.to_vec(),
    }
}
