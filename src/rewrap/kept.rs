//! What is worth knowing of a list of recipients that is changed: who stays on it, who is known to have changed it
//! before, and whether it is older than one that was there.

use std::collections::BTreeSet;

use crate::base::Report;
use crate::base::text::{self, quoted};
use crate::format::Keys;
use crate::seal::{Bonds, Change, Step, is_changed, list_signed_by, recipients};

/// Names the recipients that stay, each once.
pub(super) struct KeptRecipients<'a> {
    report: &'a Report,
    named: BTreeSet<[u8; 32]>,
    warned: bool,
    warned_of_unproven: bool,
}

impl<'a> KeptRecipients<'a> {
    pub fn new(report: &'a Report) -> Self {
        KeptRecipients { report, named: BTreeSet::new(), warned: false, warned_of_unproven: false }
    }

    /// Adds a session of a file, as [`KeptRecipients::add`].
    pub fn add_step(&mut self, change: &Change<'_>, step: &Step, keys: &Keys) {
        self.add(change, keys, &step.place.stream_hash, &step.keys_hash);
        self.add_unproven(change, step.unproven);
    }

    /// Warns, once, of a session not shown to go on from the one before it: others are given access to what may
    /// be anybody's. A signature that is accepted shows it.
    pub fn add_unproven(&mut self, change: &Change<'_>, unproven: Option<u32>) {
        if let (Some(session), None, false) = (unproven, change.accepted, self.warned_of_unproven) {
            self.warned_of_unproven = true;
            self.report.warn(Bonds::warning(session));
        }
    }

    /// Adds a session that has opened. Where its recipients stay, its list is proven: somebody wrote it who could open
    /// the session. Who that was, only the signature of an accepted signer says.
    pub fn add(&mut self, change: &Change<'_>, keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) {
        let generation = keys.current().generation;
        if let Some(seen) = change.seen(keys, stream_hash).filter(|seen| *seen > generation) {
            self.report.warn(format!(
                "key session {} has list of recipients number {generation}, and number {seen} was here before: an \
                 older list was put back",
                keys.session
            ));
        }
        if !change.keep {
            return;
        }
        if !self.warned && change.accepted.is_none() && is_changed(keys, keys_hash) {
            self.warned = true;
            let by = match list_signed_by(keys, stream_hash, keys_hash) {
                Some(c) => format!("{}, says a signature that no --signer was given for", quoted(c.subject())),
                None => "unknown".into(),
            };
            self.report.warn(format!("the recipients were changed since recording, by {by}: look at those that stay"));
        }
        for c in recipients(keys).unwrap_or_default() {
            if !change.recipients.contains(&c) && self.named.insert(c.fingerprint()) {
                self.report.note(format!("stays: {}, serial {}", text::quoted(c.subject()), c.serial_hex()));
            }
        }
    }
}
