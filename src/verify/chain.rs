//! Streams and parts of streams, in one file or several, that continue each other.

use std::collections::HashMap;

use crate::base::text::hex;
use crate::format::{Clock, EpochSpan, Start};
use crate::playback::epochs_text;
use crate::seal::{Bonds, Epochs, PieceFault, SeenPieces};

use super::findings::Kind;

/// The maximum number of streams that are remembered.
const STREAMS: usize = 1 << 16;

/// The streams that were checked so far, in the order of the files.
#[derive(Debug, Default)]
pub struct Chain {
    /// By the hash of the stream record.
    seen: HashMap<[u8; 32], SeenStream>,
    /// The stream record seen last of each stream id.
    by_id: HashMap<[u8; 16], [u8; 32]>,
    /// The last epoch of each stream id, and the recorder's clocks when it was opened.
    clocks: HashMap<[u8; 16], (u64, Clock)>,
    /// Number of the file that is being read.
    file: u64,
    /// What nothing proves about the edges, with the name of the file; `None` once something proves it.
    open: Vec<Option<(String, String)>>,
    /// The entry of `open` for the right edge of a stream.
    right: HashMap<[u8; 32], usize>,
    /// The sessions that a key has opened.
    pub(super) bonds: Bonds,
}

/// A stream, or a part of one, with which nothing is wrong.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Its epochs.
    pub span: &'a EpochSpan,
    /// Wall clock when its first and its last epoch were opened, UTC ns.
    pub walls: Option<(i64, i64)>,
    /// All of it was checked: then what nothing proves about its edges is worth a warning.
    pub is_proved: bool,
}

#[derive(Debug)]
struct SeenStream {
    /// Its pieces in that file.
    pieces: SeenPieces,
    /// Wall clock when its last epoch was opened, UTC ns.
    last_ns: Option<i64>,
    /// Name and number of the file.
    file: (String, u64),
}

/// What is wrong between a stream and what was read before it.
#[derive(Debug)]
pub(super) struct BrokenChain {
    pub kind: Kind,
    pub what: String,
    /// The first and the last epoch that is not proved because of it.
    pub lost: Option<Epochs>,
    /// Wall clock when the epoch before those was opened, UTC ns.
    pub from_ns: Option<i64>,
}

impl BrokenChain {
    fn damaged(what: String) -> Self {
        BrokenChain { kind: Kind::Damaged, what: format!("damaged: {what}"), lost: None, from_ns: None }
    }
}

impl Chain {
    /// What comes now is in another file. In one file parts of a stream must follow each other; of several files a part
    /// may be missing, and that is only worth a warning.
    pub(super) fn begin_file(&mut self) {
        self.file += 1;
    }

    /// The last epoch that was read of the stream, and the recorder's clocks when it was opened.
    pub(super) fn last_clock(&self, id: &[u8; 16]) -> Option<(u64, Clock)> {
        self.clocks.get(id).copied()
    }

