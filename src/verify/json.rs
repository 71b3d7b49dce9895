//! The verdict as JSON. Its keys are documented in the manual page of `verify`, and stay.

use serde::Serialize;

use crate::base::json;

use super::clock::ClockStep;
use super::findings::{JsonFinding, JsonRun};
use super::outcome::Outcome;
use super::verdict::Verdict;

#[derive(Serialize)]
struct Json<'a> {
    file: &'a str,
    verdict: &'a str,
    status: u8,
    message: &'a str,
    streams: u64,
    frames: u64,
    epochs: u64,
    sessions: u64,
    duration: f64,
    recipients: Option<&'a str>,
    recipients_changed: bool,
    unbound_session: Option<u32>,
    signed: bool,
    signers: Vec<&'a str>,
    signatures: u64,
    end: Option<&'a str>,
    byte: Option<u64>,
    epoch: Option<u64>,
    findings: Vec<JsonFinding<'a>>,
    whole_epochs: Vec<JsonRun>,
    clock_steps: &'a [ClockStep],
}

impl Verdict {
    /// The verdict as one line of JSON. `status` is the exit status of a command for this file alone.
    pub fn json(&self, status: u8) -> String {
        let c = &self.counts;
        let message = self.outcome.to_string();
        let faulty = matches!(self.outcome, Outcome::Damaged(_) | Outcome::Cut(_));
        let first = self.findings.first().filter(|_| faulty);
        json::line(&Json {
            file: &self.name,
            verdict: self.outcome.name(),
            status,
            message: &message,
            streams: c.streams,
            frames: c.frames,
            epochs: c.epochs,
            sessions: c.sessions,
            duration: c.duration_ns as f64 / 1e9,
            recipients: c.lists.map(|l| l.name()),
            recipients_changed: c.changed,
            unbound_session: c.unbound,
            signed: c.signed,
            signers: self.signatures.signers.iter().map(String::as_str).collect(),
            signatures: self.signatures.epochs,
            end: c.end,
            byte: first.map(|f| f.byte),
            epoch: first.and_then(|f| f.epoch),
            findings: self.findings.json(),
            whole_epochs: if self.findings.is_empty() { Vec::new() } else { self.findings.whole_json() },
            clock_steps: &self.clocks.steps,
        })
    }
}
