//! Which lists of recipients a file had when it was read.

use std::collections::BTreeMap;

/// Generations of the lists of recipients of a file: by H of the stream, and the session's number. Where a file has a
/// session more than once, the lowest one counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenLists(BTreeMap<([u8; 32], u32), u64>);

impl SeenLists {
    /// Adds a list of a file.
    pub fn add(&mut self, stream_hash: [u8; 32], session: u32, generation: u64) {
        let lowest = self.0.entry((stream_hash, session)).or_insert(generation);
        *lowest = generation.min(*lowest);
    }

    /// The generation of a session's list.
    pub fn generation(&self, stream_hash: &[u8; 32], session: u32) -> Option<u64> {
        self.0.get(&(*stream_hash, session)).copied()
    }

    /// Raises the generations to those of a later look at the same file; `most` lists are kept. Gives whether something
    /// is new. Every list begins with 1: that is nothing to remember.
    pub fn raise(&mut self, later: &SeenLists, most: usize) -> bool {
        let mut is_new = false;
        for (list, generation) in &later.0 {
            let is_room = self.0.len() < most || self.0.contains_key(list);
            if is_room && *generation > self.0.get(list).copied().unwrap_or(1) {
                self.0.insert(*list, *generation);
                is_new = true;
            }
        }
        is_new
    }

    /// All of them: H, number of the session, generation.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8; 32], u32, u64)> {
        self.0.iter().map(|((stream, session), generation)| (stream, *session, *generation))
    }
}
