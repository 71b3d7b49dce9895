//! `record`: recording, the list of a folder, and what a repair saved and lost.

mod list;
mod repair;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::ValueEnum;

use crate::archive::recorder::{self, RecorderOptions};
use crate::cli::Session;
use crate::format::Role;
use crate::storage::Input;

pub use list::list;
pub use repair::repair;

/// The role of `--only`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnlyRole {
    /// For a machine that may not have originals
    Public,
    /// For the archive of the originals
    Original,
}

impl OnlyRole {
    /// The role of a stream.
    pub fn role(self) -> Role {
        match self {
            OnlyRole::Public => Role::Public,
            OnlyRole::Original => Role::Original,
        }
    }
}

/// Records `file`, or stdin.
///
/// # Errors
///
/// The policy refuses a stream (4); the input is damaged or truncated (3); the disk is full (1).
pub fn record(file: Option<&Path>, options: RecorderOptions, session: &Session) -> anyhow::Result<()> {
    let input = Input::open(file, &session.report())?;
    // a limit on the size of files is to be an error as a full disk is, not the end of the process
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)))
        .context("cannot install a signal handler")?;
    Ok(recorder::record(input, options, &session.report())?)
}
