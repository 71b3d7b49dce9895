//! In what order pictures are shown that come in the order of decoding.
//!
//! The codec's own picture order says it: H.264's and H.265's picture order count (ITU-T H.264 8.2.1, H.265 8.3.1),
//! the picture type of MPEG-2 and MPEG-4. As many pictures as the stream may reorder are held back; then the
//! lowest of them is the next one, as in a decoder's output (H.264 C.4.5.3).

use std::collections::{BTreeSet, VecDeque};

use ffmpeg_next::ffi;

use crate::format::Track;

use super::error::MediaError;
use super::packet::Packet;
use super::parser::Parser;

/// A reorder depth no codec exceeds (H.264 A.3.1: at most 16 frames).
const MAX_DEPTH: usize = 16;

/// Where a picture stands in the order of presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Coded video sequence: the order count begins anew in each.
    sequence: u64,
    count: i64,
    /// Index in decoding order, which keeps equal counts apart.
    index: u64,
}

/// Pictures' places, of which the lowest are given when no lower one can follow.
#[derive(Debug)]
struct Places {
    depth: usize,
    /// Not yet given, lowest first.
    open: BTreeSet<Place>,
    /// Given: indices in the order in which they are shown.
    shown: VecDeque<u64>,
}

impl Places {
    fn new(depth: usize) -> Self {
        Self { depth, open: BTreeSet::new(), shown: VecDeque::new() }
    }

    fn push(&mut self, place: Place) {
        // A new sequence begins: all that came before is shown before it.
        while self.open.first().is_some_and(|first| first.sequence < place.sequence) {
            self.give();
        }
        self.open.insert(place);
        while self.open.len() > self.depth {
            self.give();
        }
    }

    fn give(&mut self) {
        self.shown.extend(self.open.pop_first().map(|place| place.index));
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.give();
        }
    }
}

/// Watches one track.
pub(super) struct ShownOrder {
    parser: Parser,
    padded: Vec<u8>,
    /// MPEG-2 and MPEG-4 have no order count: a B picture is shown before the reference that it follows.
    by_type: bool,
    places: Places,
    index: u64,
    sequence: u64,
    count: i64,
}

impl ShownOrder {
    /// For packets of `track` whose decoder may hold back `depth` pictures.
    pub(super) fn new(track: &Track, depth: usize) -> Result<Self, MediaError> {
        Ok(Self {
            parser: Parser::new(track)?,
            padded: Vec::new(),
            by_type: track.codec.starts_with("mpeg"),
            places: Places::new(depth.min(MAX_DEPTH)),
            index: 0,
            sequence: 0,
            count: 0,
        })
    }

    /// How many pictures are held back.
    pub(super) fn depth(&self) -> usize {
        self.places.depth
    }

    /// Takes the next packet in decoding order, the first of which has the index 0.
    pub(super) fn push(&mut self, packet: &Packet) {
        let (count, kind) = self.parser.look(&packet.data, &mut self.padded);
        let place = self.place(count, kind, packet.key);
        self.places.push(place);
    }

    /// The index of the picture that is shown next, once it is known.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.places.shown.pop_front()
    }

    /// No packet follows: all indices are known.
    pub(super) fn finish(&mut self) {
        self.places.finish();
    }

    fn place(&mut self, count: i64, kind: ffi::AVPictureType, key: bool) -> Place {
        let index = self.index;
        self.index += 1;
        if self.by_type {
            // References are 2^16 apart; the B pictures after one lie between it and the one before.
            let b = kind == ffi::AVPictureType::AV_PICTURE_TYPE_B;
            self.count = if b { self.count + 1 } else { (self.count | 0xFFFF) + 1 };
            let count = if b { self.count - (1 << 16) } else { self.count };
            return Place { sequence: 0, count, index };
        }
        // An IDR picture has count 0 and everything after it in decoding order is shown after it.
        if key && count == 0 && index > 0 {
            self.sequence += 1;
        }
        Place { sequence: self.sequence, count, index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(depth: usize, counts: &[(u64, i64)]) -> Vec<u64> {
        let mut places = Places::new(depth);
        for (index, (sequence, count)) in (0..).zip(counts) {
            places.push(Place { sequence: *sequence, count: *count, index });
        }
        places.finish();
        places.shown.into()
    }

    #[test]
    fn order_counts_say_what_is_shown_next() {
        assert_eq!(shown(0, &[(0, 0), (0, 2), (0, 4)]), [0, 1, 2]);
        assert_eq!(shown(1, &[(0, 0), (0, 4), (0, 2), (0, 8), (0, 6)]), [0, 2, 1, 4, 3]);
        // I P B b b: a pyramid, two pictures deep; then a new sequence.
        assert_eq!(shown(2, &[(0, 0), (0, 8), (0, 4), (0, 2), (0, 6), (1, 0), (1, 2)]), [0, 3, 2, 4, 1, 5, 6]);
    }
}