    /// An epoch of the stream begins.
    pub(super) fn note_clock(&mut self, id: [u8; 16], s: &Start) {
        if self.clocks.len() < STREAMS || self.clocks.contains_key(&id) {
            self.clocks.insert(id, (s.epoch, Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns }));
        }
    }

    /// Adds a stream of `file`, or a part of one. Gives what is wrong between it and what came before it.
    pub(super) fn add(&mut self, part: &Part<'_>, file: &str) -> Option<BrokenChain> {
        let span = part.span;
        let room = self.seen.len() < STREAMS;
        let before = self.seen.remove(&span.hash);
        let same_file = before.as_ref().is_some_and(|b| b.file.1 == self.file);
        let (mut broken, mut left) = (None, None);
        match (&before, span.first) {
            (Some(before), _) if before.pieces.is_other(span) => {
                broken = Some(before.broken(PieceFault::Other));
            }
            // all of it again: nothing can be missing
            (Some(before), _) if same_file && before.pieces.is_again(span) => left = Some(before.repeated()),
            (Some(before), Some(_)) if same_file => {
                broken = before.pieces.check(span).err().map(|fault| before.broken(fault));
            }
            (Some(before), Some(first)) => match before.file_follows(first) {
                Ok(()) => {}
                Err(Gap::Unchained(b)) => broken = Some(b),
                Err(Gap::Edge(what)) => left = Some(what),
            },
            (None, Some((first, _))) if first > 0 => {
                left =
                    Some(format!("it is an excerpt of a longer stream: nothing proves what came before epoch {first}"));
            }
            _ => {}
        }
        if before.as_ref().is_some_and(|b| b.comes_before(span)) {
            self.close_right(&span.hash);
        }
        if before.is_none() && span.first.is_some_and(|(n, _)| n == 0) {
            match self.continues(span) {
                Ok(()) => {}
                Err(Gap::Unchained(b)) => broken = Some(b),
                Err(Gap::Edge(what)) => left = Some(what),
            }
        }
        if part.is_proved {
            self.add_edges(span, file, left);
        }
        if room || before.is_some() {
            let pieces = match before.filter(|_| same_file) {
                Some(before) => before.pieces.and(span),
                None => SeenPieces::new(span),
            };
            let (file, last_ns) = ((file.to_owned(), self.file), part.walls.map(|(_, last)| last));
            self.seen.insert(span.hash, SeenStream { pieces, last_ns, file });
            self.by_id.insert(span.id, span.hash);
        }
        broken
    }

    /// A part of a stream is damaged: what comes after it in the same file cannot be held against it.
    pub(super) fn add_damaged(&mut self, span: &EpochSpan) {
        if let Some(seen) = self.seen.get_mut(&span.hash).filter(|s| s.file.1 == self.file) {
            seen.pieces.add_damaged(span);
        }
    }

    /// What nothing proves about the edges, once all files were read.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.open.iter().flatten().map(|(file, what)| format!("{file}: {what}"))
    }

    /// Whether the stream that `span` names as the one before it was read, and ended so.
    fn continues(&self, span: &EpochSpan) -> Result<(), Gap> {
        let Some(c) = span.continues else { return Ok(()) };
        let Some(before) = self.by_id.get(&c.stream).and_then(|hash| self.seen.get(hash)) else {
            let id = hex(&c.stream);
            return Err(Gap::Edge(format!("the stream that it goes on from, {id}, is in no file before it")));
        };
        let other_end = c.last_close != [0; 32] && before.last().is_some_and(|(_, close)| close != c.last_close);
        if other_end {
            let what = format!("it goes on from another end of the stream before it than that in {}", before.file.0);
            return Err(Gap::Unchained(BrokenChain::damaged(what)));
        }
        Ok(())
    }

    /// Notes what nothing proves about the edges: `left` of the first one, and that of the last epoch.
    fn add_edges(&mut self, span: &EpochSpan, file: &str, left: Option<String>) {
        let right = span.last.filter(|_| !span.is_ended).map(|(last, _)| {
            format!("it is an excerpt of a longer stream: nothing proves what came after epoch {last}")
        });
        for (what, is_right) in [(left, false), (right, true)] {
            let Some(what) = what.filter(|_| self.open.len() < STREAMS) else { continue };
            if is_right {
                self.right.insert(span.hash, self.open.len());
            }
            self.open.push(Some((file.to_owned(), what)));
        }
    }

    fn close_right(&mut self, hash: &[u8; 32]) {
        if let Some(open) = self.right.remove(hash).and_then(|n| self.open.get_mut(n)) {
            *open = None;
        }
    }
}

/// What is not as it should be between two parts of a stream.
enum Gap {
    /// They do not belong together.
    Unchained(BrokenChain),
    /// Nothing proves what is between them.
    Edge(String),
}

impl SeenStream {
    /// Its last epoch, and the hash of that one's close record.
    fn last(&self) -> Option<(u64, [u8; 32])> {
        self.pieces.span().last
    }

    /// Whether the last epoch of this one comes before the first one of `next`.
    fn comes_before(&self, next: &EpochSpan) -> bool {
        matches!((self.last(), next.first), (Some((last, _)), Some((first, _))) if first > last)
    }

    /// Whether another file goes on with this stream.
    fn file_follows(&self, (first, previous_close): (u64, [u8; 32])) -> Result<(), Gap> {
        let Some((last, _)) = self.last() else { return Ok(()) };
        let name = &self.file.0;
        if last.checked_add(1) == Some(first) {
            let chained = self.pieces.chained((first, previous_close));
            return chained.map_err(|fault| Gap::Unchained(self.broken(fault)));
        }
        Err(Gap::Edge(if first > last {
            let missing = epochs_text(&[Epochs { first: last.saturating_add(1), last: first - 1 }]);
            format!("between it and {name}, {missing} of the stream are missing")
        } else {
            self.repeated()
        }))
    }

    fn repeated(&self) -> String {
        format!("it repeats epochs that are in {}, too", self.file.0)
    }

    /// What is wrong between this one and what comes after it.
    fn broken(&self, fault: PieceFault) -> BrokenChain {
        let name = &self.file.0;
        match fault {
            PieceFault::Missing { epochs, .. } => BrokenChain {
                kind: Kind::Cut,
                what: format!("cut: {fault}"),
                lost: Some(epochs),
                from_ns: self.last_ns,
            },
            PieceFault::Unchained { .. } => BrokenChain::damaged(format!("{fault} in {name}")),
            PieceFault::Other => {
                let what = format!("it ends as another stream than that in {name}, which has the same record");
                BrokenChain::damaged(what)
            }
            _ => BrokenChain::damaged(fault.to_string()),
        }
    }
}
