//! The manifest: which original a public stream was made from. It is the packet of a data track, not a record of its
//! own.

use super::error::Fault;
use super::field_reader::{Fields, put_blob, put_text16};
use super::limits;
use super::stream::StreamRecord;
use super::time;
use super::track::{Track, TrackKind};

/// Codec of the data track that carries the manifest.
pub const MANIFEST_CODEC: &str = "vidveil.manifest";

/// What a public stream says of the original that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Id of the original.
    pub stream: [u8; 16],
    /// SHA-256 of its stream record: H.
    pub stream_hash: [u8; 32],
    /// Number of the first epoch that was read.
    pub first_epoch: u64,
    /// Number of the last epoch whose close record was read.
    pub last_epoch: u64,
    /// SHA-256 of that close record.
    pub last_close: [u8; 32],
    /// The frame map: the number of frames of the original's video track that this stream shows, one for one by
    /// presentation time: of the first one, or of the one that the settings name.
    pub frames: u64,
    /// Lowest presentation time of them, `None` when they have none.
    pub first_pts: Option<i64>,
    /// Highest presentation time of them, `None` when they have none.
    pub last_pts: Option<i64>,
    /// The program that made the public stream, and its version.
    pub program: String,
    /// Its settings: a scene file.
    pub settings: String,
}

impl Manifest {
    /// The video track of the original that its settings name; else it is the first one.
    pub fn video_track(&self) -> Option<u16> {
        let value = |line: &str| line.strip_prefix("track")?.trim_start().strip_prefix('=')?.trim().parse().ok();
        self.settings.lines().find_map(value)
    }

    /// The track that carries it, for a stream record.
    pub fn track() -> Track {
        Track::new(TrackKind::Data, MANIFEST_CODEC, (1, 1000))
    }

    /// Index of the track that carries a stream's manifest.
    pub fn track_of(s: &StreamRecord) -> Option<u16> {
        let at = s.tracks.iter().position(|t| t.kind == TrackKind::Data && t.codec == MANIFEST_CODEC)?;
        u16::try_from(at).ok()
    }

    /// Reads the packet.
    pub fn parse(packet: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(packet);
        let m = Manifest {
            stream: f.array()?,
            stream_hash: f.array()?,
            first_epoch: f.u64()?,
            last_epoch: f.u64()?,
            last_close: f.array()?,
            frames: f.u64()?,
            first_pts: f.time()?,
            last_pts: f.time()?,
            program: {
                let len = f.u16()? as usize;
                f.text(len)?
            },
            settings: String::from_utf8(f.blob(limits::BLOB)?).map_err(|_| Fault::Text)?,
        };
        f.finish()?;
        if m.first_epoch > m.last_epoch || m.first_pts > m.last_pts { Err(Fault::Unsorted) } else { Ok(m) }
    }

    /// The packet.
    pub fn to_packet(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(&self.stream);
        out.extend_from_slice(&self.stream_hash);
        out.extend_from_slice(&self.first_epoch.to_be_bytes());
        out.extend_from_slice(&self.last_epoch.to_be_bytes());
        out.extend_from_slice(&self.last_close);
        out.extend_from_slice(&self.frames.to_be_bytes());
        out.extend_from_slice(&time::to_bytes(self.first_pts));
        out.extend_from_slice(&time::to_bytes(self.last_pts));
        put_text16(&mut out, &self.program, u16::MAX.into())?;
        put_blob(&mut out, self.settings.as_bytes(), limits::BLOB)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let m = Manifest {
            stream: [1; 16],
            stream_hash: [2; 32],
            first_epoch: 0,
            last_epoch: 3,
            last_close: [3; 32],
            frames: 40,
            first_pts: Some(-5),
            last_pts: Some(900),
            program: "vidveil 1".into(),
            settings: "block = 16\n".into(),
        };
        let packet = m.to_packet().unwrap();
        assert_eq!(Manifest::parse(&packet), Ok(m));
        for n in 0..packet.len() {
            assert_eq!(Manifest::parse(&packet[..n]), Err(Fault::Short));
        }
        let bent = |at: usize, value: u8| {
            let mut packet = packet.clone();
            packet[at] = value;
            Manifest::parse(&packet)
        };
        assert_eq!(Manifest::parse(&[&packet[..], &[0]].concat()), Err(Fault::LeftOver));
        assert_eq!(bent(48, 1), Err(Fault::Unsorted), "first epoch above the last");
        assert_eq!(bent(104, 127), Err(Fault::Unsorted), "first time above the last");
        assert_eq!(bent(122, 0xff), Err(Fault::Text), "a program that is not UTF-8");
        assert_eq!(bent(131, 1), Err(Fault::ListTooLong), "settings of 16 MiB");
    }
}
