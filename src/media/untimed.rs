//! Presentation times for pictures that come without among others that have theirs: in MPEG's transport and program
//! streams one time in 0.7 s is enough (ISO/IEC 13818-1, 2.7.4). Such a picture is shown when the one that is shown
//! before it ends.

use std::collections::VecDeque;

use crate::format::Track;

use super::error::MediaError;
use super::packet::Packet;
use super::shown_order::ShownOrder;

/// Holds packets back from one without a time on, until that is known.
pub(super) struct Untimed {
    order: ShownOrder,
    /// Packets whose place is not known; of those that went on already only the times.
    open: VecDeque<Open>,
    /// Number of the first of them that went on.
    gone: usize,
    /// The index of the first of them.
    first: u64,
    /// When the next picture is shown.
    next: Option<i64>,
    /// When the last ones are shown of those whose place is known, and how many they have been.
    shown: VecDeque<i64>,
    count: u64,
    /// The last time of decoding.
    last: Option<i64>,
}

struct Open {
    packet: Packet,
    is_known: bool,
}

impl Untimed {
    /// For packets of `track` whose decoder may hold back `depth` pictures; none where the order in which they are
    /// shown is not to be had.
    pub(super) fn new(track: &Track, depth: usize) -> Result<Option<Self>, MediaError> {
        if !matches!(track.codec.as_str(), "mpeg2video" | "mpeg4" | "h264" | "hevc") {
            return Ok(None);
        }
        Ok(Some(Self {
            order: ShownOrder::new(track, depth)?,
            open: VecDeque::new(),
            gone: 0,
            first: 0,
            next: None,
            shown: VecDeque::new(),
            count: 0,
            last: None,
        }))
    }

    /// Takes the next packet in decoding order and adds those to `ready` whose times are known.
    pub(super) fn push(&mut self, packet: Packet, ready: &mut VecDeque<Packet>) {
        self.order.push(&packet);
        self.open.push_back(Open { packet, is_known: false });
        self.settle();
        let index = self.first.saturating_add(self.open.len() as u64).saturating_sub(1);
        let due = self.due(index);
        if let Some(Open { packet, .. }) = self.open.back_mut() {
            packet.dts = packet.dts.or(due.max(self.last)).map(|dts| dts.min(packet.pts.unwrap_or(dts)));
            self.last = packet.dts.or(self.last);
        }
        self.release(ready);
    }

    /// No packet follows.
    pub(super) fn finish(&mut self, ready: &mut VecDeque<Packet>) {
        self.order.finish();
        self.settle();
        self.release(ready);
    }

    /// A picture is decoded when the one is shown that is as many before it as may be held back.
    fn due(&self, index: u64) -> Option<i64> {
        let back = self.count.checked_sub(index.checked_sub(self.order.depth() as u64)?)?;
        self.shown.get(self.shown.len().checked_sub(usize::try_from(back).ok()?)?).copied()
    }

    /// Completes the times of those whose place is known.
    fn settle(&mut self) {
        while let Some(index) = self.order.pop() {
            let at = usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX);
            let Some(open) = self.open.get_mut(at) else { continue };
            open.is_known = true;
            let packet = &mut open.packet;
            packet.pts = packet.pts.or(self.next.max(packet.dts));
            // how long it is shown is not always known
            self.next = packet.pts.filter(|_| packet.duration > 0).map(|pts| pts.saturating_add(packet.duration));
            let Some(pts) = packet.pts else { continue };
            self.shown.push_back(pts);
            self.count += 1;
            // those of one picture more than are held back are asked for
            if self.shown.len() > 2 * self.order.depth() + 2 {
                self.shown.pop_front();
            }
        }
    }

    fn release(&mut self, ready: &mut VecDeque<Packet>) {
        while let Some(open) = self.open.get_mut(self.gone).filter(|open| open.is_known || open.packet.pts.is_some()) {
            let data = std::mem::take(&mut open.packet.data);
            ready.push_back(Packet { data, ..open.packet.clone() });
            self.gone += 1;
        }
        while self.gone > 0 && self.open.front().is_some_and(|open| open.is_known) {
            self.open.pop_front();
            self.gone -= 1;
            self.first += 1;
        }
    }
}
