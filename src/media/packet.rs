//! A packet of a track, and the frame record that it becomes.

use crate::format::{Frame, FrameFlags};

/// One packet, bit for bit as it was in its container. Times are in ticks of the track's time base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Index into the tracks.
    pub track: u16,
    /// When to show it.
    pub pts: Option<i64>,
    /// When to decode it, as the container says: in one that is well-formed it never falls along a track, and is never
    /// after `pts`.
    pub dts: Option<i64>,
    /// How long to show it, 0 unknown.
    pub duration: i64,
    /// Decoding can begin here.
    pub key: bool,
    /// The source said that the content is damaged.
    pub corrupt: bool,
    /// Packets were lost before this one.
    pub gap: bool,
    /// It is decoded and not shown: the source leaves it out.
    pub hidden: bool,
    /// The packet.
    pub data: Vec<u8>,
}

impl Packet {
    /// The packet of a frame record.
    pub fn from_frame(f: &Frame, data: &[u8]) -> Self {
        Packet {
            track: f.track,
            pts: f.pts,
            dts: f.dts,
            duration: f.duration,
            key: f.flags.key,
            corrupt: f.flags.corrupt,
            gap: f.flags.gap,
            hidden: f.flags.hidden,
            data: data.to_vec(),
        }
    }

    /// The fields of its frame record. The counter is 0: writers number the frames themselves.
    pub fn to_frame(&self) -> Frame {
        Frame {
            track: self.track,
            flags: FrameFlags { key: self.key, gap: self.gap, corrupt: self.corrupt, hidden: self.hidden },
            counter: 0,
            pts: self.pts,
            dts: self.dts,
            duration: self.duration.max(0),
        }
    }
}
