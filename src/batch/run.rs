//! Flags in, a run out.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::base::text;
use crate::base::text::count;
use crate::cli::{Failure, Session, secrets::KeyAgent};

use super::due::{Judge, Need};
use super::flags::ReprocessFlags;
use super::manifest::Manifests;
use super::plan::{Head, Plan};
use super::report::Report;
use super::runner::Run;
use super::share::{Share, share};
use super::shell::Shell;
use super::store::{Entry, Listing};
use super::{in_place, open_store, select, status};

/// Does what the flags say.
///
/// # Errors
///
/// Some item failed (1), or some were damaged and none failed otherwise (3); a signal came (130); the flags make no sense (2).
pub fn reprocess(flags: ReprocessFlags, session: &Session) -> anyhow::Result<()> {
    if flags.source.as_deref() == Some("status") && flags.command.is_none() && flags.plan.is_none() {
        let Some(place) = flags.destination.as_deref().or(flags.state.as_deref()) else {
            return Err(Failure::usage("status of what?").hint("reprocess status DST").into());
        };
        return status::status(open_store::state_of(place)?.as_ref(), flags.json.json, flags.array_spec);
    }
    if flags.array_spec {
        return Err(Failure::usage("--array-spec goes with status: reprocess status --array-spec DST").into());
    }
    let plan = flags.plan.as_deref().map(read_plan).transpose()?;
    let head = head(&flags, plan.as_ref())?;
    let source = open_store::source(&head.source, head.destination.as_deref())?;
    // a dry run makes nothing
    let is_there = |name: &&str| !flags.dry_run || open_store::exists(name);
    let destination = head.destination.as_deref().filter(is_there).map(open_store::destination).transpose()?;
    let state = match (flags.state.as_deref(), &destination, &head.destination) {
        (Some(name), ..) => Some(name).filter(is_there).map(open_store::state).transpose()?,
        (None, Some(store), _) => Some(store.state()?),
        (None, None, Some(_)) => None,
        (None, None, None) => Some(source.state()?),
    };
    let mut manifests = Manifests::default();
    if let Some(state) = &state {
        let cannot = || format!("cannot read the state in {}", text::quoted(&state.shown()));
        manifests.refresh(state.as_ref()).with_context(cannot)?;
    }
    let mut left_out = Vec::new();
    let share = match plan {
        Some(plan) if flags.shard.is_none() => Share { shard: super::Shard::WHOLE, plan },
        given => share(&flags, head, state.as_deref(), &manifests, || {
            let listing = match given {
                Some(plan) => planned(&plan),
                None => select::select(source.as_ref(), &flags.selection)?,
            };
            left_out = listing.left_out;
            Ok(listing.entries)
        })?,
    };
    let whole = flags.shard.is_none();
    let mine = share.plan.items.iter().filter(|i| whole || i.shard == share.shard.index);
    let planned: HashMap<&str, u64> = mine.map(|i| (i.item.as_str(), i.bytes)).collect();
    let judge = Judge {
        destination: destination.as_deref(),
        in_place: share.plan.head.in_place,
        again_after: flags.again_after,
        check_input: flags.check_input,
    };
    let command = share.plan.head.command.as_str();
    let mut names: Vec<&str> = planned.keys().copied().collect();
    names.sort_unstable();
    let (mut due, mut before) = (Vec::new(), 0);
    for name in names {
        let bytes = planned.get(name).copied().unwrap_or(0);
        let gone = Entry { name: name.to_owned(), bytes, modified_ns: 0 };
        let now = source.entry(name).ok().flatten().unwrap_or(gone);
        match judge.need(manifests.last(command, name), &now)? {
            Need::Nothing => before += 1,
            Need::Hash | Need::Work => due.push(now),
        }
    }
    let jobs = flags.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    if flags.dry_run {
        left_out.iter().for_each(|(name, why)| session.warn(format!("left out: {}: {why}", text::quoted(name))));
        let seconds = estimate(&due, command, &manifests, jobs);
        return show(&share.plan, &due, before, seconds, flags.json.json);
    }
    let state = state.context("the run has no state")?;
    let report = Report::new(session, flags.json.json, (due.len() as u64, bytes(&due)), before);
    left_out.iter().for_each(|(name, why)| report.left_out(name, why));
    let stop = session.stop()?;
    if let Some(n) = flags.nice {
        // more may be refused, and the work is done all the same
        let _ = rustix::process::nice(n.into());
    }
    // it asks for pass phrase or PIN once, and answers every job until the run is over
    let agent = KeyAgent::start(&flags.identity, session)?;
    let variables = agent.as_ref().map(KeyAgent::environment).map(|(name, value)| (name.into(), value.into()));
    let inside = in_place::command(command).filter(|_| judge.in_place && source.path("x").is_some());
    let run = Run {
        command,
        shell: Shell::new(inside.as_deref().unwrap_or(command), variables.into_iter().collect())?,
        source: source.as_ref(),
        judge,
        state: state.as_ref(),
        suffix: share.plan.head.suffix.as_deref(),
        shard: share.shard,
        jobs,
        retry: flags.retry,
        keep_going: flags.keep_going,
        keep_damaged: flags.keep_damaged,
        hash_outputs: flags.hash_outputs,
        works_inside: inside.is_some(),
    };
    if !due.is_empty() {
        run.go(due, manifests, &report, &stop, session)?;
    }
    report.finish(stop.is_set())
}

