//! The facts of a stream, and of one stream after another.

use crate::format::{EndKind, Frame, Reason, Record, Start, StreamRecord, Track, sha256};
use crate::seal::PieceFault;

use super::grants::Grants;
use super::index_check::IndexCheck;
use super::provenance::Provenance;
use super::sessions::Sessions;
use super::tracks::TrackSurvey;

/// How a stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With an end record.
    Record(EndKind),
    /// Without an end record.
    Missing {
        /// How many bytes of the input were good.
        byte: u64,
        /// What stands there instead.
        fault: String,
    },
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
    /// Numbers of the first and the last epoch.
    pub epoch_range: Option<(u64, u64)>,
    /// Wall clock when the first and the last epoch were opened, UTC ns.
    pub epoch_walls: Option<(i64, i64)>,
    /// Key sessions and recipients.
    pub sessions: Sessions,
    /// Grants.
    pub grants: Grants,
    /// What it was made from.
    pub provenance: Provenance,
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
    /// It does not go on from the pieces of the same stream before it in its file.
    pub misplaced: Option<PieceFault>,
    /// Where it begins, in bytes from the beginning of the input.
    pub begins_at: u64,
    /// Frames of the epoch that is open.
    pub epoch_frames: u64,
    index_check: IndexCheck,
}

impl Survey {
    /// Adds a record of this stream. `payload` is the length of a frame's packet or ciphertext in bytes, `at` the byte
    /// offset of the record in the input.
    fn add(&mut self, record: &Record, payload: usize, at: u64) {
        match record {
            Record::Stream(s) => {
                self.index_check.stream(at);
                self.begins_at = at;
                self.tracks = s.tracks.iter().map(TrackSurvey::new).collect();
                // what was parsed is written again as it was
                self.hash = s.to_record().map(|r| sha256(&r)).unwrap_or_default();
                self.provenance = Provenance::of(s);
                self.stream = Some(s.clone());
            }
            Record::Keys(k) => {
                self.index_check.keys(at);
                self.sessions.keys(k);
            }
            Record::Start(s) => {
                self.index_check.start(s.epoch, at);
                self.start(s);
            }
            Record::Frame(f) => {
                self.epoch_frames += 1;
                self.index_check.frame(f, self.stream.as_ref().and_then(|s| s.tracks.get(f.track as usize)));
                if let Some(t) = self.tracks.get_mut(f.track as usize) {
                    t.add(f, payload);
                }
            }
            Record::Close(c) => {
                self.last = Some(c.reason);
                self.signatures += u64::from(c.signature.is_some());
            }
            Record::Grant(g) => {
                let hash = self.stream.is_some().then_some(&self.hash);
                if !self.grants.add(g, hash) {
                    self.sessions.unlisted += 1;
                }
            }
            Record::Index(i) => {
                self.index = Some(i.entries.len());
                self.index_wrong = !self.index_check.confirms(i);
            }
            Record::End(e) => self.end(Ending::Record(e.kind)),
            Record::Cut => {}
        }
    }

    /// Adds what a frame carries.
    fn payload(&mut self, f: &Frame, packet: &[u8]) {
        if let Some(s) = &self.stream {
            self.provenance.frame(s, f, packet);
        }
    }

    /// The stream is over.
    fn end(&mut self, ending: Ending) {
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

    /// From the time of the first frame to the end of the last one, over all tracks, in ns; `None` when no frame has a
    /// time.
    pub fn duration_ns(&self) -> Option<u64> {
        let spans = self.tracks().filter_map(|(t, c)| c.span_ns(t));
        let (first, end) = spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))?;
        Some(end.abs_diff(first))
    }

    /// Whether the frames are sealed.
    pub fn sealed(&self) -> bool {
        self.stream.as_ref().is_some_and(StreamRecord::sealed)
    }

    /// How it ends, as one word for programs: `complete`, `excerpt`, `cut`, `recovered` or `missing`.
    pub fn end_name(&self) -> &'static str {
        match &self.ending {
            Some(Ending::Record(EndKind::Complete)) => "complete",
            Some(Ending::Record(EndKind::Excerpt)) => "excerpt",
            Some(Ending::Record(EndKind::Cut)) => "cut",
            Some(Ending::Record(EndKind::Recovered)) => "recovered",
            Some(Ending::Missing { .. }) | None => "missing",
        }
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
        self.grants.start(s.epoch, s.wall_ns);
    }
}

/// Makes a [`Survey`] of each stream of an input.
#[derive(Debug, Default)]
pub struct Surveyor {
    open: Option<Survey>,
    begun: u64,
}

impl Surveyor {
    /// Adds the next record. `payload` is the length of a frame's packet or ciphertext in bytes, `at` the byte offset
    /// of the record in the input. Gives the survey of the stream that ends with it.
    pub fn add(&mut self, record: &Record, payload: usize, at: u64) -> Option<Survey> {
        if *record == Record::Cut {
            return self.stop(at, "its end is missing: another stream begins");
        }
        let survey = self.open.get_or_insert_with(|| {
            self.begun += 1;
            Survey { number: self.begun, ..Survey::default() }
        });
        survey.add(record, payload, at);
        self.open.take_if(|s| s.ending.is_some())
    }

    /// Adds the payload of the frame that was added last: the manifest of a public stream is known only from it.
    pub fn payload(&mut self, f: &Frame, packet: &[u8]) {
        if let Some(s) = &mut self.open {
            s.payload(f, packet);
        }
    }

    /// The input cannot be read any further: gives the survey of the stream that was being read, as far as it was read.
    pub fn stop(&mut self, byte: u64, fault: impl Into<String>) -> Option<Survey> {
        let mut survey = self.open.take()?;
        survey.end(Ending::Missing { byte, fault: fault.into() });
        Some(survey)
    }

    /// A survey of the stream that is being read, as if its input stopped here.
    pub fn so_far(&self, byte: u64, fault: impl Into<String>) -> Option<Survey> {
        let mut survey = self.open.clone()?;
        survey.end(Ending::Missing { byte, fault: fault.into() });
        Some(survey)
    }

    /// The stream that is being read.
    pub fn current(&self) -> Option<&Survey> {
        self.open.as_ref()
    }

    /// How many streams have begun.
    pub fn begun(&self) -> u64 {
        self.begun
    }
}
