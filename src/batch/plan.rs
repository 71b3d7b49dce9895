//! A plan: the items of a command, and which share each belongs to. JSON lines: what is done, then an item a line.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::format::sha256;

use super::error::{BatchError, PlanFault};
use super::shard::{self, Numbering};
use super::store::{Entry, RunState};

/// Version of the lines.
const VERSION: u32 = 1;
/// How the names of kept plans begin and end.
const NAME: (&str, &str) = ("plan-", ".jsonl");

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanHead {
    /// Version of the lines, 1.
    pub v: u32,
    /// The command of --do.
    pub command: String,
    /// Whether each output takes its input's place.
    pub in_place: bool,
    /// Where the items are.
    pub source: String,
    /// Where the outputs go.
    pub destination: Option<String>,
    /// The flags that chose the items.
    pub selection: String,
    /// What outputs are named with, instead of .vv.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// How many shares there are.
    pub shards: u32,
    /// The scheduler's number of the first share.
    pub first: u32,
    /// The step from the scheduler's number of one share to the next.
    pub step: u32,
    /// How many items follow.
    pub items: u64,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// The time that the run will take, as measured before; only a dry run knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<f64>,
}

/// A further line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Its name in the source.
    pub item: String,
    /// Its size when the plan was made, in bytes.
    pub bytes: u64,
    /// Its share.
    pub shard: u32,
}

/// Items, and what is done with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is done.
    pub head: PlanHead,
    /// With what, by name.
    pub items: Vec<PlanItem>,
}

impl Plan {
    /// A plan of these items, in the number of shares that `head` has. What `head` says about items is set right.
    pub fn new(head: PlanHead, entries: &[Entry]) -> Self {
        let sizes: Vec<u64> = entries.iter().map(|e| e.bytes).collect();
        let shares = shard::shares(&sizes, head.shards);
        let items = entries.iter().zip(shares);
        let items = items.map(|(e, shard)| PlanItem { item: e.name.clone(), bytes: e.bytes, shard }).collect();
        let bytes = sizes.iter().fold(0u64, |sum, b| sum.saturating_add(*b));
        Plan { head: PlanHead { items: entries.len() as u64, bytes, ..head }, items }
    }

    /// How the scheduler numbers the shares.
    pub fn numbering(&self) -> Numbering {
        Numbering { first: self.head.first, step: self.head.step }
    }

    /// As lines.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.head).unwrap_or_default();
        bytes.push(b'\n');
        for item in &self.items {
            bytes.extend(serde_json::to_vec(item).unwrap_or_default());
            bytes.push(b'\n');
        }
        bytes
    }

    /// Reads a plan from a file.
    ///
    /// # Errors
    ///
    /// As [`Plan::parse`], or the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, BatchError> {
        let name = text::quoted_path(path);
        match std::fs::read(path) {
            Ok(bytes) => Plan::parse(&bytes, &name),
            Err(source) => Err(BatchError::Read { name, source }),
        }
    }

    /// Reads the lines; `shown` is their name in an error.
    ///
    /// # Errors
    ///
    /// They are no plan, not all of one, or name an item outside the source.
    pub fn parse(bytes: &[u8], shown: &str) -> Result<Self, BatchError> {
        let wrong = |line, fault| BatchError::Plan { plan: shown.to_owned(), line, fault };
        let mut lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        let head: PlanHead =
            serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|_| wrong(1, PlanFault::Head))?;
        if head.v != VERSION || head.shards == 0 || head.step == 0 || head.shards > shard::MAX_SHARDS {
            return Err(wrong(1, PlanFault::Version));
        }
        let mut items: Vec<PlanItem> = Vec::new();
        for (i, line) in lines.enumerate() {
            let item: PlanItem = serde_json::from_slice(line).map_err(|_| wrong(i + 2, PlanFault::Item))?;
            if !is_inside(&item.item) || item.shard >= head.shards {
                return Err(wrong(i + 2, PlanFault::Outside));
            }
            items.push(item);
        }
        if items.len() as u64 != head.items {
            return Err(BatchError::PlanTruncated { plan: shown.to_owned(), found: items.len(), items: head.items });
        }
        Ok(Plan { head, items })
    }
}

impl PlanHead {
    /// A head of one share, about no item yet.
    pub fn new(command: String, in_place: bool, source: String, destination: Option<String>) -> Self {
        PlanHead {
            v: VERSION,
            command,
            in_place,
            source,
            destination,
            selection: String::new(),
            suffix: None,
            shards: 1,
            first: 0,
            step: 1,
            items: 0,
            bytes: 0,
            estimated_seconds: None,
        }
    }

    /// What the plans of one command and one selection are named with.
    fn key(&self) -> String {
        let suffix = self.suffix.as_deref().unwrap_or_default();
        let all = [self.command.as_str(), &self.in_place.to_string(), &self.selection, suffix].join("\0");
        text::hex(sha256(all.as_bytes()).get(..8).unwrap_or_default())
    }
}

/// Whether a name stays inside its store.
pub fn is_inside(name: &str) -> bool {
    !name.contains('\0') && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The plans that are kept in a state folder: of each command and selection the latest that is shared, and the one that
/// is not.
///
/// # Errors
///
/// They cannot be read.
pub fn kept(state: &dyn RunState) -> Result<Vec<Plan>, BatchError> {
    let mut latest: BTreeMap<(String, bool), u32> = BTreeMap::new();
    for (name, _) in state.names()? {
        let parts = name.strip_prefix(NAME.0).and_then(|rest| rest.strip_suffix(NAME.1)?.split_once('-'));
        if let Some((key, Ok(number))) = parts.map(|(key, number)| (key, number.parse::<u32>())) {
            let entry = latest.entry((key.to_owned(), number > 0)).or_default();
            *entry = number.max(*entry);
        }
    }
    latest.into_iter().map(|((key, _), number)| read(state, &name(&key, number))).collect()
}

/// The latest plan in shares that is kept for this command and selection, with its number, from 1 on.
///
/// # Errors
///
/// It cannot be read.
pub fn find(state: &dyn RunState, head: &PlanHead) -> Result<Option<(u32, Plan)>, BatchError> {
    let key = head.key();
    let number = |n: &str| {
        n.strip_prefix(NAME.0)?.strip_suffix(NAME.1)?.strip_prefix(&key)?.strip_prefix('-')?.parse::<u32>().ok()
    };
    let latest = state.names()?.iter().filter_map(|(n, _)| number(n)).filter(|n| *n > 0).max();
    latest.map(|number| Ok((number, read(state, &name(&key, number))?))).transpose()
}

/// Keeps a plan under this number; where another task was first, that one's plan is the plan.
///
/// # Errors
///
/// It cannot be written.
pub fn keep(state: &dyn RunState, plan: Plan, number: u32) -> Result<Plan, BatchError> {
    let name = name(&plan.head.key(), number);
    if state.create(&name, &plan.to_bytes())? { Ok(plan) } else { read(state, &name) }
}

/// Keeps the plan of a run that is not shared, in the place of the one before: it is what is meant now.
///
/// # Errors
///
/// It cannot be written.
pub fn keep_whole(state: &dyn RunState, plan: &Plan) -> Result<(), BatchError> {
    Ok(state.replace(&name(&plan.head.key(), 0), &plan.to_bytes())?)
}

fn name(key: &str, number: u32) -> String {
    format!("{}{key}-{number}{}", NAME.0, NAME.1)
}

fn read(state: &dyn RunState, name: &str) -> Result<Plan, BatchError> {
    Plan::parse(&state.read(name, 0)?, &format!("{name} in {}", state.shown()))
}
