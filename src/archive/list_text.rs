//! What is in a folder, for people and as JSON.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use super::{Entry, Seam, Seams, State};
use crate::base::json;
use crate::base::text::count;
use crate::base::text::{human_duration, human_size, quoted, quoted_path, rfc3339};
use crate::format::EndKind;

use super::{
    Found, list,
    listing::{is_growing, nothing},
};

#[derive(Serialize)]
struct Json<'a> {
    file: String,
    camera: &'a str,
    role: &'static str,
    from: Option<String>,
    to: Option<String>,
    bytes: u64,
    stream: String,
    first_epoch: Option<u64>,
    last_epoch: Option<u64>,
    state: &'static str,
    before: Option<String>,
}

/// Writes the recordings of a folder to stdout.
///
/// # Errors
///
/// The folder cannot be read, or holds no segment (1).
pub fn print_list(folder: &Path, json: bool) -> anyhow::Result<()> {
    let found = list(folder, |_| true)?;
    if found.recordings.is_empty() && found.unreadable.is_empty() {
        return Err(nothing(folder).into());
    }
    let text = if json { as_json(&found) } else { as_text(&found) };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")
}

fn as_text(found: &Found) -> String {
    let mut out = String::new();
    for r in &found.recordings {
        let bytes = r.entries.iter().map(|e| e.bytes).sum();
        let n = count(r.entries.len() as u64, "segment");
        let _ = writeln!(out, "{}, {}: {n}, {}", quoted(&r.camera), r.role.name(), human_size(bytes));
        let seams = r.seams();
        for (i, e) in r.entries.iter().enumerate() {
            let seam = seams.iter().find(|s| s.index == i).and_then(seam_text);
            if let Some(text) = seam {
                let _ = writeln!(out, "  -- {text}");
            }
            let (from, to) = (time(e.segment.from_ns), time(e.segment.to_ns));
            let name = e.place.file_name().unwrap_or_default().to_string_lossy();
            let state = match state(e) {
                "excerpt" => String::new(),
                other => format!("  {other}"),
            };
            let _ = writeln!(
                out,
                "  {from}  {to}  {:>10}  {}{state}",
                human_size(e.bytes),
                crate::base::text::printable(&name)
            );
        }
    }
    for (path, why) in &found.unreadable {
        let _ = writeln!(out, "cannot be read: {}: {}", quoted_path(path), crate::base::text::printable(why));
    }
    out
}

fn as_json(found: &Found) -> String {
    let mut out = String::new();
    for r in &found.recordings {
        let seams = r.seams();
        for (i, e) in r.entries.iter().enumerate() {
            out += &json::line(&Json {
                file: e.place.to_string_lossy().into_owned(),
                camera: &r.camera,
                role: r.role.name(),
                from: e.segment.from_ns.map(rfc3339),
                to: e.segment.to_ns.map(rfc3339),
                bytes: e.bytes,
                stream: crate::base::text::hex(&e.segment.stream.id),
                first_epoch: e.segment.epochs.map(|(first, _)| first),
                last_epoch: e.segment.epochs.map(|(_, last)| last),
                state: state(e),
                before: seams.iter().find(|s| s.index == i).and_then(seam_text),
            });
        }
    }
    out
}

fn time(ns: Option<i64>) -> String {
    ns.map_or_else(|| "unknown".into(), rfc3339)
}

fn state(e: &Entry<PathBuf>) -> &'static str {
    match e.segment.state {
        State::Ended(EndKind::Complete) => "complete",
        State::Ended(EndKind::Excerpt) => "excerpt",
        State::Ended(EndKind::Recovered) => "recovered",
        State::Ended(EndKind::Cut) => "cut",
        State::Open if is_growing(e) => "being written",
        State::Open => "no end",
        State::Damaged(_) => "damaged",
    }
}

/// What is missing before a segment; `None` where it follows the one before.
pub(super) fn seam_text(s: &Seams) -> Option<String> {
    let times = match (s.from_ns, s.to_ns) {
        (Some(from), Some(to)) if to > from => {
            let length = human_duration(Duration::from_nanos(to.abs_diff(from)));
            format!("{} to {} ({length})", rfc3339(from), rfc3339(to))
        }
        (Some(from), Some(to)) => format!("{}, where the next one begins at {}", rfc3339(from), rfc3339(to)),
        _ => "at an unknown time".into(),
    };
    let why = match s.seam {
        Seam::Follows => return None,
        Seam::Missing { first, last } if first == last => format!("epoch {first} is missing"),
        Seam::Missing { first, last } => format!("epochs {first} to {last} are missing"),
        Seam::Broken => "the next segment does not name the close record before it".into(),
        Seam::Continued => "recording stopped and went on".into(),
        Seam::ContinuedLater => {
            "recording stopped and went on, and the end of what came before is not what the next stream names".into()
        }
        Seam::New => "another stream, which does not say that it continues the one before".into(),
    };
    Some(format!("gap: {times}: {why}"))
}
