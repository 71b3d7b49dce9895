//! Options in, a run out: first prepared, so that it can be inspected, then done.

use std::collections::HashMap;
use std::mem;
use std::thread;

use crate::base::Report;

use super::counts::{Counter, Counts, Summary};
use super::due::{Due, DueRules};
use super::error::BatchError;
use super::manifest::Manifests;
use super::observer::Observer;
use super::options::{BatchOptions, Work};
use super::plan::{Plan, PlanHead};
use super::runner::run_items;
use super::select::{Selection, select};
use super::shard::Shard;
use super::share::{Share, ShareOptions, share};
use super::shared::Settings;
use super::shell::{JobSurroundings, Shell};
use super::store::{Entry, LeftOut, Listing, RunState, Store};
use super::{in_place, open_store, output_kind};

/// A run that is prepared: it is known what is due.
#[derive(Debug)]
pub struct BatchRun {
    source: Box<dyn Store>,
    destination: Option<Box<dyn Store>>,
    state: Option<Box<dyn RunState>>,
    manifests: Manifests,
    share: Share,
    due: Vec<Entry>,
    done_before: u64,
    left_out: Vec<LeftOut>,
    jobs: usize,
    options: BatchOptions,
}

impl BatchRun {
    /// Opens the stores, and finds out which items are due. The plan is kept, unless this is a dry run.
    ///
    /// # Errors
    ///
    /// The options make no sense; the source, the destination or the state cannot be read or made; there is no share
    /// for this run.
    pub fn prepare(work: Work, options: BatchOptions) -> Result<BatchRun, BatchError> {
        let (head, selection, planned) = match work {
            Work::Command { command, source, destination, in_place, selection, suffix } => {
                let head = PlanHead::new(command, in_place, source, destination);
                (PlanHead { selection: selection.text(), suffix, ..head }, selection, None)
            }
            Work::Plan(plan) => {
                let head = PlanHead { estimated_seconds: None, ..plan.head };
                (head.clone(), Selection::default(), Some(Plan { head, ..plan }))
            }
        };
        if head.command.trim().is_empty() {
            return Err(BatchError::EmptyCommand);
        }
        head.suffix.as_deref().map_or(Ok(()), output_kind::check_suffix)?;
        let source = open_store::source(&head.source, head.destination.as_deref())?;
        // a dry run makes nothing
        let is_there = |name: &&str| !options.dry_run || open_store::exists(name);
        let destination = head.destination.as_deref().filter(is_there).map(open_store::destination).transpose()?;
        let state = match (options.state.as_deref(), &destination, &head.destination) {
            (Some(name), ..) => Some(name).filter(is_there).map(open_store::state).transpose()?,
            (None, Some(store), _) => Some(store.state()?),
            (None, None, Some(_)) => None,
            (None, None, None) => Some(source.state()?),
        };
        let mut manifests = Manifests::default();
        if let Some(state) = &state {
            let cannot = |source| BatchError::StateRead { state: state.shown(), source };
            manifests.refresh(state.as_ref()).map_err(cannot)?;
        }
        let mut left_out = Vec::new();
        let share = match planned {
            Some(plan) if options.shard.is_none() => Share { shard: Shard::WHOLE, plan },
            planned => {
                let wanted = ShareOptions { shard: options.shard, shards: options.shards, dry_run: options.dry_run };
                share(wanted, head, state.as_deref(), &manifests, || {
                    let listing = match planned {
                        Some(plan) => listed(&plan),
                        None => select(source.as_ref(), &selection)?,
                    };
                    left_out = listing.left_out;
                    Ok(listing.entries)
                })?
            }
        };
        let mut run = BatchRun {
            source,
            destination,
            state,
            manifests,
            share,
            due: Vec::new(),
            done_before: 0,
            left_out,
            jobs: options.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1),
            options,
        };
        run.find_due()?;
        Ok(run)
    }

    /// Sorts the items of this run into those that are due and those that are done.
    fn find_due(&mut self) -> Result<(), BatchError> {
        let (plan, whole) = (&self.share.plan, self.options.shard.is_none());
        let mine = plan.items.iter().filter(|i| whole || i.shard == self.share.shard.index);
        let planned: HashMap<&str, u64> = mine.map(|i| (i.item.as_str(), i.bytes)).collect();
        let mut items: Vec<(&str, u64)> = planned.into_iter().collect();
        items.sort_unstable();
        let rules = self.rules();
        let (mut due, mut before) = (Vec::new(), 0);
        for (name, bytes) in items {
            let gone = Entry { name: name.to_owned(), bytes, modified_ns: 0, changed: None };
            let now = self.source.entry(name).ok().flatten().unwrap_or(gone);
            match rules.due(self.manifests.last(&plan.head.command, name), &now)? {
                Due::No => before += 1,
                Due::IfChanged | Due::Yes => due.push(now),
            }
        }
        (self.due, self.done_before) = (due, before);
        Ok(())
    }

    fn rules(&self) -> DueRules<'_> {
        DueRules {
            destination: self.destination.as_deref(),
            in_place: self.share.plan.head.in_place,
            again_after: self.options.again_after,
            check_input: self.options.check_input,
        }
    }

    /// The items that are due, by name.
    pub fn due(&self) -> &[Entry] {
        &self.due
    }

    /// What is in the source and cannot be examined. It will count as damaged.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// What is known at the start: the items that are due, their size, and the number of those that are done.
    pub fn counts(&self) -> Counts {
        let bytes = self.due.iter().fold(0u64, |sum, e| sum.saturating_add(e.bytes));
        Counts { items: self.due.len() as u64, bytes, done_before: self.done_before, ..Counts::default() }
    }

    /// The time that the run will take, by the speed of this command so far.
    pub fn estimated_seconds(&self) -> Option<f64> {
        let at_once = self.jobs.min(self.due.len()).max(1);
        let speed = self.manifests.speed(&self.share.plan.head.command)?;
        Some(self.counts().bytes as f64 / speed / at_once as f64)
    }

    /// A plan of the items that are due.
    pub fn plan(&self) -> Plan {
        let head = PlanHead { estimated_seconds: self.estimated_seconds(), ..self.share.plan.head.clone() };
        Plan::new(head, &self.due)
    }

    /// Does the items. Each job gets what `surroundings` says, `observer` follows, and `report` hears notes and may ask
    /// to stop.
    ///
    /// # Errors
    ///
    /// The run was prepared as a dry run; no shell can be started; the state or the source fails. An item that is not
    /// done is no error: see [`Summary::verdict`].
    pub fn run(
        mut self,
        surroundings: &JobSurroundings<'_>,
        observer: &dyn Observer,
        report: &Report,
    ) -> Result<Summary, BatchError> {
        let counter = Counter::new(self.counts());
        let (due, manifests) = (mem::take(&mut self.due), mem::take(&mut self.manifests));
        let state = self.state.as_deref().ok_or(BatchError::NoState)?;
        self.left_out.iter().for_each(|l| counter.left_out(&l.name, &l.why));
        if let Some(who) = state.writable_by_others() {
            report.warn(format!("the state of the runs: {who}: whoever may do that decides what counts as done"));
        }
        let head = &self.share.plan.head;
        let inside = in_place::command(&head.command).filter(|_| head.in_place && self.source.path("x").is_some());
        let settings = Settings {
            command: &head.command,
            shell: Shell::new(inside.as_deref().unwrap_or(&head.command), surroundings)?,
            source: self.source.as_ref(),
            rules: self.rules(),
            state,
            suffix: head.suffix.as_deref(),
            shard: self.share.shard,
            jobs: self.jobs,
            retry: self.options.retry,
            keep_going: self.options.keep_going,
            keep_damaged: self.options.keep_damaged,
            mode: self.options.mode,
            works_inside: inside.is_some(),
            counter: &counter,
            observer,
            report,
        };
        if !due.is_empty() {
            run_items(&settings, due, manifests)?;
        }
        Ok(counter.summary(report.is_stopping()))
    }
}

/// The items of a plan as a listing.
fn listed(plan: &Plan) -> Listing {
    let entry =
        |i: &super::plan::PlanItem| Entry { name: i.item.clone(), bytes: i.bytes, modified_ns: 0, changed: None };
    Listing { entries: plan.items.iter().map(entry).collect(), left_out: Vec::new() }
}
