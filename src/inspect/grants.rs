//! The grants in a stream or a sidecar, as they claim to be.

use std::collections::HashMap;

use crate::format::{Grant, sha256};

use super::sessions::{MAX_ENTRIES, subject};

/// A grant, as it claims to be.
#[derive(Debug, Clone)]
pub struct GrantSurvey {
    /// Numbers of the first and the last epoch.
    pub epochs: (u64, u64),
    /// Wall clock when the first of them was opened, UTC ns; `None` when it is missing.
    pub from_ns: Option<i64>,
    /// Wall clock when the epoch after the last one was opened, UTC ns; `None` when there is none.
    pub until_ns: Option<i64>,
    /// SHA-256 of the grantee's certificate.
    pub fingerprint: [u8; 32],
    /// Subject of the grantee's certificate.
    pub to: String,
    /// It names this stream.
    pub fits: bool,
}

/// All grants of a stream.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// The first of them, at most [`MAX_ENTRIES`].
    pub list: Vec<GrantSurvey>,
    /// Indexes of those that begin with an epoch, or end before it.
    edges: HashMap<u64, Vec<usize>>,
}

impl Grants {
    /// Adds a grant; false when the list is full. `stream_hash` is H of the stream that it stands in; `None` in a
    /// sidecar.
    pub(super) fn add(&mut self, g: &Grant, stream_hash: Option<&[u8; 32]>) -> bool {
        if self.list.len() == MAX_ENTRIES {
            return false;
        }
        for epoch in [Some(g.first), g.last.checked_add(1)].into_iter().flatten() {
            self.edges.entry(epoch).or_default().push(self.list.len());
        }
        self.list.push(GrantSurvey {
            epochs: (g.first, g.last),
            from_ns: None,
            until_ns: None,
            fingerprint: sha256(&g.recipient),
            to: subject(&g.recipient),
            fits: stream_hash.is_none_or(|hash| g.stream_hash == *hash),
        });
        true
    }

    /// An epoch begins at this time by the wall clock, UTC ns.
    pub(super) fn start(&mut self, epoch: u64, wall_ns: i64) {
        for n in self.edges.get(&epoch).into_iter().flatten() {
            let Some(g) = self.list.get_mut(*n) else { continue };
            if g.epochs.0 == epoch {
                g.from_ns = Some(wall_ns);
            } else {
                g.until_ns = Some(wall_ns);
            }
        }
    }
}
