//! What of a stream does not open with the given keys.

use std::collections::BTreeSet;

use crate::base::{Report, text};
use crate::format::Keys;
use crate::keys::Certificate;
use crate::seal::{Epochs, recipients};

/// Runs of epochs that are named; more are counted.
const NAMED: usize = 16;

/// The epochs of an input that no key opened, and the tracks.
#[derive(Debug, Clone, Default)]
pub struct Skipped {
    runs: Vec<Epochs>,
    more: u64,
    tracks: BTreeSet<u16>,
    recipients: Option<Vec<Certificate>>,
    /// A session did not open.
    any_closed: bool,
}

impl Skipped {
    /// Whether everything opened.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.tracks.is_empty()
    }

    /// Epochs did not open.
    pub fn add(&mut self, run: Epochs) {
        if self.runs.len() < NAMED {
            self.runs.push(run);
        } else {
            self.more += 1;
        }
    }

    /// Frames of these tracks did not open in epochs that did.
    pub fn tracks(&mut self, tracks: &BTreeSet<u16>) {
        self.tracks = tracks.clone();
    }

    /// A key session did not open. True for the first one.
    pub fn closed(&mut self, keys: &Keys) -> bool {
        if self.recipients.is_none() {
            self.recipients = recipients(keys).ok();
        }
        !std::mem::replace(&mut self.any_closed, true)
    }

    /// Warns at once: a recording may go on for days before its end is there to say so.
    pub fn warn(&self, session_number: u32, report: &Report) {
        report.warn(format!("key session {session_number} is not for the given key: what it holds is left out"));
        if !self.recipients().is_empty() {
            report.hint(who_could(self.recipients()));
        }
    }

    /// `epochs 0 to 4, 9, and track 1 of the others`.
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.runs.is_empty() {
            let more = if self.more > 0 { format!(", {} runs more", self.more) } else { String::new() };
            parts.push(format!("{}{more}", epochs_text(&self.runs)));
        }
        if !self.tracks.is_empty() {
            let tracks: Vec<String> = self.tracks.iter().map(u16::to_string).collect();
            let word = if tracks.len() == 1 { "track" } else { "tracks" };
            let others = if self.runs.is_empty() { "" } else { " of the others" };
            parts.push(format!("{word} {}{others}", tracks.join(", ")));
        }
        parts.join(", and ")
    }

    /// Certificates whose keys would open the first session that did not open, as the stream claims; none where all
    /// opened.
    pub fn recipients(&self) -> &[Certificate] {
        self.recipients.as_deref().unwrap_or_default()
    }
}

/// A hint that names the private keys that would open: those of `recipients`, at least one.
pub fn who_could(recipients: &[Certificate]) -> String {
    let one = |c: &Certificate| format!("{} (serial {}, {})", text::quoted(c.subject()), c.serial_hex(), c.key_type());
    let all: Vec<_> = recipients.iter().map(one).collect();
    format!("give -i with the private key of {}", all.join(" or of "))
}

/// `epochs 0 to 4, 9`, or `epoch 3`.
pub fn epochs_text(runs: &[Epochs]) -> String {
    let one = |e: &Epochs| {
        if e.first == e.last { e.first.to_string() } else { format!("{} to {}", e.first, e.last) }
    };
    let all: Vec<String> = runs.iter().map(one).collect();
    let is_one = matches!(runs, [Epochs { first, last }] if first == last);
    format!("{} {}", if is_one { "epoch" } else { "epochs" }, all.join(", "))
}
