//! One camera, from one time to another.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::archive::Recording;
use crate::cli::{Failure, Session, text};
use crate::format::Role;

use super::listing::{list, nothing};
use super::told::{gaps, role};

/// What of an archive folder is read.
#[derive(Args, Clone, Debug, Default)]
pub struct ArchiveFlags {
    /// FILE is a folder of record: read this camera of it
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,

    /// FILE is a folder of record: read its original or its public recording
    #[arg(long, value_name = "ROLE")]
    pub role: Option<ChosenRole>,
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
    /// Segments with anything at or behind this time (UTC ns).
    pub from_ns: Option<i64>,
    /// Segments with anything before this time.
    pub to_ns: Option<i64>,
}

impl ArchiveFlags {
    /// With a span of time, where there is one.
    pub fn choice(&self, from_ns: Option<i64>, to_ns: Option<i64>) -> Choice {
        let role = self.role.map(|r| match r {
            ChosenRole::Original => Role::Original,
            ChosenRole::Public => Role::Public,
        });
        Choice { camera: self.camera.clone(), role, from_ns, to_ns }
    }

    /// Whether anything was said about folders.
    pub fn is_given(&self) -> bool {
        self.camera.is_some() || self.role.is_some()
    }
}

/// The one recording of a folder that is wanted. Gaps in it, and files that cannot be read, are warned of.
///
/// # Errors
///
/// There is none of that camera or of that time (1), or several and it was not said which (2).
pub fn choose(folder: &Path, wanted: &Choice, session: &Session) -> anyhow::Result<Recording<PathBuf>> {
    let found = list(folder, |name| {
        wanted.role.is_none_or(|r| name.role == r) && wanted.camera.as_ref().is_none_or(|c| name.is_of(c, name.role))
    })?;
    for (path, why) in &found.unreadable {
        session.warn(format!("left out {}: {why}", text::quoted_path(path)));
    }
    let shown = text::quoted_path(folder);
    let all: Vec<String> =
        found.recordings.iter().map(|r| format!("{} ({})", text::quoted(&r.camera), role(r.role))).collect();
    let fits = |r: &Recording<PathBuf>| wanted.camera.as_ref().is_none_or(|c| *c == r.camera);
    let mut fitting: Vec<_> = found.recordings.into_iter().filter(fits).collect();
    let mut one = match (fitting.pop(), fitting.len()) {
        (Some(one), 0) => one,
        (None, _) => match &wanted.camera {
            Some(c) => {
                return Err(Failure::failed(format!("there is no camera {} in {shown}", text::quoted(c)))
                    .hint("record --list DIR lists them")
                    .into());
            }
            None => return Err(nothing(folder).into()),
        },
        _ => {
            return Err(Failure::usage(format!("{shown} holds several recordings: {}", all.join(", ")))
                .hint("say which one: --camera NAME, --role original or public")
                .into());
        }
    };
    one.select(wanted.from_ns, wanted.to_ns);
    if one.entries.is_empty() {
        return Err(Failure::failed(format!("{shown} holds nothing of that time"))
            .hint("record --list DIR lists what there is")
            .into());
    }
    gaps(&one).iter().for_each(|gap| session.warn(gap));
    Ok(one)
}
