//! Presentation times for packets that come without: raw Annex B streams and AVI give only the order of decoding.

use std::collections::VecDeque;

use crate::format::Track;

use super::error::MediaError;
use super::packet::Packet;
use super::shown_order::ShownOrder;

/// Holds packets back until their presentation time is known.
pub(super) struct Reorder {
    order: ShownOrder,
    /// The times of the pictures that are shown next.
    slots: VecDeque<i64>,
    /// Known: (index, pts).
    given: VecDeque<(u64, i64)>,
    waiting: VecDeque<Packet>,
    /// The index of the first packet that waits.
    first: u64,
    ready: VecDeque<Packet>,
    /// Times of decoding of the last packets, for those of the next: they run `depth` packets behind.
    times: VecDeque<i64>,
}

impl Reorder {
    /// For packets of `track` whose decoder may hold back `depth` pictures.
    pub(super) fn new(track: &Track, depth: usize) -> Result<Self, MediaError> {
        Ok(Self {
            order: ShownOrder::new(track, depth)?,
            slots: VecDeque::new(),
            given: VecDeque::new(),
            waiting: VecDeque::new(),
            first: 0,
            ready: VecDeque::new(),
            times: VecDeque::new(),
        })
    }

    /// Takes the next packet in decoding order; `slot` is the time of decoding that its container gave.
    pub(super) fn push(&mut self, mut packet: Packet, slot: i64) {
        self.order.push(&packet);
        self.slots.push_back(slot);
        packet.dts = Some(self.behind(slot, packet.duration.max(1)));
        self.waiting.push_back(packet);
        self.release();
    }

    /// No packet follows: everything held back is ready.
    pub(super) fn finish(&mut self) {
        self.order.finish();
        self.release();
    }

    /// The next packet that has its times.
    pub(super) fn pop(&mut self) -> Option<Packet> {
        self.ready.pop_front()
    }

    /// The time `depth` packets ago, so that no picture is shown before it is decoded.
    fn behind(&mut self, slot: i64, duration: i64) -> i64 {
        let depth = self.order.depth();
        if self.times.is_empty() {
            let back = (1..=depth).rev().map(|n| slot.saturating_sub(duration.saturating_mul(n as i64)));
            self.times.extend(back);
        }
        self.times.push_back(slot);
        self.times.pop_front().unwrap_or(slot)
    }

    fn release(&mut self) {
        while let Some(index) = self.order.pop() {
            self.given.extend(self.slots.pop_front().map(|slot| (index, slot)));
        }
        while let Some(packet) = self.waiting.front_mut() {
            let Some(at) = self.given.iter().position(|(given, _)| *given == self.first) else { return };
            packet.pts = self.given.remove(at).map(|(_, pts)| pts);
            packet.dts = packet.dts.min(packet.pts);
            self.ready.extend(self.waiting.pop_front());
            self.first += 1;
        }
    }
}
