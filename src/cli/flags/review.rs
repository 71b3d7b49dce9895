//! The flags of what `protect` writes for review.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::{Failure, Session};
use crate::protect::ReviewOptions;

use super::RecipientFlags;

/// What is written for review.
#[derive(Args, Clone, Debug, Default)]
pub struct ReviewFlags {
    /// Write to FILE what was hidden in each picture and why, a line of JSON each, and a summary as the last line
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Draw into FILE, a PNG, the hidden share over time; colours say why all is hidden
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,

    /// Write to FILE the original with outlines of what is hidden, sealed to the certificates of -r, for operators who
    /// hold a key
    #[arg(long, value_name = "FILE", requires = "recipients")]
    pub overlay: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipients: RecipientFlags,
}

impl ReviewFlags {
    /// Checks what must be known before any work.
    ///
    /// # Errors
    ///
    /// A [`Failure`] (2): flags that do not go together.
    pub fn check(&self) -> Result<(), Failure> {
        let is_stdout = |path: &&Path| *path == Path::new("-");
        let files = [&self.report, &self.plot, &self.overlay];
        if files.into_iter().flatten().any(|path| is_stdout(&path.as_path())) {
            return Err(Failure::usage("the report, the plot and the overlay go to files, not to stdout"));
        }
        if self.overlay.is_none() && !self.recipients.recipients.is_empty() {
            return Err(Failure::usage("-r is for --overlay: the public stream is not sealed"));
        }
        Ok(())
    }

    /// What is to be written; with `force` files that exist are replaced.
    pub fn options(self, force: bool, session: &Session) -> ReviewOptions {
        let ReviewFlags { report, plot, overlay, recipients } = self;
        ReviewOptions {
            report,
            plot,
            overlay,
            recipients: recipients.recipients,
            force,
            created: session.created().clone(),
        }
    }
}
