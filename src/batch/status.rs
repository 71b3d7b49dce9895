//! How far runs are: all shares' manifests against the plans.

use serde::Serialize;

use super::error::BatchError;
use super::manifest::{Manifests, Outcome};
use super::open_store;
use super::plan::{self, Plan};
use super::shard::array_spec;

/// Items of a plan by what became of them. Its fields are those of the JSON of `reprocess status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStatus {
    /// The command.
    pub command: String,
    /// Where the items are.
    pub source: String,
    /// Where the outputs go.
    pub destination: Option<String>,
    /// The flags that chose the items.
    pub selection: String,
    /// Number of shares.
    pub shards: u32,
    /// Number of items.
    pub items: u64,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// Items that are done.
    pub done: u64,
    /// The size of those, in bytes.
    pub done_bytes: u64,
    /// Items that failed or were refused.
    pub failed: Vec<UndoneItem>,
    /// Items that are damaged.
    pub damaged: Vec<UndoneItem>,
    /// Items that nobody has done yet.
    pub missing: Vec<UndoneItem>,
    /// Tasks with an item that failed or is missing.
    #[serde(skip)]
    pub tasks: Vec<u32>,
    /// Those tasks, as `--array=` of sbatch takes them.
    pub array_spec: String,
}

/// An item that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndoneItem {
    /// Its name.
    pub item: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its share.
    pub shard: u32,
    /// The exit status of the command, where it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What went wrong, where it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// All of the runs in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusVerdict {
    /// All items are done.
    Done,
    /// Some items are damaged, and all others done.
    Damaged,
    /// Some items failed or are missing.
    Incomplete,
}

/// How far the runs are whose state is in `place`: the folder of the outputs, or that of the state itself.
///
/// # Errors
///
/// There is no run in it, or its state cannot be read.
pub fn status(place: &str) -> Result<Vec<RunStatus>, BatchError> {
    let state = open_store::state_of(place)?;
    let mut manifests = Manifests::default();
    manifests.refresh(state.as_ref())?;
    let plans = plan::kept(state.as_ref())?;
    if plans.is_empty() {
        return Err(BatchError::NoRun { place: state.shown() });
    }
    Ok(plans.iter().map(|plan| status_of(plan, &manifests)).collect())
}

/// The worst that is true of any of the runs.
pub fn verdict(runs: &[RunStatus]) -> StatusVerdict {
    if runs.iter().any(|r| !r.failed.is_empty() || !r.missing.is_empty()) {
        StatusVerdict::Incomplete
    } else if runs.iter().any(|r| !r.damaged.is_empty()) {
        StatusVerdict::Damaged
    } else {
        StatusVerdict::Done
    }
}

fn status_of(plan: &Plan, manifests: &Manifests) -> RunStatus {
    let head = &plan.head;
    let mut status = RunStatus {
        command: head.command.clone(),
        source: head.source.clone(),
        destination: head.destination.clone(),
        selection: head.selection.clone(),
        shards: head.shards,
        items: head.items,
        bytes: head.bytes,
        done: 0,
        done_bytes: 0,
        failed: Vec::new(),
        damaged: Vec::new(),
        missing: Vec::new(),
        tasks: Vec::new(),
        array_spec: String::new(),
    };
    for item in &plan.items {
        let line = manifests.last(&head.command, &item.item);
        let undone = UndoneItem {
            item: item.item.clone(),
            bytes: item.bytes,
            shard: item.shard,
            exit: line.map(|l| l.exit),
            message: line.map(|l| l.message.clone()),
        };
        let list = match line.map(|l| l.state) {
            Some(Outcome::Done) => {
                status.done += 1;
                status.done_bytes = status.done_bytes.saturating_add(item.bytes);
                continue;
            }
            Some(Outcome::Damaged) => {
                status.damaged.push(undone);
                continue;
            }
            Some(Outcome::Failed | Outcome::Refused) => &mut status.failed,
            Some(Outcome::Replacing) | None => &mut status.missing,
        };
        list.push(undone);
        status.tasks.push(plan.numbering().task(item.shard));
    }
    status.array_spec = array_spec(&status.tasks);
    status
}
