//! What is wrong with a file, fault by fault, and what is whole besides.

use serde::Serialize;

use crate::base::text::{printable, rfc3339};
use crate::playback::epochs_text;
use crate::seal::Epochs;

use super::outcome::Outcome;

/// The maximum number of faults, and of runs of epochs, that are listed; more are counted.
const LISTED: usize = 32;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Damaged,
    Cut,
}

/// One fault.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub kind: Kind,
    pub what: String,
    pub byte: u64,
    pub epoch: Option<u64>,
    /// The first epoch that is not proved because of it, and the last one, where another epoch came after it.
    pub lost: Option<(u64, Option<u64>)>,
    /// Wall clock when the first of them was opened, or the one before it, and when the next one after them was; UTC
    /// ns.
    pub from_ns: Option<i64>,
    pub until_ns: Option<i64>,
}

/// Consecutive epochs without a fault.
#[derive(Debug, Clone)]
struct WholeEpochs {
    stream: u64,
    epochs: Epochs,
    walls: (i64, i64),
}

/// All faults, and what is whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    more: u64,
    whole: Vec<WholeEpochs>,
}

#[derive(Serialize)]
pub(super) struct JsonFinding<'a> {
    kind: Kind,
    message: &'a str,
    byte: u64,
    epoch: Option<u64>,
    first_epoch: Option<u64>,
    last_epoch: Option<u64>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
pub(super) struct JsonRun {
    stream: u64,
    first_epoch: u64,
    last_epoch: u64,
    from: String,
    last_opened: String,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn first(&self) -> Option<&Finding> {
        self.list.first()
    }

    pub fn last_mut(&mut self) -> Option<&mut Finding> {
        self.list.last_mut().filter(|_| self.more == 0)
    }

    pub fn add(&mut self, f: Finding) {
        if self.list.len() < LISTED {
            self.list.push(f);
        } else {
            self.more += 1;
        }
    }

    /// Whether the last finding has cost this epoch already.
    pub fn has_lost(&self, epoch: u64) -> bool {
        self.list.last().is_some_and(|f| f.lost == Some((epoch, Some(epoch))) && f.epoch == Some(epoch))
    }

    /// An epoch begins: what was lost before it ends there.
    pub fn next_start(&mut self, epoch: u64, wall_ns: i64) {
        for f in self.list.iter_mut().rev().take_while(|f| f.until_ns.is_none()) {
            f.until_ns = Some(wall_ns);
            f.lost = match f.lost {
                Some((first, None)) => epoch.checked_sub(1).filter(|last| *last >= first).map(|l| (first, Some(l))),
                lost => lost,
            };
        }
    }

    /// An epoch is whole.
    pub fn whole(&mut self, stream: u64, epoch: u64, wall_ns: i64) {
        let room = self.whole.len() < LISTED;
        match self.whole.last_mut() {
            Some(r) if r.stream == stream && r.epochs.last.checked_add(1) == Some(epoch) => {
                (r.epochs.last, r.walls.1) = (epoch, wall_ns);
            }
            _ if room => self.whole.push(WholeEpochs {
                stream,
                epochs: Epochs { first: epoch, last: epoch },
                walls: (wall_ns, wall_ns),
            }),
            _ => {}
        }
    }

    /// The lines after the one with the first fault.
    pub fn lines(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| out.push_str(&format!("  {}\n", printable(&text)));
        for (i, f) in self.list.iter().enumerate() {
            if i > 0 {
                line(f.what.clone());
            }
            let named = self.list.get(i.wrapping_sub(1)).is_some_and(|before| before.lost == f.lost);
            if let (Some(text), false) = (f.lost_text(), named) {
                line(text);
            }
        }
        if self.more > 0 {
            line(format!("and {} places more", self.more));
        }
        if !self.is_empty() {
            for r in &self.whole {
                let stream = if r.stream > 1 { format!(" of stream {}", r.stream) } else { String::new() };
                let (from, last) = (rfc3339(r.walls.0), rfc3339(r.walls.1));
                let until = if r.epochs.first == r.epochs.last { String::new() } else { format!(" to {last}") };
                line(format!("whole: {}{stream}, opened {from}{until}", epochs_text(&[r.epochs])));
            }
        }
        out
    }

    pub fn json(&self) -> Vec<JsonFinding<'_>> {
        self.list.iter().map(Finding::json).collect()
    }

    pub fn whole_json(&self) -> Vec<JsonRun> {
        let run = |r: &WholeEpochs| JsonRun {
            stream: r.stream,
            first_epoch: r.epochs.first,
            last_epoch: r.epochs.last,
            from: rfc3339(r.walls.0),
            last_opened: rfc3339(r.walls.1),
        };
        self.whole.iter().map(run).collect()
    }
}

impl Finding {
    /// The outcome of a check that found this first.
    pub fn outcome(&self) -> Outcome {
        match self.kind {
            Kind::Damaged => Outcome::Damaged(self.what.clone()),
            Kind::Cut => Outcome::Cut(self.what.clone()),
        }
    }

    /// `not proved: epochs 3 to 4, 2026-05-01T10:00:00Z to 2026-05-01T10:02:00Z`.
    fn lost_text(&self) -> Option<String> {
        let (first, last) = self.lost?;
        let from = self.from_ns.map_or(String::new(), |ns| format!(", from {}", rfc3339(ns)));
        Some(match (last, self.until_ns) {
            (Some(last), Some(until)) => {
                format!("not proved: {}{from} to {}", epochs_text(&[Epochs { first, last }]), rfc3339(until))
            }
            (Some(last), None) => format!("not proved: {}{from} on", epochs_text(&[Epochs { first, last }])),
            (None, _) => format!("not proved: epoch {first} and what came after it{from} on"),
        })
    }

    fn json(&self) -> JsonFinding<'_> {
        JsonFinding {
            kind: self.kind,
            message: &self.what,
            byte: self.byte,
            epoch: self.epoch,
            first_epoch: self.lost.map(|l| l.0),
            last_epoch: self.lost.and_then(|l| l.1),
            from: self.from_ns.map(rfc3339),
            until: self.until_ns.map(rfc3339),
        }
    }
}
