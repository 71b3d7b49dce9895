//! One run of a command: its name, how talkative it is, and what it must tidy up.

use std::any::Any;
use std::io::{self, IsTerminal};
use std::sync::{Arc, OnceLock};

use indicatif::ProgressBar;

use crate::base::{Meter, Report, Reporter, Stop};
use crate::storage::CreatedFiles;

use super::progress::Progress;
use super::signals::Signals;
use super::terminal::Terminal;
use super::{ProgressWhen, Status};

/// What all parts of a command share; clones are the same session. Services hear of it as a [`Report`].
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    terminal: Terminal,
    progress: ProgressWhen,
    created: CreatedFiles,
    signals: OnceLock<Signals>,
}

impl Session {
    /// A session of the command `name`; `quiet` drops notes and progress.
    pub fn new(name: &'static str, quiet: bool, progress: ProgressWhen) -> Self {
        let (terminal, created) = (Terminal::new(name, quiet), CreatedFiles::default());
        Session(Arc::new(Inner { terminal, progress, created, signals: OnceLock::new() }))
    }

    /// The command's name.
    pub fn name(&self) -> &'static str {
        self.0.terminal.name()
    }

    /// Whether `-q` was given.
    pub fn is_quiet(&self) -> bool {
        self.0.terminal.is_quiet()
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
        self.0.terminal.say("warning: ", message.as_ref());
    }

    /// What to do about a warning.
    pub fn hint(&self, message: impl AsRef<str>) {
        self.0.terminal.say("hint: ", message.as_ref());
    }

    /// Something good to know; not printed with `-q`.
    pub fn note(&self, message: impl AsRef<str>) {
        self.0.terminal.note(message.as_ref());
    }

    /// Does what uses the terminal, as a question, while no progress is drawn.
    pub(crate) fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.0.terminal.aside(ask)
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
        let terminal = self.0.terminal.clone();
        let signals = Signals::install(move || {
            if io::stderr().is_terminal() {
                terminal.note("finishing; once more to stop at once");
            }
        })?;
        Ok(self.0.signals.get_or_init(|| signals))
    }

    /// Takes the line at the bottom of the terminal, so that warnings go above it.
    pub(crate) fn show_bar(&self, bar: ProgressBar) {
        self.0.terminal.show_bar(bar);
    }

    /// Gives the line back.
    pub(crate) fn clear_bar(&self) {
        self.0.terminal.clear_bar();
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
        Box::new(Progress::new(&self.0.terminal, self.0.progress, length))
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
