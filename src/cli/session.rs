//! One run of a command: its name, how talkative it is, and what it must tidy up.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indicatif::ProgressBar;

use super::{ProgressWhen, Status, Stop};
use crate::base::text;

/// What all parts of a command share; clones are the same session.
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    quiet: bool,
    progress: ProgressWhen,
    bar: Mutex<Option<ProgressBar>>,
    created: Mutex<Vec<Created>>,
    stop: OnceLock<Stop>,
    keep: AtomicBool,
}

/// A stream file of this run, by name and by what the name meant then.
#[derive(Debug)]
struct Created {
    path: PathBuf,
    identity: (u64, u64),
}

impl Session {
    /// A session of the command `name`; `quiet` drops notes and progress.
    pub fn new(name: &'static str, quiet: bool, progress: ProgressWhen) -> Self {
        let (bar, created) = (Mutex::new(None), Mutex::new(Vec::new()));
        Session(Arc::new(Inner {
            name,
            quiet,
            progress,
            bar,
            created,
            stop: OnceLock::new(),
            keep: AtomicBool::new(false),
        }))
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

    /// Something that may be wrong; the work goes on. Said with `-q`, too.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.say("warning: ", message.as_ref());
    }

    /// What to do about a warning.
    pub fn hint(&self, message: impl AsRef<str>) {
        self.say("hint: ", message.as_ref());
    }

    /// Something good to know; not said with `-q`.
    pub fn note(&self, message: impl AsRef<str>) {
        if !self.0.quiet {
            self.say("", message.as_ref());
        }
    }

    fn say(&self, kind: &str, message: &str) {
        let line = format!("{}: {kind}{}\n", self.0.name, text::printable(message));
        // A closed stderr must not stop a recording.
        let print = || drop(io::stderr().lock().write_all(line.as_bytes()));
        match lock(&self.0.bar).as_ref() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Does what uses the terminal, as a question, while no progress is drawn.
    pub(crate) fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        match lock(&self.0.bar).as_ref() {
            Some(bar) => bar.suspend(ask),
            None => ask(),
        }
    }

    /// The stop flag; from the first call on, the first signal sets it and the second one ends the process.
    ///
    /// # Errors
    ///
    /// The system takes no signal handler.
    pub fn stop(&self) -> anyhow::Result<Stop> {
        if let Some(stop) = self.0.stop.get() {
            return Ok(stop.clone());
        }
        let stop = Stop::install()?;
        Ok(self.0.stop.get_or_init(|| stop).clone())
    }

    /// Whether a signal came, where they are looked at.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stop.get().is_some_and(Stop::is_set)
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

    /// Remembers a stream file that this run made; `identity` is its device and inode.
    pub(crate) fn created(&self, path: &Path, identity: (u64, u64)) {
        lock(&self.0.created).push(Created { path: path.to_owned(), identity });
    }

    /// From now on the stream files of this run stay whatever happens: they are a recording, and footage is never thrown away.
    pub fn keep_output(&self) {
        self.0.keep.store(true, Ordering::Relaxed);
    }

    /// Removes the stream files of this run unless `status` keeps them.
    pub(crate) fn tidy(&self, status: Status) {
        self.clear_bar();
        for created in lock(&self.0.created).drain(..) {
            let kept = status.keeps_output() || self.0.keep.load(Ordering::Relaxed);
            if !kept && crate::storage::input::identity_of(&created.path) == Some(created.identity) {
                let _ = std::fs::remove_file(&created.path);
            }
        }
    }
}

/// A thread that panicked while it held the lock left nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
