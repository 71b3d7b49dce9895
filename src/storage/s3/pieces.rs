//! The ranges of an object that are at hand.

use std::collections::VecDeque;

use bytes::Bytes;

/// The number of bytes of an object that are kept, the last read longest.
const KEPT: usize = 32 << 20;

/// Pieces of one object, the one used last at the end.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: VecDeque<(u64, Bytes)>,
    held: usize,
}

impl Pieces {
    /// The bytes from `at` on, as far as they are in one piece.
    pub fn find(&mut self, at: u64) -> Option<Bytes> {
        let i = self.pieces.iter().rposition(|(from, bytes)| (*from..from + bytes.len() as u64).contains(&at))?;
        let (from, bytes) = self.pieces.remove(i)?;
        let found = bytes.slice((at - from) as usize..);
        self.pieces.push_back((from, bytes));
        Some(found)
    }

    /// Whether the byte is at hand.
    pub fn has(&self, at: u64) -> bool {
        self.pieces.iter().any(|(from, bytes)| (*from..from + bytes.len() as u64).contains(&at))
    }

    /// Where the next piece after `at` begins.
    pub fn next_behind(&self, at: u64) -> Option<u64> {
        self.pieces.iter().map(|(from, _)| *from).filter(|from| *from > at).min()
    }

    /// Adds a piece, and forgets those that were not used for longest.
    pub fn add(&mut self, from: u64, bytes: Bytes) {
        self.held += bytes.len();
        self.pieces.push_back((from, bytes));
        while self.held > KEPT && self.pieces.len() > 1 {
            self.held -= self.pieces.pop_front().map_or(0, |(_, bytes)| bytes.len());
        }
    }

    pub fn clear(&mut self) {
        *self = Pieces::default();
    }
}
