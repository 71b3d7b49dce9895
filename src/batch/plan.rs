//! A plan: the items of a command, and which share each belongs to. JSON lines: what is done, then an item a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::cli::Failure;
use crate::format::sha256;

use super::shard::{self, Numbering};
use super::store::{Entry, State};

/// Version of the lines.
const VERSION: u32 = 1;
/// How the names of kept plans begin and end.
const NAME: (&str, &str) = ("plan-", ".jsonl");

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the lines, 1.
    pub v: u32,
    /// The command of --do.
    pub command: String,
    /// Whether the outputs take the inputs' place.
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
    /// The scheduler's number of the first share,
    pub first: u32,
    /// and from one share to the next.
    pub step: u32,
    /// How many items follow.
    pub items: u64,
    /// Their size together.
    pub bytes: u64,
    /// What it will take, as measured before; only --dry-run tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<f64>,
}

/// A further line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name in the source.
    pub item: String,
    /// Its size when the plan was made.
    pub bytes: u64,
    /// Its share.
    pub shard: u32,
}

/// Items, and what is done with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is done.
    pub head: Head,
    /// With what, by name.
    pub items: Vec<Item>,
}

impl Plan {
    /// A plan of these items in so many shares. What `head` says about items is set right.
    pub fn new(head: Head, entries: &[Entry]) -> Self {
        let sizes: Vec<u64> = entries.iter().map(|e| e.bytes).collect();
        let shares = shard::shares(&sizes, head.shards);
        let items = entries.iter().zip(shares);
        let items = items.map(|(e, shard)| Item { item: e.name.clone(), bytes: e.bytes, shard }).collect();
        let bytes = sizes.iter().fold(0u64, |sum, b| sum.saturating_add(*b));
        Plan { head: Head { items: entries.len() as u64, bytes, ..head }, items }
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

    /// Reads the lines; `shown` names them.
    ///
    /// # Errors
    ///
    /// They are no plan, not all of one, or name an item outside the source (1).
    pub fn parse(bytes: &[u8], shown: &str) -> Result<Self, Failure> {
        let wrong = |line: usize, why: &str| Failure::failed(format!("{shown} is no plan: line {line}: {why}"));
        let mut lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        let head: Head = serde_json::from_slice(lines.next().unwrap_or_default())
            .map_err(|_| wrong(1, "it does not say what is done").hint("reprocess --dry-run --json writes a plan"))?;
        if head.v != VERSION || head.shards == 0 || head.step == 0 || head.shards > shard::MOST {
            return Err(wrong(1, "another version, or no shares"));
        }
        let mut items: Vec<Item> = Vec::new();
        for (i, line) in lines.enumerate() {
            let item: Item = serde_json::from_slice(line).map_err(|_| wrong(i + 2, "no item"))?;
            if !is_inside(&item.item) || item.shard >= head.shards {
                return Err(wrong(i + 2, "a name that leads out of the source, or a share that does not exist"));
            }
            items.push(item);
        }
        if items.len() as u64 != head.items {
            return Err(Failure::failed(format!("{shown} is not all there: {} of {} items", items.len(), head.items)));
        }
        Ok(Plan { head, items })
    }
}

impl Head {
    /// A head of one share, about no item yet.
    pub fn new(command: String, in_place: bool, source: String, destination: Option<String>) -> Self {
        Head {
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

/// The plans that are kept in a state folder: of each command and selection the latest that is shared, and the one that is not.
///
/// # Errors
///
/// They cannot be read (1).
pub fn kept(state: &dyn State) -> anyhow::Result<Vec<Plan>> {
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
/// It cannot be read (1).
pub fn find(state: &dyn State, head: &Head) -> anyhow::Result<Option<(u32, Plan)>> {
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
/// It cannot be written (1).
pub fn keep(state: &dyn State, plan: Plan, number: u32) -> anyhow::Result<Plan> {
    let name = name(&plan.head.key(), number);
    match state.create(&name, &plan.to_bytes())? {
        true => Ok(plan),
        false => read(state, &name),
    }
}

/// Keeps the plan of a run that is not shared, in the place of the one before: it is what is meant now.
///
/// # Errors
///
/// It cannot be written (1).
pub fn keep_whole(state: &dyn State, plan: &Plan) -> anyhow::Result<()> {
    Ok(state.replace(&name(&plan.head.key(), 0), &plan.to_bytes())?)
}

fn name(key: &str, number: u32) -> String {
    format!("{}{key}-{number}{}", NAME.0, NAME.1)
}

fn read(state: &dyn State, name: &str) -> anyhow::Result<Plan> {
    Ok(Plan::parse(&state.read(name, 0)?, &format!("{name} in {}", state.shown()))?)
}
