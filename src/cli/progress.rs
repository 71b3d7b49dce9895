//! How far the work is.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::{Meter, text};

use super::terminal::Terminal;

/// What `--progress` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// On a terminal, for a file, when it takes long
    #[default]
    Auto,
    /// For a pipe, too; as lines where there is no terminal
    Always,
    /// Not at all
    Never,
}

/// Work shorter than this shows nothing.
const SHORT: Duration = Duration::from_secs(1);
/// Between two lines in a log.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Counts the input's bytes and draws them.
///
/// Commands of one pipeline share the terminal's last line: by default only the one draws that reads a
/// file, and at most one does.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: Terminal,
    style: Style,
    length: Option<u64>,
    done: u64,
    next: Instant,
    bar: ProgressBar,
    shown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bar,
    Lines,
    Off,
}

impl Progress {
    pub(crate) fn new(terminal: &Terminal, when: ProgressWhen, length: Option<u64>) -> Self {
        let style = choose(when, terminal.is_quiet(), io::stderr().is_terminal(), length.is_some());
        // Hidden at first, so that it knows the speed by the time it shows.
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let (terminal, next) = (terminal.clone(), Instant::now() + SHORT);
        Progress { terminal, style, length, done: 0, next, bar, shown: false }
    }

    fn show(&mut self) {
        let template = match self.length {
            Some(_) => "{prefix}: {bar:30} {percent}% {binary_bytes} of {binary_total_bytes}, {eta} left",
            None => "{prefix}: {binary_bytes} in {elapsed}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style);
        self.bar.set_prefix(self.terminal.name());
        self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
        self.terminal.show_bar(self.bar.clone());
        self.shown = true;
    }
}

impl Meter for Progress {
    fn set(&mut self, position: u64) {
        self.done = position;
        if self.style == Style::Off {
            return;
        }
        self.bar.set_position(position);
        if self.shown {
            return;
        }
        let now = Instant::now();
        if now >= self.next {
            match self.style {
                Style::Bar => self.show(),
                _ => self.terminal.note(&line(self.done, self.length)),
            }
            self.next = now + LINE_EVERY;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            self.terminal.clear_bar();
        }
    }
}

fn choose(when: ProgressWhen, quiet: bool, terminal: bool, file: bool) -> Style {
    match when {
        ProgressWhen::Never => Style::Off,
        ProgressWhen::Auto if quiet || !terminal || !file => Style::Off,
        ProgressWhen::Auto => Style::Bar,
        ProgressWhen::Always if terminal => Style::Bar,
        ProgressWhen::Always => Style::Lines,
    }
}

fn line(done: u64, length: Option<u64>) -> String {
    match length {
        Some(length) if length > 0 => {
            let percent = (done.min(length) as f64 / length as f64 * 100.0) as u64;
            format!("{percent}%, {} of {}", text::human_size(done), text::human_size(length))
        }
        _ => text::human_size(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_pipeline_only_the_command_with_the_file_draws() {
        assert_eq!(choose(ProgressWhen::Auto, false, true, true), Style::Bar);
        assert_eq!(choose(ProgressWhen::Auto, false, true, false), Style::Off);
        assert_eq!(choose(ProgressWhen::Auto, false, false, true), Style::Off);
        assert_eq!(choose(ProgressWhen::Auto, true, true, true), Style::Off);
        assert_eq!(choose(ProgressWhen::Always, false, true, false), Style::Bar);
        assert_eq!(choose(ProgressWhen::Always, false, false, false), Style::Lines);
        assert_eq!(choose(ProgressWhen::Never, false, true, true), Style::Off);
    }

    #[test]
    fn a_file_that_grows_meanwhile_is_never_over_full() {
        assert_eq!(line(3 << 20, Some(2 << 20)), "100%, 3.0 MiB of 2.0 MiB");
        assert_eq!(line(512, None), "512 B");
        assert_eq!(line(0, Some(0)), "0 B");
    }
}
