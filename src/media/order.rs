//! Presentation times for packets that come without: raw Annex B streams and AVI give only the order of decoding.
//!
//! The codec's own picture order says which picture is shown first: H.264's and H.265's picture order count (ITU-T
//! H.264 8.2.1, H.265 8.3.1), MPEG-4's picture type. As many pictures as the stream may reorder are held back; then the
//! lowest of them has the next place, as in a decoder's output (H.264 C.4.5.3).

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

/// Gives packets their places. Times of decoding come in, one a packet; pairs of times come out.
#[derive(Debug)]
struct Places {
    depth: usize,
    /// Places not yet given, lowest first.
    open: BTreeSet<Place>,
    /// The times of the next places to be given.
    slots: VecDeque<i64>,
    /// Given: (index, pts).
    given: VecDeque<(u64, i64)>,
}

impl Places {
    fn new(depth: usize) -> Self {
        Self { depth, open: BTreeSet::new(), slots: VecDeque::new(), given: VecDeque::new() }
    }

    fn push(&mut self, place: Place, slot: i64) {
        // A new sequence begins: all that came before is shown before it.
        while self.open.first().is_some_and(|first| first.sequence < place.sequence) {
            self.give();
        }
        self.slots.push_back(slot);
        self.open.insert(place);
        while self.open.len() > self.depth {
            self.give();
        }
    }

    fn give(&mut self) {
        if let (Some(place), Some(slot)) = (self.open.pop_first(), self.slots.pop_front()) {
            self.given.push_back((place.index, slot));
        }
    }

    /// The time of the picture with this index, once it is known.
    fn take(&mut self, index: u64) -> Option<i64> {
        let at = self.given.iter().position(|(given, _)| *given == index)?;
        self.given.remove(at).map(|(_, pts)| pts)
    }
}

/// Holds packets back until their presentation time is known.
pub(super) struct Reorder {
    parser: Parser,
    padded: Vec<u8>,
    /// MPEG-4 has no order count: a B picture is shown before the reference that it follows.
    by_type: bool,
    places: Places,
    waiting: VecDeque<(u64, Packet)>,
    ready: VecDeque<Packet>,
    index: u64,
    sequence: u64,
    count: i64,
    /// Times of decoding of the last packets, for those of the next: they run `depth` packets behind.
    times: VecDeque<i64>,
}

impl Reorder {
    /// For packets of `track` whose decoder may hold back `depth` pictures.
    pub(super) fn new(track: &Track, depth: usize) -> Result<Self, MediaError> {
        let depth = depth.min(MAX_DEPTH);
        Ok(Self {
            parser: Parser::new(track)?,
            padded: Vec::new(),
            by_type: track.codec == "mpeg4",
            places: Places::new(depth),
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
            index: 0,
            sequence: 0,
            count: 0,
            times: VecDeque::new(),
        })
    }

    /// Takes the next packet in decoding order; `slot` is the time of decoding that its container gave.
    pub(super) fn push(&mut self, mut packet: Packet, slot: i64) {
        let (count, kind) = self.parser.look(&packet.data, &mut self.padded);
        let place = self.place(count, kind, packet.key);
        self.places.push(place, slot);
        packet.dts = Some(self.behind(slot, packet.duration.max(1)));
        self.waiting.push_back((place.index, packet));
        self.release();
    }

    /// No packet follows: everything held back is ready.
    pub(super) fn finish(&mut self) {
        while !self.places.open.is_empty() {
            self.places.give();
        }
        self.release();
    }

    /// The next packet that has its times.
    pub(super) fn pop(&mut self) -> Option<Packet> {
        self.ready.pop_front()
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

    /// The time `depth` packets ago, so that no picture is shown before it is decoded.
    fn behind(&mut self, slot: i64, duration: i64) -> i64 {
        let depth = self.places.depth;
        if self.times.is_empty() {
            let back = (1..=depth).rev().map(|n| slot.saturating_sub(duration.saturating_mul(n as i64)));
            self.times.extend(back);
        }
        self.times.push_back(slot);
        self.times.pop_front().unwrap_or(slot)
    }

    fn release(&mut self) {
        while let Some((index, packet)) = self.waiting.front_mut() {
            let Some(pts) = self.places.take(*index) else { return };
            packet.pts = Some(pts);
            packet.dts = packet.dts.map(|dts| dts.min(pts));
            self.ready.extend(self.waiting.pop_front().map(|(_, packet)| packet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(depth: usize, counts: &[(u64, i64)]) -> Vec<i64> {
        let mut places = Places::new(depth);
        for (index, (sequence, count)) in (0..).zip(counts) {
            places.push(Place { sequence: *sequence, count: *count, index }, index as i64 * 10);
        }
        while !places.open.is_empty() {
            places.give();
        }
        (0..counts.len() as u64).map(|index| places.take(index).unwrap()).collect()
    }

    #[test]
    fn order_counts_become_times() {
        assert_eq!(times(0, &[(0, 0), (0, 2), (0, 4)]), [0, 10, 20]);
        assert_eq!(times(1, &[(0, 0), (0, 4), (0, 2), (0, 8), (0, 6)]), [0, 20, 10, 40, 30]);
        // I P B b b: a pyramid, two pictures deep; then a new sequence.
        assert_eq!(times(2, &[(0, 0), (0, 8), (0, 4), (0, 2), (0, 6), (1, 0), (1, 2)]), [0, 40, 20, 10, 30, 50, 60]);
    }
}
