//! One camera of a folder, from one time to another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Form, Recording, SegmentName};
use crate::base::Report;
use crate::base::{parse, text};
use crate::cli::Failure;
use crate::format::Role;
use crate::playback::Moment;
use crate::storage::location;

use super::{
    Found,
    listing::{all_names, look_at, nothing},
};

/// What of an archive folder is read.
#[derive(Args, Clone, Debug, Default)]
pub struct ArchiveFlags {
    /// Where FILE is a folder of record: read this camera of it
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,

    /// Where FILE is a folder of record: read its original or its public recording
    #[arg(long, value_name = "ROLE")]
    pub role: Option<ChosenRole>,
}

/// The same with times, for commands that read whole segments.
#[derive(Args, Clone, Debug, Default)]
pub struct ArchiveSpanFlags {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub archive: ArchiveFlags,

    /// Where FILE is a folder of record: begin with the segment that holds TIME, as in 2026-05-01T14:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339)]
    pub from: Option<i64>,

    /// Where FILE is a folder of record: read no segment that begins at TIME or later
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339)]
    pub to: Option<i64>,
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ChosenRole {
    /// What the camera saw
    Original,
    /// What everybody may see
    Public,
}

/// What is wanted of a folder.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The camera; may be left out where there is one only.
    pub camera: Option<String>,
    /// The role, likewise.
    pub role: Option<Role>,
    /// Segments with anything behind this time (UTC ns).
    pub from_ns: Option<i64>,
    /// Segments with anything before this time.
    pub to_ns: Option<i64>,
}

impl ArchiveFlags {
    /// From one moment to another. A moment that counts from the first picture chooses no segments.
    pub fn choice(&self, from: Option<Moment>, to: Option<Moment>) -> Choice {
        let role = self.role.map(|r| match r {
            ChosenRole::Original => Role::Original,
            ChosenRole::Public => Role::Public,
        });
        let utc = |m: Moment| if let Moment::Utc(ns) = m { Some(ns) } else { None };
        Choice { camera: self.camera.clone(), role, from_ns: from.and_then(utc), to_ns: to.and_then(utc) }
    }

    /// # Errors
    ///
    /// Something was said about a folder, and there is none (2).
    pub fn without_folder(&self) -> Result<(), Failure> {
        match self.camera.is_some() || self.role.is_some() {
            true => Err(Failure::usage("--camera and --role go with an archive folder, and FILE is none")),
            false => Ok(()),
        }
    }
}

impl ArchiveSpanFlags {
    /// What is wanted.
    pub fn choice(&self) -> Choice {
        self.archive.choice(self.from.map(Moment::Utc), self.to.map(Moment::Utc))
    }

    /// # Errors
    ///
    /// As [`ArchiveFlags::without_folder`].
    pub fn without_folder(&self) -> Result<(), Failure> {
        match self.from.is_some() || self.to.is_some() {
            true => Err(Failure::usage("--from and --to go with an archive folder, and FILE is none")
                .hint("rewrap --cut takes a part out of a file")),
            false => self.archive.without_folder(),
        }
    }
}

/// The recordings of a folder that are wanted, each with the segments that are.
///
/// # Errors
///
/// There is none of that camera, or none of that time (1).
pub(super) fn all(folder: &Path, wanted: &Choice) -> anyhow::Result<Found> {
    let mut names = all_names(folder)?;
    names.retain(|name| {
        wanted.role.is_none_or(|r| name.role == r) && wanted.camera.as_ref().is_none_or(|c| name.is_of(c, name.role))
    });
    // looking into an object takes requests
    let unneeded = match location::is_storage(folder) {
        true => outside(&names, wanted),
        false => BTreeSet::new(),
    };
    let some = !names.is_empty();
    let mut n = 0..;
    names.retain(|_| n.next().is_none_or(|n| !unneeded.contains(&n)));
    let nothing_left = some && names.is_empty();
    let mut found = look_at(folder, names.into_iter())?;
    found.recordings.retain(|r| wanted.camera.as_ref().is_none_or(|c| *c == r.camera));
    let shown = text::quoted_path(folder);
    if found.recordings.is_empty() && found.unreadable.is_empty() && !nothing_left {
        return Err(match &wanted.camera {
            Some(c) => Failure::failed(format!("there is no camera {} in {shown}", text::quoted(c)))
                .hint("record --list DIR lists what there is"),
            None => nothing(folder),
        }
        .into());
    }
    found.recordings.iter_mut().for_each(|r| r.select(wanted.from_ns, wanted.to_ns));
    found.recordings.retain(|r| !r.entries.is_empty());
    if found.recordings.is_empty() && found.unreadable.is_empty() {
        return Err(Failure::failed(format!("{shown} holds nothing of that time"))
            .hint("record --list DIR lists what there is")
            .into());
    }
    Ok(found)
}

/// The times in names are whole seconds, of a clock that may have been set a little.
const SLACK_NS: i64 = 10_000_000_000;

/// Which of the names are of segments that lie before or behind the wanted time: those that begin behind its end, and those behind which
/// the next one of the same stream begins before its beginning.
fn outside(names: &[SegmentName], wanted: &Choice) -> BTreeSet<usize> {
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

fn begins(name: &SegmentName) -> Option<i64> {
    let part = |range| name.time.get(range);
    let (y, mo, d) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (h, mi, s) = (part(9..11)?, part(11..13)?, part(13..15)?);
    parse::rfc3339(&format!("{y}-{mo}-{d}T{h}:{mi}:{s}Z")).ok()
}

/// The one recording of a folder that is wanted. Files that cannot be read are warned of.
///
/// # Errors
///
/// As [`all`]; there are several, and it was not said which (2).
pub(super) fn one(folder: &Path, wanted: &Choice, report: &Report) -> anyhow::Result<Recording<PathBuf>> {
    let mut found = all(folder, wanted)?;
    for (path, why) in &found.unreadable {
        report.warn(format!("left out {}: {why}", text::quoted_path(path)));
    }
    match (found.recordings.pop(), found.recordings.as_slice()) {
        (Some(one), []) => Ok(one),
        (None, _) => Err(nothing(folder).into()),
        (Some(last), others) => {
            let named = |r: &Recording<PathBuf>| format!("{} ({})", text::quoted(&r.camera), r.role.name());
            let all: Vec<String> = others.iter().chain([&last]).map(named).collect();
            Err(Failure::usage(format!("{} holds several recordings: {}", text::quoted_path(folder), all.join(", ")))
                .hint("say which one: --camera NAME, --role original or --role public")
                .into())
        }
    }
}
