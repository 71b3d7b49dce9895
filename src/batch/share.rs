//! Which items this run is to do: all that are meant, or its share of a plan that stays what it is however often it is
//! tried.

use super::error::BatchError;
use super::manifest::{Manifests, Outcome};
use super::plan::{self, Plan, PlanHead};
use super::shard::{ClusterTask, Numbering, Shard, ShardChoice};
use super::store::{Entry, RunState};

/// The plan, and this run's share of it.
#[derive(Debug)]
pub struct Share {
    pub plan: Plan,
    pub shard: Shard,
}

/// Which share is wanted.
#[derive(Debug, Clone, Copy)]
pub struct ShareOptions {
    /// The share; `None` is all.
    pub shard: Option<ShardChoice>,
    /// The number of shares, where the scheduler does not give it.
    pub shards: Option<u32>,
    /// Nothing is written.
    pub dry_run: bool,
}

/// The share that is wanted. A plan that is kept, and not all done, is the plan; else `list` gives the items that are
/// meant, and the plan is kept unless this is a dry run.
///
/// # Errors
///
/// The number of shares is not known, or not the plan's; the state cannot be read or written.
pub fn share(
    options: ShareOptions,
    head: PlanHead,
    state: Option<&dyn RunState>,
    manifests: &Manifests,
    list: impl FnOnce() -> Result<Vec<Entry>, BatchError>,
) -> Result<Share, BatchError> {
    let Some(choice) = options.shard else {
        let plan = Plan::new(head, &list()?);
        if let (Some(state), false) = (state, options.dry_run) {
            plan::keep_whole(state, &plan)?;
        }
        return Ok(Share { plan, shard: Shard::WHOLE });
    };
    let task = match choice {
        ShardChoice::Auto => Some(ClusterTask::from_environment(|name| std::env::var(name).ok())?),
        ShardChoice::Given(_) => None,
    };
    let kept = state.map(|s| plan::find(s, &head)).transpose()?.flatten();
    let (plan, number) = match kept {
        Some((_, plan)) if !is_done(&plan, manifests) => (Some(plan), 0),
        Some((number, plan)) => (Some(plan), number + 1),
        None => (None, 1),
    };
    let plan = match (plan, number) {
        (Some(plan), 0) => plan,
        (before, number) => {
            let (count, numbering) = match (&before, choice, &task) {
                // what was done once is divided as it was
                (Some(before), ..) if options.shards.is_none() && task.is_none_or(|t| t.all.is_none()) => {
                    (before.head.shards, before.numbering())
                }
                (_, ShardChoice::Given(shard), _) => (shard.count, Numbering::PLAIN),
                (_, ShardChoice::Auto, task) => division(options.shards, task.as_ref())?,
            };
            let new = PlanHead { shards: count, first: numbering.first, step: numbering.step, ..head };
            let new = Plan::new(new, &list()?);
            let is_new = |i: &plan::PlanItem| {
                manifests
                    .last(&new.head.command, &i.item)
                    .is_none_or(|l| l.state != Outcome::Done || l.input.bytes != i.bytes)
            };
            match (before, state) {
                // nothing has come since: the same tasks find that all is done
                (Some(before), _) if !new.items.iter().any(is_new) => before,
                (_, Some(state)) if !options.dry_run => plan::keep(state, new, number)?,
                _ => new,
            }
        }
    };
    let shard = shard_of(&plan, choice, task.as_ref(), options.shards)?;
    Ok(Share { plan, shard })
}

/// Number of shares, and how tasks are numbered, of a plan that is new.
fn division(shards: Option<u32>, task: Option<&ClusterTask>) -> Result<(u32, Numbering), BatchError> {
    match (shards, task) {
        (Some(n), Some(task)) => match task.all {
            Some((numbering, count)) if count == n => Ok((n, numbering)),
            // tasks 1 to N are as common as 0 to N-1
            _ if task.highest == n => Ok((n, Numbering { first: 1, step: 1 })),
            _ => Ok((n, Numbering::PLAIN)),
        },
        (None, Some(ClusterTask { all: Some((numbering, count)), .. })) => Ok((*count, *numbering)),
        _ => Err(BatchError::ShareCount),
    }
}

fn shard_of(
    plan: &Plan,
    choice: ShardChoice,
    task: Option<&ClusterTask>,
    shards: Option<u32>,
) -> Result<Shard, BatchError> {
    let count = plan.head.shards;
    let other = match choice {
        ShardChoice::Given(shard) if shard.count != count => Some(shard.count),
        _ => shards.filter(|n| *n != count),
    };
    if let Some(wanted) = other {
        return Err(BatchError::OtherShareCount { planned: count, wanted });
    }
    match (choice, task) {
        (ShardChoice::Given(shard), _) => Ok(shard),
        (ShardChoice::Auto, task) => {
            let task = task.map_or(0, |t| t.id);
            let index = plan.numbering().index(task).filter(|i| *i < count);
            index.map(|index| Shard { index, count }).ok_or_else(|| {
                let last = plan.numbering().task(count - 1);
                BatchError::NoShare { task, first: plan.head.first, last }
            })
        }
    }
}

fn is_done(plan: &Plan, manifests: &Manifests) -> bool {
    let done = |item: &str| manifests.last(&plan.head.command, item).is_some_and(|l| l.state == Outcome::Done);
    plan.items.iter().all(|i| done(&i.item))
}
