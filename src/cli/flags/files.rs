//! The flags that name what is read and what is written.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Session;
use crate::storage::OutputOptions;

/// The one input.
#[derive(Args, Clone, Debug, Default)]
pub struct InputFlags {
    /// File or s3://BUCKET/KEY to read; stdin when it is missing or "-"
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// One input or several.
#[derive(Args, Clone, Debug, Default)]
pub struct InputsFlags {
    /// Files to read, one after the other, as one recording; stdin when there is none, or for "-"; for view, protect
    /// and decrypt-stream a folder of record, too
    ///
    /// s3://BUCKET/KEY is an object on storage, and s3://BUCKET/FOLDER/ a folder there (see Storage in vidveil(7)).
    ///
    /// All of them are examined before anything is written. A message about damage names the file, and the byte in it;
    /// one that is cut does not keep the next from being read.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The one output.
#[derive(Args, Clone, Debug, Default)]
pub struct OutputFlags {
    /// Write to FILE or s3://BUCKET/KEY, not to stdout; "-" is stdout, even when it is a terminal
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace the output file when there is one
    #[arg(short, long)]
    pub force: bool,
}

impl OutputFlags {
    /// The named file; `None` is stdout.
    pub fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// The output of a stream, which goes to a terminal only where `-o -` says so.
    pub fn options(&self, session: &Session) -> OutputOptions {
        OutputOptions {
            path: self.path().map(Path::to_owned),
            force: self.force,
            terminal_ok: self.output.is_some(),
            created: session.created().clone(),
            mode: None,
        }
    }

    /// The output of text, which may go to a terminal.
    pub fn text_options(&self, session: &Session) -> OutputOptions {
        OutputOptions { terminal_ok: true, ..self.options(session) }
    }
}
