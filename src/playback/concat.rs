//! Consecutive excerpts of one stream, read as one stream.
//!
//! An archive keeps a recording in pieces: the same stream record and keys record, and the epochs go on. Between two
//! pieces stand an end and a beginning that are none.

use std::collections::VecDeque;

use crate::format::{End, EndKind, Reason, StreamRecord, sha256};
use crate::seal::{Epochs, Opened};

/// What comes out.
pub(super) enum Concatenated {
    /// What came in, or an end that is known better now.
    As(Opened),
    /// Between two pieces these epochs are missing. The UTC of the last picture before them, where that is known.
    Gap(Epochs, Option<i64>),
    /// This epoch has the right number, and names another close record than the one before it.
    Unchained(u64),
    /// This piece begins with an epoch that does not come after the one before it.
    Back(Epochs),
}

/// Takes what an opener gives, and leaves out what stands between pieces of one stream.
#[derive(Default)]
pub(super) struct Concat {
    ready: VecDeque<Concatenated>,
    /// After the end of an excerpt, until it is known what comes.
    between: Option<Between>,
    stream: Option<Begun>,
    /// Granted epochs that the piece being read lacks.
    missing: Vec<Epochs>,
}

struct Between {
    /// None after a jump from one file to another.
    end: Option<End>,
    stream: Option<StreamRecord>,
}

/// The stream as far as it was read.
struct Begun {
    record: StreamRecord,
    hash: [u8; 32],
    first: Option<u64>,
    next: Option<u64>,
    opened: Vec<Epochs>,
    last_close: Option<[u8; 32]>,
    reason: Option<Reason>,
    until_utc_ns: Option<i64>,
    pieces: u64,
    gaps: bool,
}

impl Concat {
    pub fn pop(&mut self) -> Option<Concatenated> {
        self.ready.pop_front()
    }

