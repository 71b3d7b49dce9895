//! The frame record: one packet of one track.

use super::error::Fault;
use super::field_reader::Fields;
use super::header::{HEADER_LEN, Header};
use super::limits;
use super::record_type::RecordType;
use super::time;

/// Bytes of a frame record before the packet or ciphertext; in a sealed stream they are the associated data.
pub const FRAME_PREFIX: usize = HEADER_LEN + 4 + 3 * 8;

/// What sealing adds to a packet at least: its length before it and the tag after it.
const SEALED: usize = 4 + 16;

/// What the source said about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameFlags {
    /// Decoding can begin here.
    pub key: bool,
    /// Packets were lost before this one.
    pub gap: bool,
    /// The source marked the packet as corrupt.
    pub corrupt: bool,
    /// It is decoded and not shown: the source leaves it out, by an edit list for instance.
    pub hidden: bool,
}

/// The fields of a frame record before its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Index of its track.
    pub track: u16,
    /// Key frame, gap, corrupt, hidden.
    pub flags: FrameFlags,
    /// 0, 1, 2, ... over all tracks of the epoch.
    pub counter: u32,
    /// Presentation time in the track's time base, if known.
    pub pts: Option<i64>,
    /// Decoding time in the track's time base, if known.
    pub dts: Option<i64>,
    /// Duration in the track's time base, 0 when unknown.
    pub duration: i64,
}

impl FrameFlags {
    fn from_byte(b: u8) -> Self {
        FrameFlags { key: b & 1 != 0, gap: b & 2 != 0, corrupt: b & 4 != 0, hidden: b & 16 != 0 }
    }

    fn to_byte(self) -> u8 {
        u8::from(self.key) | u8::from(self.gap) << 1 | u8::from(self.corrupt) << 2 | u8::from(self.hidden) << 4
    }
}

impl Frame {
    /// Reads the fields of a frame record; the packet is the body from byte 28 on.
    pub fn parse(header: &Header, body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        Ok(Frame {
            track: header.track,
            flags: FrameFlags::from_byte(header.flags),
            counter: f.u32()?,
            pts: f.time()?,
            dts: f.time()?,
            duration: f.i64()?,
        })
    }

    /// When it is shown, as far as its times say: its presentation time, else its decoding time.
    pub fn show_time(&self) -> Option<i64> {
        self.pts.or(self.dts)
    }

    /// When it is decoded, as far as its times say: its decoding time, else its presentation time.
    pub fn decode_time(&self) -> Option<i64> {
        self.dts.or(self.pts)
    }

    /// What holds for every frame: `len` is that of the packet, in a sealed stream of the ciphertext and its tag.
    pub(super) fn check(&self, len: usize, sealed: bool) -> Result<(), Fault> {
        match sealed {
            _ if self.duration < 0 => Err(Fault::Duration),
            true if len < SEALED => Err(Fault::Short),
            false if len > limits::PACKET => Err(Fault::TooLong),
            _ => Ok(()),
        }
    }

    /// The record's first [`FRAME_PREFIX`] bytes for a body with `rest` bytes after them.
    /// Errors: [`Fault::TooLong`].
    pub fn prefix(&self, rest: usize) -> Result<[u8; FRAME_PREFIX], Fault> {
        let body = rest + FRAME_PREFIX - HEADER_LEN;
        let body_len = u32::try_from(body).ok().filter(|n| *n <= limits::FRAME).ok_or(Fault::TooLong)?;
        let header = Header { record: RecordType::Frame, flags: self.flags.to_byte(), track: self.track, body_len };
        let mut out = [0; FRAME_PREFIX];
        out[..8].copy_from_slice(&header.to_bytes());
        out[8..12].copy_from_slice(&self.counter.to_be_bytes());
        out[12..20].copy_from_slice(&time::to_bytes(self.pts));
        out[20..28].copy_from_slice(&time::to_bytes(self.dts));
        out[28..36].copy_from_slice(&self.duration.to_be_bytes());
        Ok(out)
    }
}
