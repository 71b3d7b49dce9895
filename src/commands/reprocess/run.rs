//! Flags in, a run out.

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::text::{self, count};
use crate::batch::{BatchRun, JobSurroundings};
use crate::cli::flags::ReprocessFlags;
use crate::cli::print::print;
use crate::cli::secrets::{KeyAgent, secret_variables};
use crate::cli::{Failure, Session};

use super::progress::BatchProgress;
use super::status;

/// Does what the flags say.
///
/// # Errors
///
/// Some item failed (1), or some were damaged and none failed otherwise (3); a signal came (130); the flags make no
/// sense (2).
pub fn reprocess(flags: &ReprocessFlags, session: &Session) -> anyhow::Result<()> {
    if flags.source.as_deref() == Some("status") && flags.command.is_none() && flags.plan.is_none() {
        let Some(place) = flags.destination.as_deref().or(flags.state.as_deref()) else {
            return Err(Failure::usage("status of what?").hint("reprocess status DST").into());
        };
        return status::print_status(place, flags.json.json, flags.array_spec);
    }
    if flags.array_spec {
        return Err(Failure::usage("--array-spec goes with status: reprocess status --array-spec DST").into());
    }
    let run = BatchRun::prepare(flags.work()?, flags.options())?;
    if flags.dry_run {
        for left_out in run.left_out() {
            session.warn(format!("left out: {}: {}", text::quoted(&left_out.name), left_out.why));
        }
        return print(if flags.json.json { run.plan().to_bytes() } else { described(&run).into_bytes() });
    }
    let progress = BatchProgress::new(session, flags.json.json, run.counts())?;
    session.stop()?;
    if let Some(n) = flags.nice {
        // more may be refused, and the work is done all the same
        let _ = rustix::process::nice(n.into());
    }
    // it asks for pass phrase or PIN once, and answers every job until the run is over
    let agent = KeyAgent::start(&flags.identity, session)?;
    let variable = agent.as_ref().map(KeyAgent::environment);
    let surroundings = JobSurroundings {
        without: secret_variables().filter(|name| !flags.pass_env.contains(name)).collect(),
        variables: variable.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        descriptors: agent.iter().map(KeyAgent::descriptor).collect(),
    };
    let summary = run.run(&surroundings, &progress, &session.report())?;
    progress.finish(&summary)
}

/// What a run would do, as text.
fn described(run: &BatchRun) -> String {
    let (counts, mut text) = (run.counts(), String::new());
    for e in run.due() {
        let _ = writeln!(text, "{:>10}  {}", text::human_size(e.bytes), text::printable(&e.name));
    }
    let time = match run.estimated_seconds() {
        Some(s) => format!("about {}", text::human_duration(Duration::from_secs_f64(s.clamp(0.0, 1e12)))),
        None => "time not known: this command has done nothing here yet".into(),
    };
    let done = if counts.done_before > 0 { format!(", {} done before", counts.done_before) } else { String::new() };
    let (items, size) = (count(counts.items, "item"), text::human_size(counts.bytes));
    let _ = writeln!(text, "{items}, {size}{done}; {time}");
    text
}
