//! The verdict for machines. The keys are documented in `verify`'s manual page; they are a promise.

use serde::Serialize;

use crate::base::json;

use super::Verdict;
use super::clock::ClockStep;
use super::findings::{JsonFinding, JsonRun};

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
    recipients_changed: bool,
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
    /// One line of JSON.
    pub fn json(&self) -> String {
        let t = &self.tally;
        json::line(&Json {
            file: &self.name,
            verdict: self.kind,
            status: self.status.code(),
            message: &self.finding,
            streams: t.streams,
            frames: t.frames,
            epochs: t.epochs,
            sessions: t.sessions,
            duration: t.duration_ns as f64 / 1e9,
            recipients_changed: t.changed,
            signed: t.signed,
            signers: self.testimony.signers.iter().map(String::as_str).collect(),
            signatures: self.testimony.epochs,
            end: t.end,
            byte: self.byte,
            epoch: self.epoch,
            findings: self.findings.json(),
            whole_epochs: if self.findings.is_empty() { Vec::new() } else { self.findings.whole_json() },
            clock_steps: &self.clocks.steps,
        })
    }
}
