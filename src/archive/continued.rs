//! What the next recording says that it continues.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::recorder::names;
use super::{Entry, SegmentName, continued, segments};
use crate::base::text;
use crate::format::{Continues, Role};

use super::list;

/// So many of the newest segments are looked at; streams that begin in the same second are told apart by what they continue.
const NEWEST: usize = 16;

/// The stream recorded last in `place`, a file or an archive folder, and the hash of its last close record. Of a folder, that of the
/// camera and role. `None` when there is nothing yet.
///
/// # Errors
///
/// It cannot be read (1), or a file is no stream (3).
pub fn continued_stream(place: &Path, camera: &str, role: Role) -> anyhow::Result<Option<Continues>> {
    let shown = text::quoted_path(place);
    let meta = match fs::metadata(place) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e).with_context(|| format!("cannot read {shown}")),
    };
    if !meta.is_dir() {
        let mut file = File::open(place).with_context(|| format!("cannot open {shown}"))?;
        let found = segments(&mut file).with_context(|| format!("cannot continue {shown}"))?;
        return Ok(found.last().map(continued));
    }
    let mut newest: Vec<SegmentName> = names(place)
        .with_context(|| format!("cannot read {shown}"))?
        .into_iter()
        .filter(|n| n.is_of(camera, role))
        .collect();
    newest.sort_by_key(|n| (n.time.clone(), n.epoch));
    let newest = newest.split_off(newest.len().saturating_sub(NEWEST));
    let found = list(place, |n| newest.contains(n))?;
    let of_camera = found.recordings.iter().find(|r| r.camera == camera && r.role == role);
    Ok(of_camera.and_then(|r| last(&r.entries)).map(|e| continued(&e.segment)))
}

/// The last segment of the last stream. Where streams began at one time, the one that no other continues.
fn last(entries: &[Entry<PathBuf>]) -> Option<&Entry<PathBuf>> {
    let mut last = entries.last()?;
    for _ in 0..entries.len() {
        let later =
            |e: &&Entry<PathBuf>| e.segment.stream.continues.is_some_and(|c| c.stream == last.segment.stream.id);
        match entries.iter().rfind(later) {
            Some(next) => last = next,
            None => break,
        }
    }
    Some(last)
}
