//! Whether the index of a stream is right: where its epochs really begin.

use crate::format::{Frame, Index, IndexEntry, Track, limits};

/// Where the epochs of a stream begin, for as many as an index may have.
#[derive(Debug, Clone, Default)]
pub(super) struct IndexCheck {
    stream_at: u64,
    keys_at: u64,
    epochs: Vec<IndexEntry>,
    /// No frame of the last epoch was seen yet.
    fresh: bool,
    full: bool,
}

impl IndexCheck {
    /// The stream record is at this byte of the input, after its preamble.
    pub fn stream(&mut self, at: u64) {
        self.stream_at = at.saturating_sub(crate::format::PREAMBLE.len() as u64);
    }

    /// A keys record is at this byte.
    pub fn keys(&mut self, at: u64) {
        self.keys_at = at.saturating_sub(self.stream_at);
    }

    /// An epoch begins at this byte.
    pub fn start(&mut self, epoch: u64, at: u64) {
        self.full |= self.epochs.len() == limits::INDEX_ENTRIES;
        self.fresh = !self.full;
        if !self.full {
            let offset = at.saturating_sub(self.stream_at);
            self.epochs.push(IndexEntry { epoch, time_ns: None, offset, keys_offset: self.keys_at });
        }
    }

    /// A frame of the track `t`.
    pub fn frame(&mut self, f: &Frame, t: Option<&Track>) {
        if std::mem::take(&mut self.fresh)
            && let Some(e) = self.epochs.last_mut()
        {
            e.time_ns = t.zip(f.decode_time()).and_then(|(t, ticks)| t.to_ns(ticks));
        }
    }

    /// Whether every entry of the index is that of an epoch. Entries after the last epoch kept here are not judged.
    pub fn confirms(&self, index: &Index) -> bool {
        index.entries.iter().all(|e| match self.epochs.binary_search_by_key(&e.epoch, |p| p.epoch) {
            Ok(i) => self.epochs.get(i) == Some(e),
            Err(i) => self.full && i == self.epochs.len(),
        })
    }
}