fn read_plan(path: &Path) -> anyhow::Result<Plan> {
    let shown = text::quoted_path(path);
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    Ok(Plan::parse(&bytes, &shown)?)
}

/// What is done, out of the flags or a plan.
fn head(flags: &ReprocessFlags, plan: Option<&Plan>) -> Result<Head, Failure> {
    let hint = "reprocess --do COMMAND SRC [DST]";
    let mut head = match (plan, &flags.command, &flags.source) {
        (Some(plan), ..) => {
            let source = flags.source.clone().unwrap_or_else(|| plan.head.source.clone());
            let destination = flags.destination.clone().or_else(|| plan.head.destination.clone());
            Head { source, destination, ..plan.head.clone() }
        }
        (None, Some(command), Some(source)) => {
            let mut head = Head::new(command.clone(), flags.in_place, source.clone(), flags.destination.clone());
            head.selection = flags.selection.text();
            head.suffix.clone_from(&flags.suffix);
            head
        }
        (None, None, _) => return Err(Failure::usage("nothing to do: no --do").hint(hint)),
        (None, Some(_), None) => return Err(Failure::usage("no SRC").hint(hint)),
    };
    if head.command.trim().is_empty() {
        return Err(Failure::usage("the command of --do is empty").hint(hint));
    }
    if plan.is_some() && !flags.selection.is_everything() {
        return Err(Failure::usage(
            "--plan names the items: it takes no --camera, --from, --to, --expiring-before or --recipient",
        ));
    }
    if flags.suffix.as_ref().is_some_and(|s| s.contains('/') || s.is_empty()) {
        return Err(Failure::usage("--suffix is a part of a name, as .mp4"));
    }
    if plan.is_some() {
        head.estimated_seconds = None;
    }
    Ok(head)
}

fn planned(plan: &Plan) -> Listing {
    let entry = |i: &super::plan::Item| Entry { name: i.item.clone(), bytes: i.bytes, modified_ns: 0 };
    Listing { entries: plan.items.iter().map(entry).collect(), left_out: Vec::new() }
}

fn bytes(entries: &[Entry]) -> u64 {
    entries.iter().fold(0, |sum, e| sum.saturating_add(e.bytes))
}

/// Seconds, by the speed of this command so far.
fn estimate(due: &[Entry], command: &str, manifests: &Manifests, jobs: usize) -> Option<f64> {
    let at_once = jobs.min(due.len()).max(1);
    manifests.speed(command).map(|speed| bytes(due) as f64 / speed / at_once as f64)
}

/// The plan, for people or as lines that --plan reads.
fn show(plan: &Plan, due: &[Entry], before: u64, seconds: Option<f64>, json: bool) -> anyhow::Result<()> {
    let mut out = Vec::new();
    if json {
        let head = Head { estimated_seconds: seconds, ..plan.head.clone() };
        out = Plan::new(head, due).to_bytes();
    } else {
        let mut text = String::new();
        for e in due {
            let _ = writeln!(text, "{:>10}  {}", text::human_size(e.bytes), text::printable(&e.name));
        }
        let time = match seconds {
            Some(s) => format!("about {}", text::human_duration(Duration::from_secs_f64(s.clamp(0.0, 1e12)))),
            None => "time not known: this command has done nothing here yet".into(),
        };
        let done = if before > 0 { format!(", {before} done before") } else { String::new() };
        let _ = writeln!(text, "{}, {}{done}; {time}", count(due.len() as u64, "item"), text::human_size(bytes(due)));
        out.extend_from_slice(text.as_bytes());
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&out).and_then(|()| stdout.flush()).context("cannot write to stdout")
}
