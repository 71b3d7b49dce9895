//! What of a stream was not for the given keys.

use std::collections::BTreeSet;

use crate::format::Keys;
use crate::seal::{Epochs, recipients};

use crate::base::Report;
use crate::cli::{Failure, classify};

/// Runs of epochs that are named; more are counted.
const NAMED: usize = 16;

/// The epochs of an input that no key opened.
#[derive(Debug, Clone, Default)]
pub struct Passed {
    runs: Vec<Epochs>,
    more: u64,
    tracks: BTreeSet<u16>,
    who_could: Option<String>,
    /// A session did not open.
    any_closed: bool,
}

impl Passed {
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.tracks.is_empty()
    }

    /// Epochs were passed over.
    pub fn add(&mut self, run: Epochs) {
        match self.runs.len() < NAMED {
            true => self.runs.push(run),
            false => self.more += 1,
        }
    }

    /// Frames of these tracks were passed over in epochs that opened.
    pub fn tracks(&mut self, tracks: &BTreeSet<u16>) {
        self.tracks = tracks.clone();
    }

    /// A session did not open. True for the first one.
    pub fn closed(&mut self, keys: &Keys) -> bool {
        if self.who_could.is_none() {
            self.who_could = recipients(keys).ok().map(|c| classify::who_could(&c));
        }
        !std::mem::replace(&mut self.any_closed, true)
    }

    /// Told at once: a recording may go on for days before its end is there to say so.
    pub fn warn(&self, session_number: u32, report: &Report) {
        report.warn(format!("key session {session_number} is not for the given key: what it holds is left out"));
        if let Some(hint) = &self.who_could {
            report.hint(hint);
        }
    }

    /// `epochs 0 to 4, 9, and track 1 of the others`.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.runs.is_empty() {
            let more = if self.more > 0 { format!(", {} runs more", self.more) } else { String::new() };
            parts.push(format!("{}{more}", epochs_text(&self.runs)));
        }
        let tracks: Vec<String> = self.tracks.iter().map(u16::to_string).collect();
        match (tracks.len(), self.runs.is_empty()) {
            (0, _) => {}
            (n, alone) => {
                let (word, others) =
                    (if n == 1 { "track" } else { "tracks" }, if alone { "" } else { " of the others" });
                parts.push(format!("{word} {}{others}", tracks.join(", ")));
            }
        }
        parts.join(", and ")
    }

    /// Who could open them.
    pub fn hint(&self) -> Option<String> {
        self.who_could.clone()
    }

    /// The failure (4) where nothing of what was asked for could be opened.
    pub fn refused(&self, message: &str) -> Failure {
        let failure = Failure::refused(format!("{message}: left out, not for the given key: {}", self.text()));
        match &self.who_could {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// `epochs 0 to 4, 9`.
pub(crate) fn epochs_text(runs: &[Epochs]) -> String {
    let one = |e: &Epochs| match e.first == e.last {
        true => e.first.to_string(),
        false => format!("{} to {}", e.first, e.last),
    };
    let all: Vec<String> = runs.iter().map(one).collect();
    let one = matches!(runs, [Epochs { first, last }] if first == last);
    format!("{} {}", if one { "epoch" } else { "epochs" }, all.join(", "))
}
