//! `record --repair`: what was saved of a damaged file, and what is lost.

use std::path::Path;

use crate::archive::{self, Copied, Lost, Repaired, TailFrame};
use crate::base::text::{self, count};
use crate::cli::Session;
use crate::cli::print::print;

/// Copies `file` to `output`, or next to it as `NAME.recovered.vv`, and writes the list of the frames that no close
/// record covers to stdout.
///
/// # Errors
///
/// It is being written (1), or is no stream (3); the new name is taken (2).
pub fn repair(file: &Path, output: Option<&Path>, session: &Session) -> anyhow::Result<()> {
    let shown = text::quoted_path(file);
    match archive::repair(file, output, &session.report())? {
        Repaired::Whole => session.note(format!("{shown} is whole: nothing was written")),
        Repaired::Copied { output, copied } => {
            let (saved, why) = (saved_text(&copied), why_text(&copied));
            session.note(format!("{shown}: {why}; copied to {}: {saved}", text::quoted_path(&output)));
            report_lost(&copied, session)?;
        }
    }
    Ok(())
}

fn why_text(copied: &Copied) -> String {
    copied.lost.first().map_or_else(|| "it had no end".to_owned(), |lost| lost.fault.to_string())
}

fn saved_text(copied: &Copied) -> String {
    let epochs = count(copied.epochs, "whole epoch");
    match copied.tail.len() as u64 + copied.more {
        0 => epochs,
        tail => format!("{epochs}, and {} that no close record covers", count(tail, "frame")),
    }
}

fn report_lost(copied: &Copied, session: &Session) -> anyhow::Result<()> {
    copied.lost.iter().for_each(|lost| session.warn(lost_text(lost)));
    if copied.more_lost > 0 {
        session.warn(format!("and {} more where something is lost", count(copied.more_lost, "place")));
    }
    print(copied.tail.iter().map(tail_line).collect::<String>())?;
    if copied.more > 0 {
        session.warn(format!("{} more are not listed", count(copied.more, "frame")));
    }
    Ok(())
}

/// `lost: epoch 3 from its frame 12 on, up to epoch 5, 2027-01-15T08:00:03Z to 2027-01-15T08:00:05Z: damaged at byte
/// 4711 ...`.
fn lost_text(lost: &Lost) -> String {
    let first = match (lost.epoch, lost.frames) {
        (Some(epoch), Some(frames)) => format!("epoch {epoch} from its frame {frames} on"),
        (Some(epoch), None) => format!("everything from epoch {epoch} on"),
        (None, _) => "everything from the beginning on".to_owned(),
    };
    let until = match lost.next {
        Some((next, _)) => format!(", up to epoch {next}"),
        None => ", up to the end".to_owned(),
    };
    let when = match (lost.from_ns, lost.next) {
        (Some(from), Some((_, to))) => format!(", {} to {}", text::rfc3339(from), text::rfc3339(to)),
        (Some(from), None) => format!(", from {} on", text::rfc3339(from)),
        _ => String::new(),
    };
    format!("lost: {first}{until}{when}: {}", lost.fault)
}

/// `unsigned tail: epoch 3, frame 12, track 0, 2027-01-15T08:00:01.2Z, 4711 bytes, key`.
fn tail_line(f: &TailFrame) -> String {
    let at = f.utc_ns.map_or_else(|| "time unknown".to_owned(), text::rfc3339);
    let key = if f.flags.key { ", key" } else { "" };
    format!("unsigned tail: epoch {}, frame {}, track {}, {at}, {} bytes{key}\n", f.epoch, f.counter, f.track, f.bytes)
}
