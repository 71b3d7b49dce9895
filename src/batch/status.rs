//! How far runs are: all shares' manifests against the plans.

use std::io::Write;

use anyhow::Context;
use serde::Serialize;

use crate::base::text;
use crate::base::text::count;
use crate::cli::{Failure, Status};

use super::manifest::{Manifests, Outcome};
use super::plan::{self, Plan};
use super::shard::array_spec;
use super::store::State;

/// Items of a plan by what became of them.
#[derive(Debug, Serialize)]
struct Progress<'a> {
    command: &'a str,
    source: &'a str,
    destination: Option<&'a str>,
    selection: &'a str,
    shards: u32,
    items: u64,
    bytes: u64,
    done: u64,
    done_bytes: u64,
    failed: Vec<Wrong<'a>>,
    damaged: Vec<Wrong<'a>>,
    missing: Vec<Wrong<'a>>,
    /// Tasks with an item that failed or is missing.
    #[serde(skip)]
    tasks: Vec<u32>,
    array_spec: String,
}

#[derive(Debug, Serialize)]
struct Wrong<'a> {
    item: &'a str,
    bytes: u64,
    shard: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Writes what is done, and what is not, to stdout.
///
/// # Errors
///
/// Something failed or is missing (1); something is damaged, and all else done (3); there is no plan (1). With `spec`, only the last.
pub fn status(state: &dyn State, json: bool, spec: bool) -> anyhow::Result<()> {
    let mut manifests = Manifests::default();
    manifests.refresh(state)?;
    let plans = plan::kept(state)?;
    if plans.is_empty() {
        return Err(Failure::failed(format!("there is no run in {}", text::quoted(&state.shown())))
            .hint("name the folder of the outputs, or that of --state")
            .into());
    }
    let all: Vec<Progress> = plans.iter().map(|plan| progress(plan, &manifests)).collect();
    let mut out = String::new();
    if spec {
        let tasks: Vec<u32> = all.iter().flat_map(|p| p.tasks.iter().copied()).collect();
        if !tasks.is_empty() {
            out = array_spec(&tasks) + "\n";
        }
        return print(&out);
    }
    for p in &all {
        match json {
            true => out += &(serde_json::to_string(p).unwrap_or_default() + "\n"),
            false => out += &told(p),
        }
    }
    print(&out)?;
    let any = |of: fn(&Progress) -> bool| all.iter().any(of);
    match (any(|p| !p.failed.is_empty() || !p.missing.is_empty()), any(|p| !p.damaged.is_empty())) {
        (true, _) => Err(Failure::told(Status::Failed).into()),
        (false, true) => Err(Failure::told(Status::Damaged).into()),
        (false, false) => Ok(()),
    }
}

fn progress<'a>(plan: &'a Plan, manifests: &'a Manifests) -> Progress<'a> {
    let head = &plan.head;
    let mut p = Progress {
        command: &head.command,
        source: &head.source,
        destination: head.destination.as_deref(),
        selection: &head.selection,
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
        let wrong = Wrong {
            item: &item.item,
            bytes: item.bytes,
            shard: item.shard,
            exit: line.map(|l| l.exit),
            message: line.map(|l| l.message.as_str()),
        };
        let to = match line.map(|l| l.state) {
            Some(Outcome::Done) => {
                p.done += 1;
                p.done_bytes += item.bytes;
                continue;
            }
            Some(Outcome::Damaged) => {
                p.damaged.push(wrong);
                continue;
            }
            Some(Outcome::Failed | Outcome::Refused) => &mut p.failed,
            Some(Outcome::Replacing) | None => &mut p.missing,
        };
        to.push(wrong);
        p.tasks.push(plan.numbering().task(item.shard));
    }
    p.array_spec = array_spec(&p.tasks);
    p
}

fn told(p: &Progress<'_>) -> String {
    let shares = if p.shards > 1 { format!(", {} shares", p.shards) } else { String::new() };
    let mut out = format!("{}{shares}\n", text::printable(p.command));
    out += &format!(
        "  {} of {} done, {} of {}; {} failed, {} damaged, {} missing\n",
        p.done,
        count(p.items, "item"),
        text::human_size(p.done_bytes),
        text::human_size(p.bytes),
        p.failed.len(),
        p.damaged.len(),
        p.missing.len()
    );
    for (what, list) in [("failed", &p.failed), ("damaged", &p.damaged), ("missing", &p.missing)] {
        for w in list {
            let why = w.message.filter(|m| !m.is_empty()).map(|m| format!(": {}", text::printable(m)));
            out += &format!("  {what}  {}{}\n", text::printable(w.item), why.unwrap_or_default());
        }
    }
    out
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")
}
