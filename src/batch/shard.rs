//! Shares of a plan: which machine of a cluster does which items.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;

use super::error::BatchError;

/// One share of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0 on.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// Maximum number of shares.
pub const MAX_SHARDS: u32 = 1_000_000;

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };
}

/// Which share a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    Given(Shard),
    /// The one that the cluster's scheduler names in the environment.
    Auto,
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(ShardChoice::Auto);
        }
        let parsed = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parsed {
            Some((index, count)) if index < count && count <= MAX_SHARDS => {
                Ok(ShardChoice::Given(Shard { index, count }))
            }
            _ => Err("give auto, or I/N with I from 0 to N-1, as in 0/4".into()),
        }
    }
}

/// How a scheduler numbers its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// Number of the first task.
    pub first: u32,
    /// The step from the number of one task to the next.
    pub step: u32,
}

impl Numbering {
    /// 0, 1, 2 ...
    pub const PLAIN: Numbering = Numbering { first: 0, step: 1 };

    /// The scheduler's number of a share.
    pub fn task(self, index: u32) -> u32 {
        self.first.saturating_add(index.saturating_mul(self.step))
    }

    /// The share of a task.
    pub fn index(self, task: u32) -> Option<u32> {
        let offset = task.checked_sub(self.first)?;
        (self.step > 0 && offset % self.step == 0).then(|| offset / self.step)
    }
}

/// What a scheduler says about the task that this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterTask {
    /// Its number.
    pub id: u32,
    /// How the tasks that were submitted with it are numbered, and how many they are; `None` where they leave gaps, as
    /// when some are submitted again.
    pub all: Option<(Numbering, u32)>,
    /// The highest number among them.
    pub highest: u32,
}

impl ClusterTask {
    /// Read from `SLURM_ARRAY_TASK_ID` and its kin, or `JOB_COMPLETION_INDEX` with `JOB_COMPLETIONS`; `variable` gives
    /// a variable's value.
    ///
    /// # Errors
    ///
    /// Neither is there, or they make no sense.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<ClusterTask, BatchError> {
        let number = |name: &str| match variable(name) {
            None => Ok(None),
            Some(value) => match value.trim().parse::<u32>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(BatchError::TaskVariable { name: name.to_owned(), value }),
            },
        };
        if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let highest = number("SLURM_ARRAY_TASK_MAX")?;
            let count = number("SLURM_ARRAY_TASK_COUNT")?;
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            let all = match (count, highest) {
                (Some(count), Some(highest)) if highest.checked_sub(first).map(|n| n / step + 1) != Some(count) => None,
                (Some(count), _) => Some((Numbering { first, step }, count)),
                (None, _) => None,
            };
            return Ok(ClusterTask { id, all, highest: highest.unwrap_or(id) });
        }
        if let Some(id) = number("JOB_COMPLETION_INDEX")? {
            let count = number("JOB_COMPLETIONS")?;
            return Ok(ClusterTask { id, all: count.map(|n| (Numbering::PLAIN, n)), highest: id });
        }
        Err(BatchError::NoTask)
    }
}

/// The share of each item: the largest first, each to the share with the fewest bytes so far, then with the lowest
/// number. Sizes, in bytes, and their order decide alone, so the same list gives the same shares.
///
/// An item costs at least one byte more than it has, so that many empty ones are spread, too.
pub fn shares(bytes: &[u64], count: u32) -> Vec<u32> {
    let mut order: Vec<usize> = (0..bytes.len()).collect();
    order.sort_by_key(|i| Reverse(bytes.get(*i).copied().unwrap_or(0)));
    let mut loads: BinaryHeap<Reverse<(u64, u32)>> = (0..count.max(1)).map(|i| Reverse((0, i))).collect();
    let mut shares = vec![0; bytes.len()];
    for i in order {
        let Some(Reverse((load, share))) = loads.pop() else { break };
        if let (Some(s), Some(b)) = (shares.get_mut(i), bytes.get(i)) {
            *s = share;
            loads.push(Reverse((load.saturating_add(*b).saturating_add(1), share)));
        }
    }
    shares
}

/// ClusterTask numbers as `--array=` of sbatch takes them: `3,7-9`.
pub fn array_spec(tasks: &[u32]) -> String {
    let mut tasks = tasks.to_vec();
    tasks.sort_unstable();
    tasks.dedup();
    let mut spec: Vec<String> = Vec::new();
    let mut rest = tasks.as_slice();
    while let Some(first) = rest.first().copied() {
        let run = rest.iter().zip(first..=u32::MAX).take_while(|(task, n)| **task == *n).count();
        let last = first.saturating_add(u32::try_from(run).unwrap_or(u32::MAX) - 1);
        spec.push(if run == 1 { first.to_string() } else { format!("{first}-{last}") });
        rest = rest.get(run..).unwrap_or_default();
    }
    spec.join(",")
}
