//! Streams and parts of streams, in one file or several, that continue each other.

use std::collections::HashMap;

use crate::base::text::hex;
use crate::format::{Start, StreamRecord};
use crate::playback::epochs_text;
use crate::seal::Epochs;

/// The maximum number of streams that are remembered.
const STREAMS: usize = 1 << 16;

/// The edges of a stream as far as it was read.
#[derive(Debug, Clone)]
pub(super) struct Edges {
    hash: [u8; 32],
    id: [u8; 16],
    continues: Option<crate::format::Continues>,
    /// Number of the first epoch, and the hash of the close record before it.
    first: Option<(u64, [u8; 32])>,
    /// Number of the last epoch that was closed, and the hash of that close record.
    pub last: Option<(u64, [u8; 32])>,
    /// It ended with LAST.
    pub ended: bool,
}

/// The streams that were checked so far, in the order of the files.
#[derive(Debug, Default)]
pub struct Chain {
    seen: HashMap<[u8; 16], (Edges, String)>,
    /// What nothing proves about the edges, with the name of the file; `None` once something proves it.
    open: Vec<Option<(String, String)>>,
    /// The entry of `open` for the right edge of a stream.
    right: HashMap<[u8; 16], usize>,
}

impl Edges {
    pub fn new(s: &StreamRecord, hash: [u8; 32]) -> Self {
        Edges { hash, id: s.id, continues: s.continues, first: None, last: None, ended: false }
    }

    pub fn start(&mut self, s: &Start) {
        self.first.get_or_insert((s.epoch, s.previous_close));
    }
}

impl Chain {
    /// Adds a stream of `file` that nothing is wrong with. Gives what is wrong between it and the streams before it.
    pub(super) fn add(&mut self, edges: Edges, file: &str) -> Option<String> {
        let (mut wrong, mut left) = (None, None);
        let before = self.seen.get(&edges.id).filter(|(e, _)| e.hash == edges.hash);
        let before = before.map(|(e, name)| (e.last, name.clone()));
        match (&before, edges.first) {
            (Some((last, name)), Some((first, previous))) => match *last {
                Some((last, close)) if last.checked_add(1) == Some(first) => {
                    if close == previous {
                        self.close_right(&edges.id);
                    } else {
                        wrong = Some(format!("epoch {first} does not go on from epoch {last} in {name}"));
                    }
                }
                Some((last, _)) if first > last => {
                    let missing = epochs_text(&[Epochs { first: last.saturating_add(1), last: first - 1 }]);
                    self.close_right(&edges.id);
                    left = Some(format!("between it and {name}, {missing} of the stream are missing"));
                }
                Some(_) => left = Some(format!("it repeats epochs that are in {name}, too")),
                None => {}
            },
            (None, Some((first, _))) if first > 0 => {
                left =
                    Some(format!("it is an excerpt of a longer stream: nothing proves what came before epoch {first}"));
            }
            _ => {}
        }
        if let (None, Some(c), true) = (&before, edges.continues, edges.first.is_some_and(|(n, _)| n == 0)) {
            match self.seen.get(&c.stream) {
                Some((e, name))
                    if c.last_close != [0; 32] && e.last.is_some_and(|(_, close)| close != c.last_close) =>
                {
                    wrong = Some(format!("it goes on from another end of the stream before it than that in {name}"));
                }
                Some(_) => {}
                None => {
                    left =
                        Some(format!("the stream that it goes on from, {}, is in no file before it", hex(&c.stream)));
                }
            }
        }
        let room = self.open.len() < STREAMS;
        self.open.extend(left.filter(|_| room).map(|what| Some((file.to_owned(), what))));
        if let (false, Some((last, _)), true) = (edges.ended, edges.last, room) {
            let what = format!("it is an excerpt of a longer stream: nothing proves what came after epoch {last}");
            self.right.insert(edges.id, self.open.len());
            self.open.push(Some((file.to_owned(), what)));
        }
        if self.seen.len() < STREAMS {
            self.seen.insert(edges.id, (edges, file.to_owned()));
        }
        wrong
    }

    /// What nothing proves about the edges, once all files were read.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.open.iter().flatten().map(|(file, what)| format!("{file}: {what}"))
    }

    fn close_right(&mut self, id: &[u8; 16]) {
        if let Some(open) = self.right.remove(id).and_then(|n| self.open.get_mut(n)) {
            *open = None;
        }
    }
}
