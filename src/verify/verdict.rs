//! The verdict on a file.

use crate::base::text::printable;
use crate::seal::SignatureReport;

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
        }
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
        self.clocks.warnings()
    }
}
