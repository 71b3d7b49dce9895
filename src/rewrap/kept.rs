//! Which recipients stay when others are added, and whether a signature vouches for the list that they are on.

use std::collections::BTreeSet;

use crate::base::Report;
use crate::base::text;
use crate::format::Keys;
use crate::seal::{Change, Step, is_vouched, recipients};

/// Names the recipients that stay, each once.
pub(super) struct KeptRecipients<'a> {
    report: &'a Report,
    named: BTreeSet<[u8; 32]>,
    warned: bool,
}

impl<'a> KeptRecipients<'a> {
    pub fn new(report: &'a Report) -> Self {
        KeptRecipients { report, named: BTreeSet::new(), warned: false }
    }

    /// Adds a session of a file, as [`KeptRecipients::add`].
    pub fn add_step(&mut self, change: &Change<'_>, step: &Step, keys: &Keys) {
        self.add(change, keys, &step.place.stream_hash, &step.keys_hash);
    }

    /// Adds a session whose list is added to. Its certificates are claims, which anybody who can write the file can
    /// make.
    pub fn add(&mut self, change: &Change<'_>, keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) {
        if !change.keep {
            return;
        }
        if !self.warned && !is_vouched(keys, stream_hash, keys_hash) {
            self.warned = true;
            self.report.warn("the recipients were changed since recording, by unknown: look at those that stay");
        }
        for c in recipients(keys).unwrap_or_default() {
            if !change.recipients.contains(&c) && self.named.insert(c.fingerprint()) {
                self.report.note(format!("stays: {}, serial {}", text::quoted(c.subject()), c.serial_hex()));
            }
        }
    }
}
