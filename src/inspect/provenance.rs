//! What a public stream says of the original that it was made from.

use serde::Serialize;

use crate::base::text::{hex, printable};
use crate::format::{Frame, Manifest, Role, StreamRecord};

use crate::base::text::count;

/// The manifest of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Link {
    /// The stream has no track for one.
    #[default]
    None,
    /// The track is there, and nothing came on it: the stream is cut, or its original was.
    Missing,
    /// The stream is sealed.
    Sealed,
    /// What came is no manifest, or there are several.
    Wrong,
    /// As it claims.
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

impl Link {
    /// What can be said when the stream begins.
    pub(super) fn of(s: &StreamRecord) -> Self {
        match Manifest::track_of(s) {
            Some(_) if s.sealed() => Link::Sealed,
            Some(_) => Link::Missing,
            None => Link::None,
        }
    }

    /// Takes the packet of a frame in.
    pub(super) fn frame(&mut self, s: &StreamRecord, f: &Frame, packet: &[u8]) {
        if *self != Link::Sealed && Manifest::track_of(s) == Some(f.track) {
            *self = match Manifest::parse(packet) {
                Ok(m) if *self == Link::Missing && s.role == Role::Public => Link::Named(Box::new(m)),
                _ => Link::Wrong,
            };
        }
    }

    pub(super) fn json(&self) -> Option<Json<'_>> {
        let Link::Named(m) = self else { return None };
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

    /// Names and values of the lines for people.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let m = match self {
            Link::None => return vec![("made from", "not said".into())],
            Link::Missing => return vec![("made from", "not said: there is no manifest before the end".into())],
            Link::Sealed => return vec![("made from", "sealed".into())],
            Link::Wrong => return vec![("made from", "not said: the manifest is damaged".into())],
            Link::Named(m) => m,
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
