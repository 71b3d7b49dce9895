//! An epoch's keys at work: its commitments, its frames, its close record.

use crate::format::{Close, Start};

use super::schedule::{CloseKey, EpochKey, FrameKey};

/// The keys of an open epoch; for each track those that there are.
pub(super) struct Epoch {
    pub number: u64,
    frame_keys: Vec<Option<FrameKey>>,
    close_keys: Vec<Option<CloseKey>>,
}

impl Epoch {
    /// `None` unless every key has the commitment in the start record, whose hash is `start_hash`. All are compared,
    /// and each comparison takes the same time for every answer.
    pub fn open(s: &Start, start_hash: &[u8; 32], keys: &[Option<EpochKey>]) -> Option<Self> {
        let mut right = keys.len() == s.commitments.len();
        for (key, commitment) in keys.iter().zip(&s.commitments) {
            right &= key.as_ref().is_none_or(|k| k.is_committed_by(commitment));
        }
        let frame_key = |k: &Option<EpochKey>| k.as_ref().map(|k| k.frame_key(start_hash)).transpose();
        right.then_some(())?;
        Some(Epoch {
            number: s.epoch,
            frame_keys: keys.iter().map(frame_key).collect::<Result<_, _>>().ok()?,
            close_keys: keys.iter().map(|k| k.as_ref().map(|k| k.close_key(start_hash))).collect(),
        })
    }

    /// The key of a track's frames; `None` when there is none for it.
    pub fn frame_key(&self, track: u16) -> Option<&FrameKey> {
        self.frame_keys.get(usize::from(track))?.as_ref()
    }

    /// Whether the HMAC of every track that there is a key for is right. `record` is the whole close record.
    pub fn closes_with(&self, c: &Close, record: &[u8]) -> bool {
        let covered = Close::covered(self.close_keys.len(), true).0;
        let Some(covered) = record.get(..covered) else { return false };
        let mut right = c.macs.len() == self.close_keys.len();
        for (mac, key) in c.macs.iter().zip(&self.close_keys) {
            right &= key.as_ref().is_none_or(|k| k.verify(covered, mac));
        }
        right
    }
}
