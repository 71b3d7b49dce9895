//! The manifest: what was done, with which input and which command. JSON, a line for an item and attempt, only ever
//! appended to.

use std::collections::HashMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::base::{parse, text};

use super::shard::Shard;
use super::store::{Entry, RunState};

/// Version of the lines.
const VERSION: u32 = 1;
/// How the names of manifests begin and end.
const NAME: (&str, &str) = ("manifest-", ".jsonl");

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The command succeeded, and its output, if any, is stored.
    Done,
    /// Anything but what follows.
    Failed,
    /// The command reported that its input is damaged.
    Damaged,
    /// The command refused, or a card or a token was missing.
    Refused,
    /// The output is stored, and about to take the input's place: it is done when the item has the output's hash.
    Replacing,
}

/// What a job read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// SHA-256 in hexadecimal digits; missing where the item was not hashed.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last changed (RFC 3339, UTC).
    pub modified: String,
    /// Its inode and the time when that was last changed, where it is a file; on storage, its ETag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// What a job wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// Its name in the destination.
    pub name: String,
    /// SHA-256 in hexadecimal digits; missing where a command changed the item itself.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// In place: when the item was last changed, after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Its inode and the time when that was last changed, where it is a file; on storage, its ETag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestLine {
    /// Version of the lines, 1.
    pub v: u32,
    /// The item's name in the source.
    pub item: String,
    /// The command of --do.
    pub command: String,
    /// What was read.
    pub input: InputRecord,
    /// What was written; missing where the output is thrown away.
    pub output: Option<OutputRecord>,
    /// How it ended.
    pub state: Outcome,
    /// The command's exit status, 128 and the signal's number where one ended it.
    pub exit: i32,
    /// From 1 on, in this run.
    pub attempt: u32,
    /// When it ended (RFC 3339, UTC).
    pub at: String,
    /// The time that it took, in seconds.
    pub seconds: f64,
    /// What went wrong: as a rule, the last line that the command wrote to stderr.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The share of the run, `I/N`.
    pub shard: String,
}

impl ManifestLine {
    /// The version that this program writes.
    pub const VERSION: u32 = VERSION;

    /// The line with its end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Whether the item, as it is now, is what this line left: that which was read, or in place that which was written.
    pub fn is_of(&self, now: &Entry) -> bool {
        let (bytes, modified) = self.left();
        let changed = match &self.output {
            Some(o) if o.modified.is_some() => &o.changed,
            _ => &self.input.changed,
        };
        bytes == now.bytes && parse::rfc3339(modified) == Ok(now.modified_ns) && *changed == now.changed
    }

    /// The hash that the item has if nothing was changed since.
    pub fn left_hash(&self) -> Option<&str> {
        match &self.output {
            Some(o) if o.modified.is_some() || self.state == Outcome::Replacing => o.sha256.as_deref(),
            _ => self.input.sha256.as_deref(),
        }
    }

    /// Size and time that the item has if nothing was changed since.
    pub fn left(&self) -> (u64, &str) {
        match &self.output {
            Some(OutputRecord { bytes, modified: Some(modified), .. }) => (*bytes, modified),
            _ => (self.input.bytes, &self.input.modified),
        }
    }
}

impl InputRecord {
    /// What `entry` is.
    pub fn new(entry: &Entry, sha256: Option<[u8; 32]>) -> Self {
        InputRecord {
            sha256: sha256.map(|h| text::hex(&h)),
            bytes: entry.bytes,
            modified: text::rfc3339(entry.modified_ns),
            changed: entry.changed.clone(),
        }
    }
}

/// The name of a share's manifest.
pub fn name(shard: Shard) -> String {
    format!("{}{}-of-{}{}", NAME.0, shard.index, shard.count, NAME.1)
}

/// All manifests of a state folder, as far as they have been read.
#[derive(Debug, Default)]
pub struct Manifests {
    read: HashMap<String, u64>,
    last: HashMap<(String, String), ManifestLine>,
    speed: HashMap<String, (u64, f64)>,
    torn: u64,
}

impl Manifests {
    /// Reads what was added since the last time, by any run.
    ///
    /// # Errors
    ///
    /// The state cannot be read.
    pub fn refresh(&mut self, state: &dyn RunState) -> io::Result<()> {
        for (name, length) in state.names()? {
            if !name.starts_with(NAME.0) || !name.ends_with(NAME.1) {
                continue;
            }
            let from = self.read.get(&name).copied().unwrap_or(0);
            if length <= from {
                continue;
            }
            let bytes = state.read(&name, from)?;
            // a line that is being written, or was torn: seen when its end is there
            let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            for line in bytes.get(..whole).unwrap_or_default().split(|b| *b == b'\n') {
                self.add(line);
            }
            self.read.insert(name, from + whole as u64);
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match serde_json::from_slice::<ManifestLine>(bytes) {
            Ok(line) if line.v == VERSION => self.record(line),
            // a write that a kill or a power cut has torn; its item is done again
            _ => self.torn += 1,
        }
    }

    /// Adds a line.
    pub fn record(&mut self, line: ManifestLine) {
        if line.state == Outcome::Done {
            let (bytes, seconds) = self.speed.entry(line.command.clone()).or_default();
            *bytes = bytes.saturating_add(line.input.bytes);
            *seconds += line.seconds.max(0.0);
        }
        let key = (line.command.clone(), line.item.clone());
        // of two runs' manifests, read in any order, the later line counts
        if self.last.get(&key).is_none_or(|l| l.at <= line.at) {
            self.last.insert(key, line);
        }
    }

    /// The last line about an item.
    pub fn last(&self, command: &str, item: &str) -> Option<&ManifestLine> {
        self.last.get(&(command.to_owned(), item.to_owned()))
    }

    /// The last line of each item and command.
    pub fn lines(&self) -> impl Iterator<Item = &ManifestLine> {
        self.last.values()
    }

    /// Bytes a second of one job, as measured for this command.
    pub fn speed(&self, command: &str) -> Option<f64> {
        let (bytes, seconds) = self.speed.get(command)?;
        // lines that somebody has changed may add up to no time that there is
        (*seconds > 0.0 && seconds.is_finite() && *bytes > 0).then(|| *bytes as f64 / seconds)
    }

    /// Lines that were not whole.
    pub fn torn(&self) -> u64 {
        self.torn
    }
}
