//! The verdict on a file.

use crate::archive::ListJournal;
use crate::base::Report;
use crate::base::text::printable;
use crate::seal::{SeenLists, SignatureReport};

use super::clock::Clocks;
use super::counts::Counts;
use super::findings::Findings;
use super::outcome::Outcome;

/// The verdict on a file.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The name of the file.
    pub name: String,
    /// The outcome of the check.
    pub outcome: Outcome,
    /// What was good, up to the first fault.
    pub(super) counts: Counts,
    pub(super) findings: Findings,
    pub(super) clocks: Clocks,
    pub(super) signatures: SignatureReport,
    pub(super) lists: Vec<ListSeen>,
    /// What is said of an older list where the outcome says something else.
    older: Option<String>,
}

/// A list of recipients that was read.
#[derive(Debug, Clone)]
pub(super) struct ListSeen {
    pub stream_hash: [u8; 32],
    pub session: u32,
    pub generation: u64,
    /// A key has proven it.
    pub proven: bool,
}

impl Verdict {
    /// A verdict without counts or findings.
    pub(super) fn new(name: String, outcome: Outcome) -> Self {
        Verdict {
            name,
            outcome,
            counts: Counts::default(),
            findings: Findings::default(),
            clocks: Clocks::default(),
            signatures: SignatureReport::default(),
            lists: Vec::new(),
            older: None,
        }
    }

    /// Compares the lists of recipients with those that were seen in this file before, and keeps what is proven.
    pub fn compare(&mut self, journal: &mut ListJournal, report: &Report) {
        let older = self.lists.iter().find_map(|l| {
            let seen = journal.seen().generation(&l.stream_hash, l.session)?;
            let (session, generation) = (l.session, l.generation);
            (seen > generation).then_some(Outcome::OlderList { session, generation, seen })
        });
        if let Some(older) = older {
            if self.outcome.is_passed() || self.outcome.is_weaker_than_older_list() {
                self.outcome = older;
            } else {
                self.older = Some(older.to_string());
            }
        }
        let mut proven = SeenLists::default();
        for l in self.lists.iter().filter(|l| l.proven) {
            proven.add(l.stream_hash, l.session, l.generation);
        }
        journal.add(&proven, report);
    }

    /// The verdict on a file that cannot be opened. `why` is one line, lower case.
    pub fn unreadable(name: String, why: String) -> Self {
        Verdict::new(name, Outcome::Unreadable(why))
    }

    /// The verdict as one line of text, and a line for each further fault and for what is whole besides; each ends with
    /// a line feed.
    pub fn text(&self) -> String {
        let (name, outcome) = (printable(&self.name), printable(&self.outcome.to_string()));
        if self.counts.streams == 0 {
            return format!("{name}: {outcome}\n");
        }
        let counts = self.counts.text(&self.signatures);
        match self.outcome {
            Outcome::Damaged(_) | Outcome::Cut(_) => {
                format!("{name}: {outcome}; before that {counts}\n{}", self.findings.lines())
            }
            _ => format!("{name}: {outcome}: {counts}\n"),
        }
    }

    /// What is worth a warning although the file passed.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.outcome.warning().map(str::to_owned).into_iter()
    }

    /// What is worth a warning whatever the outcome is: a clock that was set.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.clocks.warnings().chain(self.older.clone())
    }
}
