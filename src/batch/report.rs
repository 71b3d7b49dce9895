//! What a run says: events, progress, and the summary.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::base::text;
use crate::base::text::count;
use crate::cli::{Failure, ProgressWhen, Session, Status};

use super::manifest::{Line, Outcome};

/// Between two lines of progress in a log.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// Letters of a bar.
const BAR: u64 = 30;
/// Items that went wrong and are named; the others are counted.
const NAMED: usize = 100;

/// Counts what was done, and tells.
#[derive(Debug)]
pub struct Report {
    session: Session,
    json: bool,
    began: Instant,
    style: Style,
    items: u64,
    bytes: u64,
    counts: Mutex<Counts>,
    bar: ProgressBar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Bar,
    Lines,
    Off,
}

#[derive(Debug, Default)]
struct Counts {
    done: u64,
    bytes: u64,
    /// Bytes of items that are over, however they ended.
    over: u64,
    before: u64,
    elsewhere: u64,
    gone: u64,
    wrong: Vec<(Outcome, String, String)>,
    failed: u64,
    damaged: u64,
    shown: bool,
    said: Option<Instant>,
}

#[derive(Serialize)]
struct Summary<'a> {
    event: &'a str,
    items: u64,
    done: u64,
    done_before: u64,
    done_elsewhere: u64,
    gone: u64,
    failed: u64,
    damaged: u64,
    left: u64,
    bytes: u64,
    seconds: f64,
}

impl Report {
    /// For a run over `items` with `bytes`, of which `before` are done already.
    pub fn new(session: &Session, json: bool, (items, bytes): (u64, u64), before: u64) -> Self {
        let terminal = io::stderr().is_terminal();
        let style = match session.progress_when() {
            ProgressWhen::Never => Style::Off,
            _ if session.is_quiet() => Style::Off,
            _ if terminal => Style::Bar,
            _ => Style::Lines,
        };
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        let report = Report {
            session: session.clone(),
            json,
            began: Instant::now(),
            style,
            items,
            bytes,
            counts: Mutex::new(Counts { before, ..Counts::default() }),
            bar,
        };
        report.event(&serde_json::json!({ "event": "start", "items": items, "bytes": bytes, "done_before": before }));
        report
    }

    /// A line that a command said on stderr.
    pub fn said(&self, item: &str, line: &str) {
        self.session.note(format!("{item}: {line}"));
    }

