//! The oldest segments of a camera removed, whole ones and with a note.

use crate::archive::list_journal::ListJournal;
use crate::archive::name::{Form, SegmentName};
use crate::archive::retention::{Aged, Limits, oldest_to_remove};
use crate::archive::segment::{Segment, segments};
use crate::base::Report;
use crate::base::{text, wall_ns};
use crate::format::StreamRecord;

use super::segment_files::Folder;

/// The segment that is being written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing {
    /// Its size so far.
    pub bytes: u64,
    /// Its first pictures are decoded only after those of the segment before it.
    pub leans: bool,
}

/// What is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stays {
    /// Bytes of the finished segments.
    pub held: u64,
    /// More than the limits say, since what is within them leans on it.
    pub is_leant_on: bool,
}

/// Removes what is too old or too much of the camera of `s`.
pub(super) fn sweep(folder: &Folder, s: &StreamRecord, writing: Writing, limits: Limits, report: &Report) -> Stays {
    let Ok(names) = folder.names() else { return Stays::default() };
    let mut found: Vec<(SegmentName, Aged)> = Vec::new();
    // by name, so by time; only the old ones need to be opened to see when they end
    let mut open = limits.keep_ns.is_some();
    for name in names.into_iter().filter(|n| n.is_of(&s.camera, s.role) && n.form != Form::Part) {
        let Ok(Some(bytes)) = folder.size(&name) else { continue };
        let facts = if open { folder.read(&name).ok().and_then(|mut f| segments(&mut f).ok()) } else { None };
        let last = facts.as_ref().and_then(|f| f.last());
        // two cameras can share a name in a file name; the record counts
        if last.is_some_and(|l| l.stream.camera != s.camera) {
            continue;
        }
        let to_ns = last.and_then(|l| l.to_ns);
        open &= match (to_ns, limits.keep_ns) {
            (Some(to), Some(keep)) => to <= wall_ns().saturating_sub(keep),
            _ => true,
        };
        found.push((name, Aged { bytes, to_ns }));
    }
    let aged: Vec<Aged> = found.iter().map(|(_, a)| *a).collect();
    // a segment that was not opened is younger than one that was
    let too_many = oldest_to_remove(&aged, writing.bytes, limits, wall_ns());
    let leans = |n: usize| match found.get(n) {
        Some((name, _)) => leans(folder, name),
        None => writing.leans,
    };
    let follows = |n: usize| {
        let stream = |n: usize| found.get(n).map(|(name, _)| name.stream);
        stream(n).is_none_or(|id| n.checked_sub(1).and_then(stream) == Some(id))
    };
    let remove = (0..=too_many).rev().find(|n| *n == 0 || !(follows(*n) && leans(*n))).unwrap_or(0);
    let mut held: u64 = aged.iter().map(|a| a.bytes).sum();
    for (name, a) in found.iter().take(remove) {
        let path = folder.file(name);
        let journal = ListJournal::of(&path, report);
        match folder.remove(name) {
            Ok(()) => {
                journal.into_iter().for_each(|journal| journal.forget(report));
                held = held.saturating_sub(a.bytes);
                report.note(format!("removed {}: {}", text::quoted_path(&path), why(a, limits)));
            }
            Err(e) => report.warn(format!("cannot remove {}: {}", text::quoted_path(&path), text::io_reason(&e))),
        }
    }
    if remove > 0 {
        let _ = folder.sync();
    }
    Stays { held, is_leant_on: remove < too_many }
}

/// Whether the first pictures of a segment are decoded only after those of the one before it.
fn leans(folder: &Folder, name: &SegmentName) -> bool {
    let facts = folder.read(name).ok().and_then(|mut f| segments(&mut f).ok());
    facts.is_some_and(|f| f.first().is_some_and(Segment::leans))
}

fn why(a: &Aged, limits: Limits) -> String {
    let old = a.to_ns.zip(limits.keep_ns).is_some_and(|(to, keep)| to <= wall_ns().saturating_sub(keep));
    match (old, a.to_ns) {
        (true, Some(to)) => format!("it ended on {}, longer ago than --keep says", text::rfc3339(to)),
        _ => format!("{}, the oldest of what is more than --keep-bytes says", text::human_size(a.bytes)),
    }
}
