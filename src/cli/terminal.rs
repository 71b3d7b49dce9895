//! Stderr as the parts of a command share it: lines of text, and one bar of progress at the bottom.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use indicatif::ProgressBar;

use crate::base::{lock, text};

/// Where a command's lines and its progress go; clones are one terminal.
#[derive(Clone, Debug)]
pub(crate) struct Terminal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: &'static str,
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Terminal {
    /// That of the command `name`; `quiet` drops notes.
    pub(crate) fn new(name: &'static str, quiet: bool) -> Self {
        Terminal(Arc::new(Inner { name, quiet, bar: Mutex::default() }))
    }

    /// The command's name.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    /// Whether notes are dropped.
    pub(crate) fn is_quiet(&self) -> bool {
        self.0.quiet
    }

    /// Prints a line of a kind that is never dropped, as `warning: `.
    pub(crate) fn say(&self, kind: &str, message: &str) {
        let line = format!("{}: {kind}{}\n", self.0.name, text::printable(message));
        // A closed stderr must not stop a recording.
        self.aside(|| drop(io::stderr().lock().write_all(line.as_bytes())));
    }

    /// Prints something good to know; not with `-q`.
    pub(crate) fn note(&self, message: &str) {
        if !self.0.quiet {
            self.say("", message);
        }
    }

    /// Does what uses the terminal, as a question, while no progress is drawn.
    pub(crate) fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        match lock(&self.0.bar).as_ref() {
            Some(bar) => bar.suspend(ask),
            None => ask(),
        }
    }

    /// Takes the line at the bottom, so that lines of text go above it.
    pub(crate) fn show_bar(&self, bar: ProgressBar) {
        *lock(&self.0.bar) = Some(bar);
    }

    /// Gives the line back.
    pub(crate) fn clear_bar(&self) {
        if let Some(bar) = lock(&self.0.bar).take() {
            bar.finish_and_clear();
        }
    }
}
