//! The epoch keys that a reader was granted in the stream that it reads.

use std::collections::{BTreeMap, BTreeSet};

use super::error::SealError;
use super::grant::GrantEntry;
use super::schedule::EpochKey;

/// Most keys that are kept of a stream: a quarter of a year of two tracks.
const LIMIT: usize = 1 << 18;

/// Some consecutive epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    /// Number of the first one.
    pub first: u64,
    /// Number of the last one.
    pub last: u64,
}

impl Epochs {
    /// Takes `epoch` in where it follows at once.
    pub(super) fn grow(&mut self, epoch: u64) -> bool {
        let follows = self.last.checked_add(1) == Some(epoch);
        if follows {
            self.last = epoch;
        }
        follows
    }
}

/// Keys by session, epoch and track, and which epochs have not come yet.
#[derive(Default)]
pub(super) struct Granted {
    keys: BTreeMap<(u32, u64, u16), EpochKey>,
    unseen: BTreeSet<(u32, u64)>,
}

impl Granted {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes the keys of a grant. Errors: too many, or two keys for one track of one epoch.
    pub fn add(&mut self, entries: Vec<GrantEntry>) -> Result<(), SealError> {
        for e in entries {
            let place = (e.session, e.epoch, e.track);
            if let Some(before) = self.keys.get(&place) {
                if *before != e.key {
                    return Err(SealError::Grant { first: e.epoch, last: e.epoch });
                }
                continue;
            }
            if self.keys.len() == LIMIT {
                return Err(SealError::TooManyGranted { limit: LIMIT });
            }
            self.unseen.insert((e.session, e.epoch));
            self.keys.insert(place, e.key);
        }
        Ok(())
    }

    pub fn has(&self, session: u32, epoch: u64) -> bool {
        self.keys.range((session, epoch, 0)..=(session, epoch, u16::MAX)).next().is_some()
    }

    /// Whether there is a key for each track of an epoch.
    pub fn has_all(&self, session: u32, epoch: u64, tracks: usize) -> bool {
        (0..tracks).all(|t| u16::try_from(t).is_ok_and(|t| self.keys.contains_key(&(session, epoch, t))))
    }

    /// The keys of an epoch, one place for each track; `None` when there is none for any.
    pub fn epoch(&mut self, session: u32, epoch: u64, tracks: usize) -> Option<Vec<Option<EpochKey>>> {
        let mut keys: Vec<Option<EpochKey>> = (0..tracks).map(|_| None).collect();
        let mut any = false;
        for ((_, _, track), key) in self.keys.range((session, epoch, 0)..=(session, epoch, u16::MAX)) {
            if let Some(place) = keys.get_mut(usize::from(*track)) {
                *place = Some(key.clone());
                any = true;
            }
        }
        if any {
            self.unseen.remove(&(session, epoch));
        }
        any.then_some(keys)
    }

    /// The epochs that were granted and did not come, and those between the first and the last of `claims`, in order.
    pub fn missing(&self, claims: impl Iterator<Item = (u64, u64)>) -> Vec<Epochs> {
        let mut ranges: Vec<(u64, u64)> = self.unseen.iter().map(|(_, epoch)| (*epoch, *epoch)).chain(claims).collect();
        ranges.sort_unstable();
        let mut runs: Vec<Epochs> = Vec::new();
        for (first, last) in ranges {
            match runs.last_mut().filter(|run| first <= run.last.saturating_add(1)) {
                Some(run) => run.last = run.last.max(last),
                None => runs.push(Epochs { first, last }),
            }
        }
        runs
    }
}
