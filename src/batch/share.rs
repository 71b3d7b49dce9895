//! Which items this run is to do: all that are meant, or its share of a plan that stays the same however often it is tried.

use crate::cli::Failure;

use super::flags::ReprocessFlags;
use super::manifest::{Manifests, Outcome};
use super::plan::{self, Head, Plan};
use super::shard::{Choice, Numbering, Shard, Task};
use super::store::{Entry, State};

/// The plan, and this run's share of it.
#[derive(Debug)]
pub struct Share {
    pub plan: Plan,
    pub shard: Shard,
}

/// The share that the flags name. A plan that is kept, and not all done, is the plan; else `list` tells what is meant, and the plan is kept unless
/// this is a dry run.
///
/// # Errors
///
/// The number of shares is not known, or not the plan's (2); the state cannot be read or written (1).
pub fn share(
    flags: &ReprocessFlags,
    head: Head,
    state: Option<&dyn State>,
    manifests: &Manifests,
    list: impl FnOnce() -> anyhow::Result<Vec<Entry>>,
) -> anyhow::Result<Share> {
    let Some(choice) = flags.shard else {
        let plan = Plan::new(head, &list()?);
        if let (Some(state), false) = (state, flags.dry_run) {
            plan::keep_whole(state, &plan)?;
        }
        return Ok(Share { plan, shard: Shard::WHOLE });
    };
    let task = match choice {
        Choice::Auto => Some(Task::from_environment(|name| std::env::var(name).ok())?),
        Choice::Given(_) => None,
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
                (Some(before), ..) if flags.shards.is_none() && task.is_none_or(|t| t.all.is_none()) => {
                    (before.head.shards, before.numbering())
                }
                (_, Choice::Given(shard), _) => (shard.count, Numbering::PLAIN),
                (_, Choice::Auto, task) => division(flags.shards, task.as_ref())?,
            };
            let new = Head { shards: count, first: numbering.first, step: numbering.step, ..head };
            let new = Plan::new(new, &list()?);
            let is_new = |i: &plan::Item| {
                manifests
                    .last(&new.head.command, &i.item)
                    .is_none_or(|l| l.state != Outcome::Done || l.input.bytes != i.bytes)
            };
            match (before, state) {
                // nothing has come since: the same tasks find that all is done
                (Some(before), _) if !new.items.iter().any(is_new) => before,
                (_, Some(state)) if !flags.dry_run => plan::keep(state, new, number)?,
                _ => new,
            }
        }
    };
    let shard = shard_of(&plan, choice, task.as_ref(), flags.shards)?;
    Ok(Share { plan, shard })
}

/// Number of shares, and how tasks are numbered, of a plan that is new.
fn division(shards: Option<u32>, task: Option<&Task>) -> Result<(u32, Numbering), Failure> {
    match (shards, task) {
        (Some(n), Some(task)) => match task.all {
            Some((numbering, count)) if count == n => Ok((n, numbering)),
            // tasks 1 to N are as common as 0 to N-1
            _ if task.highest == n => Ok((n, Numbering { first: 1, step: 1 })),
            _ => Ok((n, Numbering::PLAIN)),
        },
        (None, Some(Task { all: Some((numbering, count)), .. })) => Ok((*count, *numbering)),
        _ => Err(Failure::usage(
            "it is not known how many shares there are: the tasks are numbered with gaps, or not counted",
        )
        .hint("submit all tasks first, as in --array=0-7, set JOB_COMPLETIONS, or give --shards N")),
    }
}

fn shard_of(plan: &Plan, choice: Choice, task: Option<&Task>, shards: Option<u32>) -> Result<Shard, Failure> {
    let count = plan.head.shards;
    let other = match choice {
        Choice::Given(shard) if shard.count != count => Some(shard.count),
        _ => shards.filter(|n| *n != count),
    };
    if let Some(other) = other {
        return Err(Failure::usage(format!("the plan has {count} shares, and {other} are asked for"))
            .hint("a plan keeps its shares until all is done; reprocess status tells what is missing"));
    }
    match (choice, task) {
        (Choice::Given(shard), _) => Ok(shard),
        (Choice::Auto, task) => {
            let id = task.map_or(0, |t| t.id);
            let index = plan.numbering().index(id).filter(|i| *i < count);
            index.map(|index| Shard { index, count }).ok_or_else(|| {
                let last = plan.numbering().task(count - 1);
                Failure::usage(format!(
                    "the plan has no share for task {id}: its tasks are {} to {last}",
                    plan.head.first
                ))
                .hint("reprocess status --array-spec tells which to submit")
            })
        }
    }
}

fn is_done(plan: &Plan, manifests: &Manifests) -> bool {
    let done = |item: &str| manifests.last(&plan.head.command, item).is_some_and(|l| l.state == Outcome::Done);
    plan.items.iter().all(|i| done(&i.item))
}
