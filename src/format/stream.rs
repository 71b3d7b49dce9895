//! The stream record: what is recorded, by whom, since when.

use super::error::Fault;
use super::field_reader::{Fields, put_blob, put_ratio, put_text8, put_text16};
use super::header::{RecordType, build, limits};

/// Longest camera name in bytes.
const CAMERA: usize = 255;

/// Whether everybody may see the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the camera saw.
    Original,
    /// What `protect` made of it.
    Public,
}

/// How frames are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Not at all.
    Plain,
    /// HKDF-SHA-256, AES-256-GCM, HMAC-SHA-256.
    Sealed,
}

/// The stream that a stream goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continues {
    /// Its stream id.
    pub stream: [u8; 16],
    /// SHA-256 of its last close record, zeros when not known.
    pub last_close: [u8; 32],
}

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
    /// Hz.
    pub sample_rate: u32,
    /// Audio channels.
    pub channels: u16,
    /// Bits in a coded sample, 0 when unknown.
    pub bits_per_sample: u16,
    /// Codec configuration (libavcodec's extradata).
    pub config: Vec<u8>,
}

/// The stream record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// Random.
    pub id: [u8; 16],
    /// Original or public.
    pub role: Role,
    /// Plain or sealed.
    pub suite: Suite,
    /// UTC in ns of the media time `origin_ns`.
    pub start_ns: i64,
    /// Media time in ns that `start_ns` is the UTC of.
    pub origin_ns: i64,
    /// Camera name, may be empty.
    pub camera: String,
    /// The stream before, if any.
    pub continues: Option<Continues>,
    /// Signer's certificate (DER), empty when the stream is not signed.
    pub signer: Vec<u8>,
    /// 1 to 16 tracks.
    pub tracks: Vec<Track>,
}

impl Track {
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
            || self.rotation != 0;
        let sound = self.sample_rate != 0 || self.channels != 0 || self.bits_per_sample != 0;
        if (picture && self.kind != TrackKind::Video) || (sound && self.kind != TrackKind::Audio) {
            return Err(Fault::TrackKind);
        }
        Ok(())
    }

    fn parse(f: &mut Fields<'_>) -> Result<Self, Fault> {
        let kind = match f.u8()? {
            1 => TrackKind::Video,
            2 => TrackKind::Audio,
            3 => TrackKind::Data,
            _ => return Err(Fault::Value),
        };
        let len = f.u8()? as usize;
        let t = Track {
            kind,
            codec: f.text(len)?,
            time_base: f.ratio()?,
            width: f.u32()?,
            height: f.u32()?,
            sample_aspect: f.ratio()?,
            frame_rate: f.ratio()?,
            rotation: f.u16()?,
            sample_rate: f.u32()?,
            channels: f.u16()?,
            bits_per_sample: f.u16()?,
            config: f.blob(limits::BLOB)?,
        };
        t.check()?;
        Ok(t)
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
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
        out.extend_from_slice(&self.rotation.to_be_bytes());
        out.extend_from_slice(&self.sample_rate.to_be_bytes());
        out.extend_from_slice(&self.channels.to_be_bytes());
        out.extend_from_slice(&self.bits_per_sample.to_be_bytes());
        put_blob(out, &self.config, limits::BLOB)
    }

    /// A time of this track in ns; `None` for an unknown one.
    pub fn to_ns(&self, ticks: i64) -> Option<i64> {
        if ticks == super::NO_TIME {
            return None;
        }
        let ns = i128::from(ticks) * i128::from(self.time_base.0) * 1_000_000_000;
        i64::try_from(ns.div_euclid(i128::from(self.time_base.1))).ok()
    }
}

impl StreamRecord {
    /// Reads the body of a stream record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let id = f.array()?;
        let role = match f.u8()? {
            1 => Role::Original,
            2 => Role::Public,
            _ => return Err(Fault::Value),
        };
        let suite = match f.u8()? {
            0 => Suite::Plain,
            1 => Suite::Sealed,
            _ => return Err(Fault::Value),
        };
        f.zeros(2)?;
        let (start_ns, origin_ns) = (f.i64()?, f.i64()?);
        let len = f.u16()? as usize;
        if len > CAMERA {
            return Err(Fault::ListTooLong);
        }
        let camera = f.text(len)?;
        let continues = match f.u8()? {
            0 => None,
            1 => Some(Continues { stream: f.array()?, last_close: f.array()? }),
            _ => return Err(Fault::Value),
        };
        let signer = f.blob(limits::BLOB)?;
        let count = f.u8()? as usize;
        if count == 0 || count > limits::TRACKS {
            return Err(Fault::TrackCount);
        }
        let tracks = (0..count).map(|_| Track::parse(&mut f)).collect::<Result<_, _>>()?;
        f.finish()?;
        Ok(StreamRecord { id, role, suite, start_ns, origin_ns, camera, continues, signer, tracks })
    }

    /// The whole record, header and body. Its SHA-256 is what the manual page calls H.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        if self.tracks.is_empty() || self.tracks.len() > limits::TRACKS {
            return Err(Fault::TrackCount);
        }
        build(RecordType::Stream, 0, |out| {
            out.extend_from_slice(&self.id);
            out.push(match self.role {
                Role::Original => 1,
                Role::Public => 2,
            });
            out.push(u8::from(self.sealed()));
            out.extend_from_slice(&[0; 2]);
            out.extend_from_slice(&self.start_ns.to_be_bytes());
            out.extend_from_slice(&self.origin_ns.to_be_bytes());
            put_text16(out, &self.camera, CAMERA)?;
            match &self.continues {
                None => out.push(0),
                Some(c) => {
                    out.push(1);
                    out.extend_from_slice(&c.stream);
                    out.extend_from_slice(&c.last_close);
                }
            }
            put_blob(out, &self.signer, limits::BLOB)?;
            out.push(self.tracks.len() as u8);
            self.tracks.iter().try_for_each(|t| t.encode(out))
        })
    }

    /// Whether frames are sealed.
    pub fn sealed(&self) -> bool {
        self.suite == Suite::Sealed
    }

    /// The first video track's index.
    pub fn first_video(&self) -> Option<u16> {
        self.tracks.iter().position(|t| t.kind == TrackKind::Video).and_then(|i| u16::try_from(i).ok())
    }
}
