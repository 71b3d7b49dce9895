//! How much of a file is good.

use std::collections::BTreeSet;

use crate::base::text::{clock_time, count, quoted};
use crate::format::EndKind;
use crate::inspect::{Ending, MAX_CERTIFICATES, Survey};
use crate::keys::Certificate;
use crate::seal::SignatureReport;

/// The maximum number of changes of recipients that are remembered; as many as the survey of a stream keeps.
const MAX_CHANGES: usize = MAX_CERTIFICATES;

/// What is known of lists of recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// What they say themselves.
    Claimed,
    /// The recorder or an accepted signer has signed them.
    Signed,
    /// A key has shown that whoever wrote them could open the sessions.
    Proven {
        /// Which signers are accepted is known.
        by_accepted: bool,
    },
}

impl Lists {
    /// One word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Lists::Claimed => "claimed",
            Lists::Signed => "signed",
            Lists::Proven { .. } => "proven",
        }
    }

    /// What is said after the names of those who changed a list.
    fn remark(self, is_named: bool) -> &'static str {
        match self {
            Lists::Claimed => " (claimed)",
            Lists::Proven { by_accepted: false } if is_named => " (an unknown signer)",
            Lists::Signed | Lists::Proven { .. } => "",
        }
    }
}

/// Sums over the streams of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub streams: u64,
    pub frames: u64,
    pub epochs: u64,
    pub sessions: u64,
    pub duration_ns: u64,
    pub changed: bool,
    /// No right signature vouches for a change.
    pub unknown: bool,
    /// Subjects of those who signed a change.
    pub changers: BTreeSet<String>,
    /// Their certificates, each with the time of its change.
    pub changes: Vec<(Certificate, i64)>,
    /// What is known of the lists of recipients; `None` where there are none.
    pub lists: Option<Lists>,
    pub torn: bool,
    /// The first key session that opened and that nothing shows to go on from the one before it.
    pub unbound: Option<u32>,
    pub signed: bool,
    /// It was said whose signatures count.
    pub signers_accepted: bool,
    /// Every stream so far was sealed.
    pub sealed: bool,
    pub excerpt: bool,
    /// Some stream has no epoch, so that nothing in it was opened.
    pub unproven: bool,
    pub end: Option<&'static str>,
    pub reason: Option<&'static str>,
}

impl Counts {
    pub fn add(&mut self, s: &Survey) {
        if s.stream.is_none() && s.sessions.count == 0 {
            // a sidecar: it says nothing about the streams next to it
            self.streams += 1;
            self.end.get_or_insert(s.end_name());
            return;
        }
        self.sealed = s.sealed() && (self.streams == 0 || self.sealed);
        self.streams += 1;
        self.unproven |= s.epochs == 0;
        self.frames += s.frames();
        self.epochs += s.epochs;
        self.sessions += s.sessions.count;
        self.duration_ns = self.duration_ns.saturating_add(s.duration_ns().unwrap_or(0));
        self.changed |= s.sessions.changed;
        self.unknown |= s.sessions.unknown;
        self.changers.extend(s.sessions.changers.iter().cloned());
        self.changes.extend(s.sessions.changes.iter().take(MAX_CHANGES.saturating_sub(self.changes.len())).cloned());
        self.torn |= s.sessions.torn;
        self.signed |= s.signed();
        self.excerpt |= s.ending == Some(Ending::Record(EndKind::Excerpt));
        (self.end, self.reason) = (Some(s.end_name()), s.last.map(|r| r.text()));
    }

    /// One line of text. `signatures` are those of the same file.
    pub fn text(&self, signatures: &SignatureReport) -> String {
        let mut parts = Vec::new();
        if self.streams > 1 {
            parts.push(count(self.streams, "stream"));
        }
        parts.push(count(self.frames, "frame"));
        parts.push(count(self.epochs, "epoch"));
        if self.sessions > 0 {
            parts.push(count(self.sessions, "key session"));
        }
        parts.push(clock_time(self.duration_ns));
        match (self.end, self.reason) {
            (Some("complete"), Some(reason)) => parts.push(format!("ended: {reason}")),
            (Some("excerpt"), _) => parts.push("an excerpt".into()),
            _ => {}
        }
        if self.changed {
            let unknown = self.unknown.then(|| "unknown".to_owned());
            let by: Vec<String> = unknown.into_iter().chain(self.changers.iter().map(|c| quoted(c))).collect();
            let remark = self.lists.unwrap_or(Lists::Claimed).remark(!self.changers.is_empty());
            parts.push(format!("recipients changed since recording by {}{remark}", by.join(" and ")));
        }
        if let Some(session) = self.unbound {
            parts.push(format!("key session {session} is not shown to go on from the one before it"));
        }
        if self.torn {
            parts.push("a change of the recipients was interrupted".into());
        }
        if signatures.epochs > 0 {
            let by: Vec<String> = signatures.signers.iter().map(|s| quoted(s)).collect();
            let epochs = if signatures.epochs < self.epochs {
                format!(" ({})", count(signatures.epochs, "epoch"))
            } else {
                String::new()
            };
            // anybody can put any name into a certificate
            let remark = if self.signers_accepted { "" } else { " (an unknown signer)" };
            parts.push(format!("signed by {}{epochs}{remark}", by.join(" and ")));
        }
        parts.join(", ")
    }
}
