//! What can be reviewed afterwards: the report, the plot, and the sealed overlay, each written by a thread of its own.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use crate::base::Report;
use crate::storage::{AtomicFile, Existing, Input, OutputOptions, StreamOutput};

use super::error::ProtectError;
use super::options::ReviewOptions;
use super::pipes;
use super::report::PictureReport;
use super::sealed_overlay::SealedOverlay;

/// The files to be written.
pub struct Review {
    report: Option<StreamOutput>,
    plot: Option<AtomicFile>,
    overlay: Option<SealedOverlay>,
}

impl Review {
    /// Prepares the files, none of which may be `input`.
    ///
    /// # Errors
    ///
    /// As [`StreamOutput::open`] and [`AtomicFile::create`]; certificates that do not exist.
    pub fn open(options: &ReviewOptions, input: &Input, report: &Report) -> Result<Self, ProtectError> {
        let force = options.force;
        let created = &options.created;
        let named = |path: &PathBuf| OutputOptions {
            path: Some(path.clone()),
            force,
            created: created.clone(),
            ..OutputOptions::default()
        };
        let text_output = options.report.as_ref().map(|p| StreamOutput::open(named(p), Some(input), report));
        let overlay = options.overlay.as_ref().map(|p| -> Result<_, ProtectError> {
            let output = StreamOutput::open(named(p), Some(input), report)?;
            SealedOverlay::new(output, &options.recipients)
        });
        let existing = Existing::from_force(force);
        let plot = options.plot.as_ref().map(|p| AtomicFile::create(p, 0o666, existing, Some(input)));
        Ok(Review { report: text_output.transpose()?, overlay: overlay.transpose()?, plot: plot.transpose()? })
    }

    /// Starts to read what the child will give; the child's ends of the pipes are added to `pipes`.
    pub(super) fn start(
        self,
        pipes: &mut Vec<(&str, OwnedFd)>,
        report: &Report,
    ) -> Result<RunningReview, ProtectError> {
        let mut threads = Vec::new();
        let mut add = |name, work: ReviewWork| -> Result<(), ProtectError> {
            let (file, end) = pipes::from_child()?;
            pipes.push((name, end));
            threads.push(thread::spawn(move || work(file)));
            Ok(())
        };
        if self.report.is_some() || self.plot.is_some() {
            let notes_reader = PictureReport { file: self.report, plot: self.plot };
            add("notes", Box::new(move |notes| notes_reader.write(notes)))?;
        }
        if let Some(overlay) = self.overlay {
            let report = report.clone();
            add("overlay", Box::new(move |plain| overlay.seal(plain, &report)))?;
        }
        Ok(RunningReview(threads))
    }
}

/// What a thread does with the child's end of a pipe.
type ReviewWork = Box<dyn FnOnce(File) -> Result<(), ProtectError> + Send>;

/// The threads that read the child's pipes.
pub(super) struct RunningReview(Vec<JoinHandle<Result<(), ProtectError>>>);

impl RunningReview {
    /// Waits for all of them.
    ///
    /// # Errors
    ///
    /// The first one's error.
    pub fn finish(self) -> Result<(), ProtectError> {
        let results = self.0.into_iter().map(|t| t.join().unwrap_or(Err(ProtectError::Thread)));
        results.collect::<Vec<_>>().into_iter().collect()
    }
}
