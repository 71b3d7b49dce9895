//! The stream record: what is recorded, by whom, since when.

use super::error::Fault;
use super::field_reader::{Fields, put_blob, put_text16};
use super::frame::Frame;
use super::header::build;
use super::limits;
use super::record_type::RecordType;
use super::track::{Track, TrackKind};

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

impl Role {
    /// Its name, for people and for programs: "original" or "public".
    pub fn name(self) -> &'static str {
        match self {
            Role::Original => "original",
            Role::Public => "public",
        }
    }
}

impl StreamRecord {
    /// A plain original of the camera that begins at `start_ns` (UTC, ns since 1970), where the media time is 0. `id`
    /// is random. It continues no other stream and has no signer.
    pub fn original(id: [u8; 16], camera: impl Into<String>, start_ns: i64, tracks: Vec<Track>) -> Self {
        StreamRecord {
            id,
            role: Role::Original,
            suite: Suite::Plain,
            start_ns,
            origin_ns: 0,
            camera: camera.into(),
            continues: None,
            signer: Vec::new(),
            tracks,
        }
    }

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

    /// UTC in ns of the media time `media_ns`.
    pub fn utc_ns(&self, media_ns: i64) -> i64 {
        self.start_ns.saturating_add(media_ns).saturating_sub(self.origin_ns)
    }

    /// Media time in ns of the moment `utc_ns`.
    pub fn media_ns(&self, utc_ns: i64) -> i64 {
        utc_ns.saturating_sub(self.start_ns).saturating_add(self.origin_ns)
    }

    /// When a frame is shown, and until when: UTC in ns; `None` when its time is not known.
    pub fn shown_ns(&self, f: &Frame) -> Option<(i64, i64)> {
        let track = self.tracks.get(usize::from(f.track))?;
        let ticks = f.show_time()?;
        let from = self.utc_ns(track.to_ns(ticks)?);
        let until = track.to_ns(ticks.saturating_add(f.duration));
        Some((from, until.map_or(from, |ns| self.utc_ns(ns))))
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
