//! A track of a stream: what a decoder or a container must know of it before its first packet.

use super::error::Fault;
use super::field_reader::{Fields, put_blob, put_ratio, put_text8};
use super::limits;

/// The bit of the rotation that says that the picture is mirrored.
const MIRRORED: u16 = 0x8000;

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    /// Access units of a video codec.
    Video,
    /// Packets of an audio codec.
    Audio,
    /// Anything else; codecs named `vidveil.*` are this project's.
    Data,
}

/// One track. Fields that do not belong to its kind are zero (ratios: 0/1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// What it carries.
    pub kind: TrackKind,
    /// libavcodec's name of the codec.
    pub codec: String,
    /// Seconds in a tick as numerator and denominator.
    pub time_base: (u32, u32),
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Sample aspect ratio, 0/1 when unknown.
    pub sample_aspect: (u32, u32),
    /// Nominal frames per second, 0/1 when unknown.
    pub frame_rate: (u32, u32),
    /// Degrees clockwise to turn the picture for display: 0, 90, 180, 270.
    pub rotation: u16,
    /// The picture is mirrored left to right for display, before it is turned.
    pub mirrored: bool,
    /// Hz.
    pub sample_rate: u32,
    /// Audio channels.
    pub channels: u16,
    /// Bits in a coded sample, 0 when unknown.
    pub bits_per_sample: u16,
    /// Codec configuration (libavcodec's extradata).
    pub config: Vec<u8>,
}

impl Track {
    /// A track of this kind of which nothing more is known: fields that do not apply to its kind have the values that
    /// the container wants there. `codec` and `time_base` as for [`Track::video`].
    pub fn new(kind: TrackKind, codec: &str, time_base: (u32, u32)) -> Self {
        Track {
            kind,
            codec: codec.to_owned(),
            time_base,
            width: 0,
            height: 0,
            sample_aspect: (0, 1),
            frame_rate: (0, 1),
            rotation: 0,
            mirrored: false,
            sample_rate: 0,
            channels: 0,
            bits_per_sample: 0,
            config: Vec::new(),
        }
    }

    /// A video track of square pixels, upright. `codec` is libavcodec's name of the codec, `time_base` the seconds in a
    /// tick as numerator and denominator, `size` width and height in pixels, `config` libavcodec's extradata.
    pub fn video(codec: &str, time_base: (u32, u32), size: (u32, u32), config: Vec<u8>) -> Self {
        let (width, height) = size;
        Track { width, height, sample_aspect: (1, 1), config, ..Track::new(TrackKind::Video, codec, time_base) }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.time_base.0 == 0 || self.time_base.1 == 0 {
            return Err(Fault::Ratio);
        }
        if !matches!(self.rotation, 0 | 90 | 180 | 270) {
            return Err(Fault::Value);
        }
        let picture = self.width != 0
            || self.height != 0
            || self.sample_aspect != (0, 1)
            || self.frame_rate != (0, 1)
            || self.rotation != 0
            || self.mirrored;
        let sound = self.sample_rate != 0 || self.channels != 0 || self.bits_per_sample != 0;
        if (picture && self.kind != TrackKind::Video) || (sound && self.kind != TrackKind::Audio) {
            return Err(Fault::TrackKind);
        }
        Ok(())
    }

    pub(super) fn parse(f: &mut Fields<'_>) -> Result<Self, Fault> {
        let kind = match f.u8()? {
            1 => TrackKind::Video,
            2 => TrackKind::Audio,
            3 => TrackKind::Data,
            _ => return Err(Fault::Value),
        };
        let len = f.u8()? as usize;
        let mut t = Track {
            kind,
            codec: f.text(len)?,
            time_base: f.ratio()?,
            width: f.u32()?,
            height: f.u32()?,
            sample_aspect: f.ratio()?,
            frame_rate: f.ratio()?,
            rotation: f.u16()?,
            mirrored: false,
            sample_rate: f.u32()?,
            channels: f.u16()?,
            bits_per_sample: f.u16()?,
            config: f.blob(limits::BLOB)?,
        };
        t.mirrored = t.rotation & MIRRORED != 0;
        t.rotation &= !MIRRORED;
        t.check()?;
        Ok(t)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.check()?;
        out.push(match self.kind {
            TrackKind::Video => 1,
            TrackKind::Audio => 2,
            TrackKind::Data => 3,
        });
        put_text8(out, &self.codec)?;
        put_ratio(out, self.time_base)?;
        out.extend_from_slice(&self.width.to_be_bytes());
        out.extend_from_slice(&self.height.to_be_bytes());
        put_ratio(out, self.sample_aspect)?;
        put_ratio(out, self.frame_rate)?;
        let turned = self.rotation | if self.mirrored { MIRRORED } else { 0 };
        out.extend_from_slice(&turned.to_be_bytes());
        out.extend_from_slice(&self.sample_rate.to_be_bytes());
        out.extend_from_slice(&self.channels.to_be_bytes());
        out.extend_from_slice(&self.bits_per_sample.to_be_bytes());
        put_blob(out, &self.config, limits::BLOB)
    }

    /// A media time of `ns` nanoseconds in ticks of this track, to the nearest.
    pub fn to_ticks(&self, ns: i64) -> i64 {
        let tick = i128::from(self.time_base.0) * 1_000_000_000;
        let ticks = (i128::from(ns) * i128::from(self.time_base.1) + tick / 2).div_euclid(tick.max(1));
        i64::try_from(ticks).unwrap_or(i64::MAX)
    }

    /// A time of this track in ns; `None` when it does not fit.
    pub fn to_ns(&self, ticks: i64) -> Option<i64> {
        let ns = i128::from(ticks) * i128::from(self.time_base.0) * 1_000_000_000;
        i64::try_from(ns.div_euclid(i128::from(self.time_base.1))).ok()
    }
}
