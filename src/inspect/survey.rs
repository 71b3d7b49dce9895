//! The facts of one stream.

use std::collections::HashMap;

use crate::format::{EndKind, Frame, Grant, Reason, Record, Start, StreamRecord, Track, sha256};

use super::places::Places;
use super::sessions::{Sessions, subject};
use super::{LISTED, Link, TrackSurvey};

/// How a stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With an end record.
    Record(EndKind),
    /// Without.
    Missing {
        /// How many bytes of the input were good.
        byte: u64,
        /// What stands there instead.
        fault: String,
    },
}

/// A grant, as it claims to be.
#[derive(Debug, Clone)]
pub struct GrantSurvey {
    /// First and last epoch.
    pub epochs: (u64, u64),
    /// Wall clock when the first of them was opened, UTC ns; `None` when it is not there.
    pub from_ns: Option<i64>,
    /// Wall clock when the epoch behind the last one was opened; `None` when there is none.
    pub until_ns: Option<i64>,
    /// SHA-256 of the grantee's certificate.
    pub fingerprint: [u8; 32],
    /// Subject of the grantee's certificate.
    pub to: String,
    /// It names this stream.
    pub fits: bool,
}

/// The facts of one stream.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Which stream of its input it is, from 1.
    pub number: u64,
    /// The stream record; `None` in a sidecar, which holds grants only.
    pub stream: Option<StreamRecord>,
    /// H: SHA-256 of the stream record.
    pub hash: [u8; 32],
    /// One for each track.
    pub tracks: Vec<TrackSurvey>,
    /// Epochs begun.
    pub epochs: u64,
    /// Number of the first one and of the last one.
    pub epoch_range: Option<(u64, u64)>,
    /// Wall clock when the first and the last epoch were opened, UTC ns.
    pub epoch_walls: Option<(i64, i64)>,
    /// Key sessions and recipients.
    pub sessions: Sessions,
    /// Grants.
    pub grants: Vec<GrantSurvey>,
    /// What it was made from.
    pub link: Link,
    /// Epochs with a signature.
    pub signatures: u64,
    /// What the last close record says.
    pub last: Option<Reason>,
    /// Entries of the index.
    pub index: Option<usize>,
    /// Some entry of the index is not where its epoch begins.
    pub index_wrong: bool,
    /// How it ends; `None` while it is read.
    pub ending: Option<Ending>,
    /// Frames of the epoch that is open.
    pub epoch_frames: u64,
    pub(super) places: Places,
    /// Grants that begin with an epoch, and that end before one.
    pub(super) grants_at: HashMap<u64, Vec<usize>>,
}

impl Survey {
    /// Takes a record of this stream in. `payload` is the length of a frame's packet or ciphertext, `at` the record's byte
    /// offset.
    pub(super) fn add(&mut self, record: &Record, payload: usize, at: u64) {
        match record {
            Record::Stream(s) => {
                self.places.stream(at);
                self.tracks = s.tracks.iter().map(TrackSurvey::new).collect();
                // what was parsed is written again as it was
                self.hash = s.to_record().map(|r| sha256(&r)).unwrap_or_default();
                self.link = Link::of(s);
                self.stream = Some(s.clone());
            }
            Record::Keys(k) => {
                self.places.keys(at);
                self.sessions.keys(k);
            }
            Record::Start(s) => {
                self.places.start(s.epoch, at);
                self.start(s);
            }
            Record::Frame(f) => {
                self.epoch_frames += 1;
                self.places.frame(f, self.stream.as_ref().and_then(|s| s.tracks.get(f.track as usize)));
                if let Some(t) = self.tracks.get_mut(f.track as usize) {
                    t.add(f, payload);
                }
            }
            Record::Close(c) => {
                self.last = Some(c.reason);
                self.signatures += u64::from(c.signature.is_some());
            }
            Record::Grant(g) => self.grant(g),
            Record::Index(i) => {
                self.index = Some(i.entries.len());
                self.index_wrong = !self.places.bear_out(i);
            }
            Record::End(e) => self.end(Ending::Record(e.kind)),
            Record::Cut => {}
        }
    }

    /// Takes in what a plain frame carries.
    pub(super) fn payload(&mut self, f: &Frame, packet: &[u8]) {
        if let Some(s) = &self.stream {
            self.link.frame(s, f, packet);
        }
    }

    /// The stream is over.
    pub(super) fn end(&mut self, ending: Ending) {
        self.sessions.close();
        self.ending = Some(ending);
    }

    /// Frames of all tracks.
    pub fn frames(&self) -> u64 {
        self.tracks.iter().map(|t| t.frames).sum()
    }

    /// Payload bytes of all tracks.
    pub fn bytes(&self) -> u64 {
        self.tracks.iter().map(|t| t.bytes).sum()
    }

    /// Each track with what was counted of it.
    pub fn tracks(&self) -> impl Iterator<Item = (&Track, &TrackSurvey)> {
        self.stream.iter().flat_map(|s| &s.tracks).zip(&self.tracks)
    }

    /// From the first frame's time to the last frame's end over all tracks, ns; `None` when no frame has a time.
    pub fn duration_ns(&self) -> Option<u64> {
        let spans = self.tracks().filter_map(|(t, c)| c.span_ns(t));
        let (first, end) = spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))?;
        Some(end.abs_diff(first))
    }

    /// Whether frames are sealed.
    pub fn sealed(&self) -> bool {
        self.stream.as_ref().is_some_and(StreamRecord::sealed)
    }

    /// Whether the stream record names a signer.
    pub fn signed(&self) -> bool {
        self.stream.as_ref().is_some_and(|s| !s.signer.is_empty())
    }

    fn start(&mut self, s: &Start) {
        self.epochs += 1;
        self.epoch_range = Some((self.epoch_range.map_or(s.epoch, |(first, _)| first), s.epoch));
        self.epoch_walls = Some((self.epoch_walls.map_or(s.wall_ns, |(first, _)| first), s.wall_ns));
        self.epoch_frames = 0;
        // an epoch that is open says nothing of the end
        self.last = None;
        self.sessions.start(s, &self.hash);
        for n in self.grants_at.get(&s.epoch).into_iter().flatten() {
            let Some(g) = self.grants.get_mut(*n) else { continue };
            if g.epochs.0 == s.epoch {
                g.from_ns = Some(s.wall_ns);
            } else {
                g.until_ns = Some(s.wall_ns);
            }
        }
    }

    fn grant(&mut self, g: &Grant) {
        if self.grants.len() < LISTED {
            let fits = self.stream.is_none() || g.stream_hash == self.hash;
            for epoch in [Some(g.first), g.last.checked_add(1)].into_iter().flatten() {
                self.grants_at.entry(epoch).or_default().push(self.grants.len());
            }
            self.grants.push(GrantSurvey {
                epochs: (g.first, g.last),
                from_ns: None,
                until_ns: None,
                fingerprint: sha256(&g.recipient),
                to: subject(&g.recipient),
                fits,
            });
        } else {
            self.sessions.unlisted += 1;
        }
    }
}
