//! `record --list`: what is in a folder, for people and as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::archive::{self, Entry, Found, SegmentState, clock_text, is_growing, seam_text};
use crate::base::clock::step_text;
use crate::base::json;
use crate::base::text::{count, hex, human_size, printable, quoted, quoted_path, rfc3339};
use crate::cli::print::print;
use crate::format::EndKind;

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
    /// Its first pictures need the segment before it.
    leans: bool,
    before: Option<String>,
    /// By how many seconds the recorder's clock was set before the segment, and in it; negative: back.
    clock_step: Option<f64>,
    clock_step_inside: Option<f64>,
}

/// Writes the recordings of a folder to stdout.
///
/// # Errors
///
/// The folder cannot be read, or holds no segment (1).
pub fn list(folder: &Path, json: bool) -> anyhow::Result<()> {
    let found = archive::list(folder, |_| true)?;
    print(if json { as_json(&found) } else { as_text(&found) })
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
            let clock = seams.iter().find(|s| s.index == i).and_then(clock_text);
            for text in seam.into_iter().chain(clock) {
                let _ = writeln!(out, "  -- {text}");
            }
            let (from, to) = (time(e.segment.from_ns), time(e.segment.to_ns));
            let name = e.place.file_name().unwrap_or_default().to_string_lossy();
            let state = match state(e) {
                "excerpt" => String::new(),
                other => format!("  {other}"),
            };
            let leans = if e.segment.leans() { "  leans on the one before" } else { "" };
            let _ = writeln!(out, "  {from}  {to}  {:>10}  {}{state}{leans}", human_size(e.bytes), printable(&name));
            if let Some(ns) = e.segment.clock_step_ns() {
                let _ = writeln!(out, "  -- {} in this segment", step_text(ns, false));
            }
        }
    }
    for (path, why) in &found.unreadable {
        let _ = writeln!(out, "cannot be read: {}: {}", quoted_path(path), printable(why));
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
                stream: hex(&e.segment.stream.id),
                first_epoch: e.segment.epochs.map(|(first, _)| first),
                last_epoch: e.segment.epochs.map(|(_, last)| last),
                state: state(e),
                leans: e.segment.leans(),
                before: seams.iter().find(|s| s.index == i).and_then(seam_text),
                clock_step: seams.iter().find(|s| s.index == i).and_then(|s| s.clock_step).map(|c| seconds(c.ns)),
                clock_step_inside: e.segment.clock_step_ns().map(seconds),
            });
        }
    }
    out
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

fn time(ns: Option<i64>) -> String {
    ns.map_or_else(|| "unknown".into(), rfc3339)
}

fn state(e: &Entry<PathBuf>) -> &'static str {
    match e.segment.state {
        SegmentState::Ended(EndKind::Complete) => "complete",
        SegmentState::Ended(EndKind::Excerpt) => "excerpt",
        SegmentState::Ended(EndKind::Recovered) => "recovered",
        SegmentState::Ended(EndKind::Cut) => "cut",
        SegmentState::Open if is_growing(e) => "being written",
        SegmentState::Open => "no end",
        SegmentState::Damaged(_) => "damaged",
    }
}
