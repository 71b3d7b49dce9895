//! Flags about archive folders: which camera, and from when to when.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::archive::{self, Selection};
use crate::base::parse;
use crate::cli::Failure;
use crate::format::Role;
use crate::playback::Moment;

use super::span::span;

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

impl ArchiveFlags {
    /// What of `files` is read, from one moment to another. A moment that counts from the first picture selects no
    /// segments.
    ///
    /// # Errors
    ///
    /// A camera or a role was given, and none of the files is a folder (2).
    pub fn selection(&self, files: &[PathBuf], from: Option<Moment>, to: Option<Moment>) -> Result<Selection, Failure> {
        self.check(files)?;
        let role = self.role.map(|r| match r {
            ChosenRole::Original => Role::Original,
            ChosenRole::Public => Role::Public,
        });
        let utc = |m: Moment| if let Moment::Utc(ns) = m { Some(ns) } else { None };
        Ok(Selection { camera: self.camera.clone(), role, from_ns: from.and_then(utc), to_ns: to.and_then(utc) })
    }

    fn check(&self, files: &[PathBuf]) -> Result<(), Failure> {
        if (self.camera.is_some() || self.role.is_some()) && !archive::any_folder(files) {
            return Err(Failure::usage("--camera and --role go with an archive folder, and FILE is none"));
        }
        Ok(())
    }
}

impl ArchiveSpanFlags {
    /// What of `files` is read.
    ///
    /// # Errors
    ///
    /// Something about a folder was given, and none of the files is one (2).
    pub fn selection(&self, files: &[PathBuf]) -> Result<Selection, Failure> {
        if (self.from.is_some() || self.to.is_some()) && !archive::any_folder(files) {
            return Err(Failure::usage("--from and --to go with an archive folder, and FILE is none")
                .hint("rewrap --cut takes a part out of a file"));
        }
        let span = span(self.from.map(Moment::Utc), self.to.map(Moment::Utc))?;
        self.archive.selection(files, span.from, span.to)
    }
}