    /// An attempt is over.
    pub fn over(&self, line: &Line) {
        #[derive(Serialize)]
        struct Event<'a> {
            event: &'static str,
            #[serde(flatten)]
            line: &'a Line,
        }
        self.event(&Event { event: "item", line });
        let mut counts = self.counts();
        counts.over += line.input.bytes;
        match line.state {
            Outcome::Done => {
                counts.done += 1;
                counts.bytes += line.input.bytes;
                return;
            }
            Outcome::Damaged => counts.damaged += 1,
            Outcome::Failed | Outcome::Refused | Outcome::Replacing => counts.failed += 1,
        }
        if counts.wrong.len() < NAMED {
            counts.wrong.push((line.state, line.item.clone(), line.message.clone()));
        }
    }

    /// An item turned out to be done: by another run, or because only its time was changed.
    pub fn elsewhere(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.elsewhere += 1;
        counts.over += bytes;
    }

    /// An item is not there any more.
    pub fn gone(&self, item: &str, bytes: u64) {
        self.session.note(format!("{} is gone", text::quoted(item)));
        let mut counts = self.counts();
        counts.gone += 1;
        counts.over += bytes;
    }

    /// An item that nobody could look at.
    pub fn left_out(&self, item: &str, why: &str) {
        let mut counts = self.counts();
        counts.damaged += 1;
        if counts.wrong.len() < NAMED {
            counts.wrong.push((Outcome::Damaged, item.to_owned(), why.to_owned()));
        }
    }

    /// Draws. `running` are the bytes that jobs at work have read.
    pub fn tick(&self, running: u64) {
        let mut counts = self.counts();
        let at = (counts.over + running).min(self.bytes);
        let ended = counts.done + counts.elsewhere + counts.gone + counts.failed + counts.damaged;
        let elapsed = self.began.elapsed();
        if self.style == Style::Off || elapsed < Duration::from_secs(1) {
            return;
        }
        if self.style == Style::Lines {
            if counts.said.unwrap_or(self.began).elapsed() >= LINE_EVERY {
                counts.said = Some(Instant::now());
                let left = left(elapsed, at, self.bytes);
                drop(counts);
                let sizes = format!("{} of {}", text::human_size(at), text::human_size(self.bytes));
                self.session.note(format!("{ended} of {}, {sizes}{left}", count(self.items, "item")));
            }
            return;
        }
        let wrong = counts.failed + counts.damaged;
        let first = !std::mem::replace(&mut counts.shown, true);
        drop(counts);
        let bad = if wrong > 0 { format!(", {wrong} not done") } else { String::new() };
        self.bar.set_message(format!("{} {ended} of {}{bad}", bar(ended, self.items), count(self.items, "item")));
        self.bar.set_position(at);
        if first {
            let template = "{prefix}: {msg}\n{prefix}: {bar:30} {binary_bytes} of {binary_total_bytes}, {eta} left";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar.set_style(style);
            self.bar.set_prefix(self.session.name());
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
            self.session.show_bar(self.bar.clone());
        }
    }

    /// The summary, and what went wrong as the run's end.
    ///
    /// # Errors
    ///
    /// Some item failed (1); some were damaged, and none failed (3); the run was stopped (130).
    pub fn finish(self, stopped: bool) -> anyhow::Result<()> {
        self.session.clear_bar();
        let counts = self.counts();
        let ended = counts.done + counts.elsewhere + counts.gone + counts.failed + counts.damaged;
        let left = self.items.saturating_sub(ended);
        self.event(&Summary {
            event: "summary",
            items: self.items,
            done: counts.done,
            done_before: counts.before,
            done_elsewhere: counts.elsewhere,
            gone: counts.gone,
            failed: counts.failed,
            damaged: counts.damaged,
            left,
            bytes: counts.bytes,
            seconds: self.began.elapsed().as_secs_f64(),
        });
        for (state, item, message) in &counts.wrong {
            let what = match state {
                Outcome::Damaged => "damaged",
                Outcome::Refused => "refused",
                _ => "failed",
            };
            self.session.warn(format!("{what}: {}: {message}", text::quoted(item)));
        }
        let unnamed = counts.failed + counts.damaged - counts.wrong.len() as u64;
        if unnamed > 0 {
            self.session.warn(format!("{unnamed} more; reprocess status --json lists all"));
        }
        let time = text::human_duration(self.began.elapsed());
        let mut line = format!("{} done, {} in {time}", count(counts.done, "item"), text::human_size(counts.bytes));
        for (n, what) in [
            (counts.before, "done before"),
            (counts.elsewhere, "done already"),
            (counts.gone, "gone"),
            (counts.failed, "failed"),
            (counts.damaged, "damaged"),
            (left, "left"),
        ] {
            if n > 0 {
                line += &format!(", {n} {what}");
            }
        }
        let status = match (stopped, counts.failed, counts.damaged) {
            (true, ..) => Status::Interrupted,
            (_, 0, 0) => {
                self.session.note(line);
                return Ok(());
            }
            (_, 0, _) => Status::Damaged,
            _ => Status::Failed,
        };
        Err(Failure::new(status, line).into())
    }

    fn event(&self, event: &impl Serialize) {
        if let (true, Ok(mut line)) = (self.json, serde_json::to_vec(event)) {
            line.push(b'\n');
            let mut stdout = io::stdout().lock();
            // whoever reads the events may go; the work goes on
            let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time that is left, as far as it can be told.
fn left(elapsed: Duration, at: u64, of: u64) -> String {
    match at {
        0 => String::new(),
        _ => {
            let rest = elapsed.as_secs_f64() * (of.saturating_sub(at) as f64 / at as f64);
            format!(", about {} left", text::human_duration(Duration::from_secs_f64(rest.clamp(0.0, 1e9))))
        }
    }
}

fn bar(n: u64, of: u64) -> String {
    let full = (n.min(of) * BAR).checked_div(of).unwrap_or(BAR);
    "█".repeat(full as usize) + &"░".repeat((BAR - full) as usize)
}
