//! What a public stream says about the original that it was made from.

use serde::Serialize;

use crate::base::text::{count, hex, printable};
use crate::format::{Frame, Manifest, Role, StreamRecord};

/// The original that a stream names in its manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Provenance {
    /// The stream has no track for a manifest.
    #[default]
    None,
    /// The track is there and carries nothing: the stream, or its original, was truncated.
    Missing,
    /// The stream is sealed.
    Sealed,
    /// What the track carries is no manifest, or there are several.
    Wrong,
    /// As the manifest claims.
    Named(Box<Manifest>),
}

#[derive(Serialize)]
pub(super) struct Json<'a> {
    stream: String,
    hash: String,
    first_epoch: u64,
    last_epoch: u64,
    last_close: String,
    frames: u64,
    first_pts: Option<i64>,
    last_pts: Option<i64>,
    program: &'a str,
    settings: &'a str,
}

impl Provenance {
    /// What the stream record alone says.
    pub(super) fn of(s: &StreamRecord) -> Self {
        match Manifest::track_of(s) {
            Some(_) if s.sealed() => Provenance::Sealed,
            Some(_) => Provenance::Missing,
            None => Provenance::None,
        }
    }

    /// Adds the packet of a frame.
    pub(super) fn frame(&mut self, s: &StreamRecord, f: &Frame, packet: &[u8]) {
        if *self != Provenance::Sealed && Manifest::track_of(s) == Some(f.track) {
            *self = match Manifest::parse(packet) {
                Ok(m) if *self == Provenance::Missing && s.role == Role::Public => Provenance::Named(Box::new(m)),
                _ => Provenance::Wrong,
            };
        }
    }

    pub(super) fn json(&self) -> Option<Json<'_>> {
        let Provenance::Named(m) = self else { return None };
        Some(Json {
            stream: hex(&m.stream),
            hash: hex(&m.stream_hash),
            first_epoch: m.first_epoch,
            last_epoch: m.last_epoch,
            last_close: hex(&m.last_close),
            frames: m.frames,
            first_pts: m.first_pts,
            last_pts: m.last_pts,
            program: &m.program,
            settings: &m.settings,
        })
    }

    /// Names and values of the lines of the text.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let m = match self {
            Provenance::None => return vec![("made from", "not said".into())],
            Provenance::Missing => return vec![("made from", "not said: there is no manifest before the end".into())],
            Provenance::Sealed => return vec![("made from", "sealed".into())],
            Provenance::Wrong => return vec![("made from", "not said: the manifest is damaged".into())],
            Provenance::Named(m) => m,
        };
        let times = match m.first_pts.zip(m.last_pts) {
            Some((first, last)) if m.frames > 0 => format!(", presentation times {first} to {last}"),
            _ => String::new(),
        };
        vec![
            ("made from", format!("stream {}, H {}", hex(&m.stream), hex(&m.stream_hash))),
            ("  up to", format!("the close record of epoch {}, {}", m.last_epoch, hex(&m.last_close))),
            ("  of it", format!("{} from epoch {} on, one for one{times}", count(m.frames, "picture"), m.first_epoch)),
            ("  by", printable(&m.program)),
            ("  settings", printable(m.settings.trim_end().replace('\n', "; ").as_str())),
        ]
    }
}