    /// Takes what was read. `hash` is H of the stream being read, `raw` the record read last.
    pub fn push(&mut self, o: Opened, hash: [u8; 32], raw: &[u8]) {
        if let Some(between) = &mut self.between {
            match o {
                Opened::Stream(s) if self.stream.as_ref().is_some_and(|b| b.hash == hash) => {
                    between.stream = Some(s);
                    return;
                }
                // of no use here, and they must not pile up
                Opened::Grant(_) | Opened::Index(_) | Opened::Keys(_) | Opened::Closed(_) => {}
                Opened::Missing(_) => {}
                Opened::Start(ref s) => self.decide(s.epoch, Some(s.previous_close)),
                Opened::Skipped(epochs) => self.decide(epochs.first, None),
                _ => self.flush(),
            }
        }
        self.note(&o, hash, raw);
        match o {
            Opened::Missing(epochs) => self.missing.push(epochs),
            Opened::End(end) if end.kind == EndKind::Excerpt && self.stream.is_some() => {
                self.between = Some(Between { end: Some(end), stream: None });
            }
            Opened::End(end) => self.end(end),
            o => self.ready.push_back(Concatenated::As(o)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// What comes next is no more of the same: what was held back is as it said.
    pub fn flush(&mut self) {
        let Some(Between { end, stream }) = self.between.take() else { return };
        let hash = self.stream.as_ref().map_or([0; 32], |b| b.hash);
        if let Some(end) = end {
            self.end(end);
        }
        if let Some(record) = stream {
            self.stream = Some(Begun::new(&record, hash));
            self.ready.push_back(Concatenated::As(Opened::Stream(record)));
        }
    }

    /// Reading goes on in another file, which is known to hold more of the same stream.
    pub fn jump(&mut self) {
        self.missing.clear();
        self.between = Some(Between { end: None, stream: None });
    }

    /// The first epoch of a piece shows whether it is more of the same stream.
    fn decide(&mut self, epoch: u64, previous_close: Option<[u8; 32]>) {
        let Some(Between { end, stream: Some(record) }) = self.between.take_if(|b| b.stream.is_some()) else {
            return self.flush();
        };
        let Some((begun, next)) = self.stream.as_mut().and_then(|b| b.next.map(|n| (b, n))) else {
            self.between = Some(Between { end, stream: Some(record) });
            return self.flush();
        };
        if epoch < next && end.is_some() {
            self.ready.push_back(Concatenated::Back(Epochs { first: epoch, last: next - 1 }));
            self.between = Some(Between { end, stream: Some(record) });
            return self.flush();
        }
        begun.pieces += 1;
        // what this piece lacks may have been in the one before; it says itself what it lacks
        self.missing.clear();
        if end.is_none() {
            return;
        }
        if epoch > next {
            begun.gaps = true;
            self.ready.push_back(Concatenated::Gap(Epochs { first: next, last: epoch - 1 }, begun.until_utc_ns));
        } else if begun.record.sealed() && previous_close.zip(begun.last_close).is_some_and(|(a, b)| a != b) {
            begun.gaps = true;
            self.ready.push_back(Concatenated::Unchained(epoch));
        }
    }

    fn note(&mut self, o: &Opened, hash: [u8; 32], raw: &[u8]) {
        match (o, &mut self.stream) {
            (Opened::Stream(s), _) => self.stream = Some(Begun::new(s, hash)),
            (Opened::Cut, _) => {
                self.stream = None;
                self.missing.clear();
            }
            (Opened::Start(s), Some(begun)) => {
                begun.first.get_or_insert(s.epoch);
                begun.next = s.epoch.checked_add(1);
                begun.last_close = None;
                match begun.opened.last_mut() {
                    Some(run) if run.last.checked_add(1) == Some(s.epoch) => run.last = s.epoch,
                    _ => begun.opened.push(Epochs { first: s.epoch, last: s.epoch }),
                }
            }
            (Opened::Skipped(epochs), Some(begun)) => {
                begun.first.get_or_insert(epochs.first);
                begun.next = epochs.last.checked_add(1);
                begun.last_close = None;
            }
            (Opened::Close(c), Some(begun)) => {
                begun.last_close = Some(sha256(raw));
                begun.reason = Some(c.reason);
                let lead = usize::from(begun.record.first_video().unwrap_or(0));
                let last = c.tracks.get(lead).and_then(|t| t.last_pts);
                let ns = last.zip(begun.record.tracks.get(lead)).and_then(|(t, track)| track.to_ns(t));
                begun.until_utc_ns = ns.map(|ns| begun.record.utc_ns(ns)).or(begun.until_utc_ns);
            }
            _ => {}
        }
    }

    /// The stream ends here. How one in pieces ends is known by its epochs, since every piece calls itself an excerpt.
    fn end(&mut self, mut end: End) {
        let begun = self.stream.take();
        let opened: Vec<Epochs> = begun.iter().flat_map(|b| &b.opened).copied().collect();
        for missing in std::mem::take(&mut self.missing) {
            self.ready.extend(without(missing, &opened).into_iter().map(|m| Concatenated::As(Opened::Missing(m))));
        }
        if let Some(b) = begun.filter(|b| b.pieces > 1 && !b.gaps && b.first == Some(0)) {
            end.kind = match b.reason {
                None | Some(Reason::NotLast) => EndKind::Excerpt,
                Some(Reason::InputCut) => EndKind::Cut,
                Some(_) => EndKind::Complete,
            };
        }
        self.ready.push_back(Concatenated::As(Opened::End(end)));
    }
}

impl Begun {
    fn new(s: &StreamRecord, hash: [u8; 32]) -> Self {
        Begun {
            record: s.clone(),
            hash,
            first: None,
            next: None,
            opened: Vec::new(),
            last_close: None,
            reason: None,
            until_utc_ns: None,
            pieces: 1,
            gaps: false,
        }
    }
}

/// The runs of epochs in `all` that are in none of the runs `left_out`.
fn without(all: Epochs, left_out: &[Epochs]) -> Vec<Epochs> {
    let mut left_out = left_out.to_vec();
    left_out.sort_unstable_by_key(|run| run.first);
    let (mut runs, mut next) = (Vec::new(), Some(all.first));
    for run in left_out.iter().filter(|run| run.last >= all.first && run.first <= all.last) {
        if let Some(first) = next.filter(|next| *next < run.first) {
            runs.push(Epochs { first, last: run.first - 1 });
        }
        next = next.and_then(|next| Some(next.max(run.last.checked_add(1)?)));
    }
    runs.extend(next.filter(|next| *next <= all.last).map(|first| Epochs { first, last: all.last }));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(all: (u64, u64), left_out: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let of = |(first, last): (u64, u64)| Epochs { first, last };
        let left_out: Vec<Epochs> = left_out.iter().copied().map(of).collect();
        without(of(all), &left_out).into_iter().map(|run| (run.first, run.last)).collect()
    }

    #[test]
    fn what_was_opened_is_taken_out_of_a_run_however_long_it_is() {
        assert_eq!(runs((3, 9), &[]), [(3, 9)]);
        assert_eq!(runs((3, 9), &[(5, 6), (0, 3), (8, 8)]), [(4, 4), (7, 7), (9, 9)]);
        assert_eq!(runs((3, 9), &[(4, 8), (5, 6)]), [(3, 3), (9, 9)]);
        assert_eq!(runs((3, 9), &[(3, 9)]), []);
        assert_eq!(runs((3, 9), &[(10, 12), (0, 2)]), [(3, 9)]);
        assert_eq!(runs((0, u64::MAX), &[(7, 9)]), [(0, 6), (10, u64::MAX)]);
        assert_eq!(runs((5, u64::MAX), &[(7, u64::MAX)]), [(5, 6)]);
    }
}
