//! Epochs before the first wanted one: what is shown at the first moment is decoded from the last key frame before it
//! on.

use crate::format::Record;

use super::epoch::{HeldKeys, OpenEpoch};
use super::error::RewrapError;

/// The maximum number of bytes of epochs that are kept until it is known whether they are wanted, if the input is a
/// pipe.
const MAX_HELD: usize = 256 << 20;

/// The last epoch with a key frame, and those after it.
#[derive(Default)]
pub(super) struct Before {
    /// Where that epoch is, in an input that can be read again.
    place: Option<Place>,
    /// In a pipe: their records.
    held: Vec<HeldEpoch>,
    held_len: usize,
    /// They are too large to be kept.
    is_lost: bool,
    /// Number of the last one.
    last: Option<u64>,
}

/// Where an epoch begins.
#[derive(Clone)]
pub(super) struct Place {
    /// Number of the file, and where its stream begins in it.
    pub file: usize,
    pub stream_at: u64,
    /// Offset of the start record from the stream's preamble.
    pub at: u64,
    pub number: u64,
    pub keys: HeldKeys,
}

/// An epoch of a pipe.
pub(super) struct HeldEpoch {
    pub number: u64,
    pub keys: HeldKeys,
    pub records: Vec<(Record, Vec<u8>)>,
}

impl Before {
    /// An epoch that is not wanted is over; `place` is where it began.
    pub fn add(&mut self, open: OpenEpoch, place: Place) {
        let goes_on = self.last.is_some_and(|last| last.checked_add(1) == Some(open.number));
        if open.overlap.has_key || !goes_on {
            *self = Before::default();
        }
        self.last = Some(open.number);
        if open.overlap.has_key {
            self.place = Some(place.clone());
        }
        if self.place.is_none() || open.held.is_empty() || self.is_lost {
            return;
        }
        self.held_len = self.held_len.saturating_add(open.held_len);
        if self.held_len > MAX_HELD {
            (self.held, self.is_lost) = (Vec::new(), true);
            return;
        }
        self.held.push(HeldEpoch { number: open.number, keys: place.keys, records: open.held });
    }

    /// Another stream begins, or reading goes on elsewhere.
    pub fn forget(&mut self) {
        *self = Before::default();
    }

    /// Where the last key frame before the epoch `number` is.
    pub fn place_before(&mut self, number: u64) -> Option<Place> {
        let goes_on = self.last.is_some_and(|last| last.checked_add(1) == Some(number));
        self.place.take().filter(|_| goes_on)
    }

    /// The epochs of a pipe from that place on.
    ///
    /// # Errors
    ///
    /// They were too large to be kept.
    pub fn held(&mut self) -> Result<Vec<HeldEpoch>, RewrapError> {
        if self.is_lost {
            return Err(RewrapError::EpochTooLarge);
        }
        Ok(std::mem::take(&mut self.held))
    }
}

/// Whether this many bytes of one epoch are too many to be kept.
pub(super) fn too_large(held_len: usize) -> bool {
    held_len > MAX_HELD
}
