//! One camera of a folder, from one time to another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::base::{Report, parse, text};
use crate::format::Role;
use crate::storage::location;

use super::error::ArchiveError;
use super::folder::segment_names;
use super::listing::{Found, read_segments};
use super::name::{Form, SegmentName};
use super::recording::Recording;

/// What of a folder is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The camera; `None` where the folder holds only one.
    pub camera: Option<String>,
    /// Original or public; `None` where the folder holds only one of them.
    pub role: Option<Role>,
    /// Only segments that end after this time: UTC, ns.
    pub from_ns: Option<i64>,
    /// Only segments that begin before this time: UTC, ns.
    pub to_ns: Option<i64>,
}

/// The recordings of a folder that are selected, each with the segments that are.
///
/// # Errors
///
/// The folder cannot be read; there is none of that camera, or none of that time.
pub(super) fn all(folder: &Path, wanted: &Selection) -> Result<Found, ArchiveError> {
    let mut names = segment_names(folder)?;
    names.retain(|name| {
        wanted.role.is_none_or(|r| name.role == r) && wanted.camera.as_ref().is_none_or(|c| name.is_of(c, name.role))
    });
    // reading an object takes requests
    let mut unneeded = if location::is_storage(folder) { outside(&names, wanted) } else { BTreeSet::new() };
    let nothing_left = !names.is_empty() && unneeded.len() == names.len();
    let mut found = loop {
        let needed = names.iter().enumerate().filter(|(n, _)| !unneeded.contains(n));
        let found = read_segments(folder, needed.map(|(_, name)| name.clone()))?;
        let leant_on = leant_on(&found, &names, &unneeded);
        if leant_on.is_empty() {
            break found;
        }
        unneeded.retain(|n| !leant_on.contains(n));
    };
    found.recordings.retain(|r| wanted.camera.as_ref().is_none_or(|c| *c == r.camera));
    if found.recordings.is_empty() && found.unreadable.is_empty() && !nothing_left {
        return Err(match &wanted.camera {
            Some(camera) => ArchiveError::NoCamera { camera: camera.clone(), folder: folder.to_owned() },
            None => ArchiveError::NoSegment(folder.to_owned()),
        });
    }
    found.recordings.iter_mut().for_each(|r| r.select(wanted.from_ns, wanted.to_ns));
    found.recordings.retain(|r| !r.entries.is_empty());
    if found.recordings.is_empty() && found.unreadable.is_empty() {
        return Err(ArchiveError::NothingThen(folder.to_owned()));
    }
    Ok(found)
}

/// The times in names are whole seconds, of a clock that may have been set a little.
const SLACK_NS: i64 = 10_000_000_000;

/// Which of the names are of segments before or after the selected time: those that begin after its end, and those that
/// are followed by a segment of the same stream which begins before its beginning.
fn outside(names: &[SegmentName], wanted: &Selection) -> BTreeSet<usize> {
    let mut outside = BTreeSet::new();
    // names are by camera, role and time: backwards, the next one of a stream was seen before
    let mut next = BTreeMap::new();
    for (i, name) in names.iter().enumerate().rev() {
        let Some(begins) = begins(name) else { continue };
        let later = next.insert((&name.camera, name.form == Form::Recovered, name.stream), begins);
        let ends_before = wanted.from_ns.zip(later).is_some_and(|(from, t)| t.saturating_add(SLACK_NS) <= from);
        if ends_before || wanted.to_ns.is_some_and(|to| begins >= to.saturating_add(SLACK_NS)) {
            outside.insert(i);
        }
    }
    outside
}

/// Which of the names that were left out come before a segment that leans on the one before it.
fn leant_on(found: &Found, names: &[SegmentName], left_out: &BTreeSet<usize>) -> BTreeSet<usize> {
    let entries = found.recordings.iter().flat_map(|r| &r.entries).filter(|e| e.segment.leans());
    let before = entries.filter_map(|e| {
        let file = e.place.file_name()?.to_str()?;
        let at = names.iter().position(|name| name.to_string() == file)?;
        let stream = names.get(at)?.stream;
        names.get(..at)?.iter().rposition(|name| name.stream == stream).filter(|n| left_out.contains(n))
    });
    before.collect()
}

fn begins(name: &SegmentName) -> Option<i64> {
    let part = |range| name.time.get(range);
    let (y, mo, d) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (h, mi, s) = (part(9..11)?, part(11..13)?, part(13..15)?);
    parse::rfc3339(&format!("{y}-{mo}-{d}T{h}:{mi}:{s}Z")).ok()
}

/// The one recording of a folder that is selected. Files that cannot be read are warned of.
///
/// # Errors
///
/// As [`all`]; there are several.
pub(super) fn one(folder: &Path, wanted: &Selection, report: &Report) -> Result<Recording<PathBuf>, ArchiveError> {
    let mut found = all(folder, wanted)?;
    for (path, why) in &found.unreadable {
        report.warn(format!("left out {}: {why}", text::quoted_path(path)));
    }
    match (found.recordings.pop(), found.recordings.as_slice()) {
        (Some(one), []) => Ok(one),
        (None, _) => Err(ArchiveError::NoSegment(folder.to_owned())),
        (Some(last), others) => {
            let recordings = others.iter().chain([&last]).map(|r| (r.camera.clone(), r.role)).collect();
            Err(ArchiveError::SeveralRecordings { folder: folder.to_owned(), recordings })
        }
    }
}
