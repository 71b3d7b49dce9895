//! One run of a command: its name, how talkative it is, and what it must tidy up.

use std::any::Any;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};

use indicatif::ProgressBar;

use crate::base::{Meter, Report, Reporter, Stop, lock, text};
use crate::storage::CreatedFiles;

use super::progress::Progress;
use super::signals::Signals;
use super::{ProgressWhen, Status};

/// What all parts of a command share; clones are the same session. Services hear of it as a [`Report`].
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    quiet: bool,
    progress: ProgressWhen,
    bar: Mutex<Option<ProgressBar>>,
    created: CreatedFiles,
    signals: OnceLock<Signals>,
}

impl Session {
    /// A session of the command `name`; `quiet` drops notes and progress.
    pub fn new(name: &'static str, quiet: bool, progress: ProgressWhen) -> Self {
        let (bar, created, signals) = (Mutex::new(None), CreatedFiles::default(), OnceLock::new());
        Session(Arc::new(Inner { name, quiet, progress, bar, created, signals }))
    }

    /// The command's name.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Whether `-q` was given.
    pub fn is_quiet(&self) -> bool {
        self.0.quiet
    }

    /// What `--progress` says.
    pub(crate) fn progress_when(&self) -> ProgressWhen {
        self.0.progress
    }

    /// This session, as services see it.
    pub fn report(&self) -> Report {
        Report::new(self.clone())
    }

    /// The stream files of this run.
    pub fn created(&self) -> &CreatedFiles {
        &self.0.created
    }

    /// Something that may be wrong; the work goes on. Printed with `-q`, too.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.say("warning: ", message.as_ref());
    }

    /// What to do about a warning.
    pub fn hint(&self, message: impl AsRef<str>) {
        self.say("hint: ", message.as_ref());
    }

    /// Something good to know; not printed with `-q`.
    pub fn note(&self, message: impl AsRef<str>) {
        if !self.0.quiet {
            self.say("", message.as_ref());
        }
    }

    fn say(&self, kind: &str, message: &str) {
        let line = format!("{}: {kind}{}\n", self.0.name, text::printable(message));
        // A closed stderr must not stop a recording.
        self.aside(|| drop(io::stderr().lock().write_all(line.as_bytes())));
    }

    /// Does what uses the terminal, as a question, while no progress is drawn.
    pub(crate) fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        match lock(&self.0.bar).as_ref() {
            Some(bar) => bar.suspend(ask),
            None => ask(),
        }
    }

    /// The request to stop; from the first call on, the first signal makes it and the second one ends the process.
    ///
    /// # Errors
    ///
    /// The system takes no signal handler.
    pub fn stop(&self) -> anyhow::Result<Stop> {
        Ok(self.signals()?.stop().clone())
    }

    fn signals(&self) -> io::Result<&Signals> {
        if let Some(signals) = self.0.signals.get() {
            return Ok(signals);
        }
        let signals = Signals::install()?;
        Ok(self.0.signals.get_or_init(|| signals))
    }

    /// Takes the line at the bottom of the terminal, so that warnings go above it.
    pub(crate) fn show_bar(&self, bar: ProgressBar) {
        *lock(&self.0.bar) = Some(bar);
    }

    /// Gives the line back.
    pub(crate) fn clear_bar(&self) {
        if let Some(bar) = lock(&self.0.bar).take() {
            bar.finish_and_clear();
        }
    }

    /// Removes the stream files of this run unless `status` keeps them.
    pub(crate) fn tidy(&self, status: Status) {
        self.clear_bar();
        self.0.created.settle(status.keeps_output());
    }
}

impl Reporter for Session {
    fn warn(&self, message: &str) {
        Session::warn(self, message);
    }

    fn hint(&self, message: &str) {
        Session::hint(self, message);
    }

    fn note(&self, message: &str) {
        Session::note(self, message);
    }

    fn progress(&self, length: Option<u64>) -> Box<dyn Meter> {
        Box::new(Progress::new(self, length))
    }

    /// That of [`Session::stop`]; before its first call nothing is ever asked for.
    fn stop(&self) -> Stop {
        self.0.signals.get().map(Signals::stop).cloned().unwrap_or_default()
    }

    fn keep_output(&self) {
        self.0.created.keep();
    }

    fn tidy_at_abort(&self, tidy: Box<dyn FnOnce() + Send>) -> io::Result<Box<dyn Any + Send>> {
        Ok(Box::new(self.signals()?.tidying(tidy)?))
    }
}
