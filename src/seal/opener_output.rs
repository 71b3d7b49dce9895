//! What an opener has opened and not given out yet.

use std::collections::VecDeque;
use std::ops::Range;

use super::opened::Opened;

/// What was opened and is to be given out.
#[derive(Default)]
pub(super) struct Output {
    pub queue: VecDeque<Opened>,
    /// Where in the reader's record the packet is of the frame opened last, and of the one given out last.
    pub opened: Range<usize>,
    pub packet: Range<usize>,
}

impl Output {
    /// Drops what was not given out yet, and the packet.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.packet = 0..0;
    }

    pub fn next(&mut self) -> Option<Opened> {
        let opened = self.queue.pop_front()?;
        self.packet = if matches!(opened, Opened::Frame(_)) { self.opened.clone() } else { 0..0 };
        Some(opened)
    }
}
