//! What can be reviewed afterwards: the report, the plot, and the sealed overlay, each in a thread beside the public stream.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use clap::Args;

use crate::base::Report;
use crate::cli::Failure;
use crate::cli::flags::RecipientFlags;
use crate::storage::{AtomicFile, Existing, Input, OutputOptions, StreamOutput};

use super::overlay::SealedOverlay;
use super::pipes;
use super::report::PictureReport;

/// What is written for review.
#[derive(Args, Clone, Debug, Default)]
pub struct ReviewFlags {
    /// Write to FILE what was hidden in each picture and why, a line of JSON each, and a summary as the last line
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Draw into FILE, a PNG, the hidden share over time; colours say why all is hidden
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,

    /// Write to FILE the original with outlines of what is hidden, sealed to the certificates of -r, for operators who hold a key
    #[arg(long, value_name = "FILE", requires = "recipients")]
    pub overlay: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipients: RecipientFlags,
}

impl ReviewFlags {
    /// # Errors
    ///
    /// A [`Failure`] (2): flags that do not go together.
    pub fn check(&self) -> anyhow::Result<()> {
        let is_stdout = |path: &&Path| *path == Path::new("-");
        let files = [&self.report, &self.plot, &self.overlay];
        if files.into_iter().flatten().any(|path| is_stdout(&path.as_path())) {
            return Err(Failure::usage("the report, the plot and the overlay go to files, not to stdout").into());
        }
        match self.overlay.is_none() && !self.recipients.recipients.is_empty() {
            true => Err(Failure::usage("-r is for --overlay: the public stream is not sealed").into()),
            false => Ok(()),
        }
    }
}

/// The files to be written.
pub struct Review {
    report: Option<StreamOutput>,
    plot: Option<AtomicFile>,
    overlay: Option<SealedOverlay>,
}

impl Review {
    /// Prepares the files.
    ///
    /// # Errors
    ///
    /// As [`StreamOutput::open`] and [`AtomicFile::create`]; certificates that are not there.
    pub fn open(flags: &ReviewFlags, force: bool, input: &Input, report: &Report) -> anyhow::Result<Self> {
        let named = |path: &PathBuf| OutputOptions { path: Some(path.clone()), force, ..OutputOptions::default() };
        let text = flags.report.as_ref().map(|p| StreamOutput::open(named(p), Some(input), report));
        let overlay = flags.overlay.as_ref().map(|p| {
            let output = StreamOutput::open(named(p), Some(input), report)?;
            SealedOverlay::new(output, &flags.recipients)
        });
        let existing = Existing::from_force(force);
        let plot = flags.plot.as_ref().map(|p| AtomicFile::create(p, 0o666, existing, Some(input)));
        Ok(Review { report: text.transpose()?, overlay: overlay.transpose()?, plot: plot.transpose()? })
    }

    /// Starts to read what the child will give; its ends of the pipes are added to `pipes`.
    pub(super) fn start(self, pipes: &mut Vec<(&str, OwnedFd)>, report: &Report) -> anyhow::Result<Running> {
        let mut threads = Vec::new();
        let mut add = |name, work: Box<dyn FnOnce(File) -> anyhow::Result<()> + Send>| -> anyhow::Result<()> {
            let (file, end) = pipes::from_child()?;
            pipes.push((name, end));
            threads.push(thread::spawn(move || work(file)));
            Ok(())
        };
        if self.report.is_some() || self.plot.is_some() {
            let notes_reader = PictureReport { file: self.report, plot: self.plot };
            add("notes", Box::new(move |notes| notes_reader.take(notes)))?;
        }
        if let Some(overlay) = self.overlay {
            let report = report.clone();
            add("overlay", Box::new(move |plain| overlay.seal(plain, &report)))?;
        }
        Ok(Running(threads))
    }
}

/// What reads the child's pipes.
pub(super) struct Running(Vec<JoinHandle<anyhow::Result<()>>>);

impl Running {
    /// Waits for all of them.
    ///
    /// # Errors
    ///
    /// The first one's.
    pub fn finish(self) -> anyhow::Result<()> {
        let results =
            self.0.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of protect failed"))));
        results.collect::<Vec<_>>().into_iter().collect()
    }
}
