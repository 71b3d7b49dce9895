//! Who stays with `--add`, and whether anybody vouches for the list that they are on.

use std::collections::BTreeSet;

use crate::base::Report;
use crate::base::text;
use crate::format::Keys;
use crate::seal::{Change, Step, is_vouched, recipients};

/// Names the recipients that stay, each once.
pub(super) struct Kept<'a> {
    report: &'a Report,
    said: BTreeSet<[u8; 32]>,
    warned: bool,
}

impl<'a> Kept<'a> {
    pub fn new(report: &'a Report) -> Self {
        Kept { report, said: BTreeSet::new(), warned: false }
    }

    /// The same for a session in a file.
    pub fn see(&mut self, change: &Change<'_>, step: &Step, keys: &Keys) {
        self.take(change, keys, &step.place.stream_hash, &step.keys_hash);
    }

    /// A session whose list is added to. The certificates on it are claims, which whoever can write the file can make.
    pub fn take(&mut self, change: &Change<'_>, keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) {
        if !change.keep {
            return;
        }
        if !self.warned && !is_vouched(keys, stream_hash, keys_hash) {
            self.warned = true;
            self.report.warn("the recipients were changed since recording, by unknown: look at those that stay");
        }
        for c in recipients(keys).unwrap_or_default() {
            if !change.recipients.contains(&c) && self.said.insert(c.fingerprint()) {
                self.report.note(format!("stays: {}, serial {}", text::quoted(c.subject()), c.serial_hex()));
            }
        }
    }
}
