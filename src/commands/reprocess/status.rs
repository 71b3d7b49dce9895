//! How far runs are, printed.

use crate::base::text::{self, count};
use crate::batch::{self, RunStatus, StatusVerdict};
use crate::cli::print::print;
use crate::cli::{Failure, Status};

/// Writes what is done, and what is not, of the runs whose state is in `place`. With `spec`, only the tasks to submit
/// again.
///
/// # Errors
///
/// Something failed or is missing (1); something is damaged, and all else done (3); there is no plan (1). With `spec`,
/// only the last.
pub fn print_status(place: &str, json: bool, spec: bool) -> anyhow::Result<()> {
    let runs = batch::status(place)?;
    if spec {
        let tasks: Vec<u32> = runs.iter().flat_map(|r| r.tasks.iter().copied()).collect();
        let line = if tasks.is_empty() { String::new() } else { batch::array_spec(&tasks) + "\n" };
        return print(line.as_bytes());
    }
    let line = |run| serde_json::to_string(run).unwrap_or_default() + "\n";
    let text: String = runs.iter().map(|run| if json { line(run) } else { described(run) }).collect();
    print(text.as_bytes())?;
    match batch::status_verdict(&runs) {
        StatusVerdict::Incomplete => Err(Failure::reported(Status::Failed).into()),
        StatusVerdict::Damaged => Err(Failure::reported(Status::Damaged).into()),
        StatusVerdict::Done => Ok(()),
    }
}

fn described(run: &RunStatus) -> String {
    let shares = if run.shards > 1 { format!(", {} shares", run.shards) } else { String::new() };
    let mut out = format!("{}{shares}\n", text::printable(&run.command));
    out += &format!(
        "  {} of {} done, {} of {}; {} failed, {} damaged, {} missing\n",
        run.done,
        count(run.items, "item"),
        text::human_size(run.done_bytes),
        text::human_size(run.bytes),
        run.failed.len(),
        run.damaged.len(),
        run.missing.len()
    );
    for (what, list) in [("failed", &run.failed), ("damaged", &run.damaged), ("missing", &run.missing)] {
        for item in list {
            let message = item.message.as_deref().filter(|m| !m.is_empty());
            let why = message.map(|m| format!(": {}", text::printable(m)));
            out += &format!("  {what}  {}{}\n", text::printable(&item.item), why.unwrap_or_default());
        }
    }
    out
}
