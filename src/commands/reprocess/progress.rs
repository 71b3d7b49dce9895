//! What a run shows: events, progress, and the summary.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::base::lock;
use crate::base::text::{self, count, human_size};
use crate::batch::{Counts, ManifestLine, Observer, Outcome, RunVerdict, Summary};
use crate::cli::print::print;
use crate::cli::{Failure, ProgressWhen, Session, Status};

/// Between two lines of progress in a log.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// Work shorter than this shows nothing.
const SHORT: Duration = Duration::from_secs(1);
/// Letters of a bar.
const BAR: u64 = 30;

/// Follows a run, and shows it.
#[derive(Debug)]
pub struct BatchProgress {
    session: Session,
    json: bool,
    began: Instant,
    style: Style,
    shown: Mutex<Shown>,
    bar: ProgressBar,
    /// Why events were not written.
    unwritten: Mutex<Option<anyhow::Error>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Bar,
    Lines,
    Off,
}

#[derive(Debug, Default)]
struct Shown {
    /// The bar is on the terminal.
    bar: bool,
    /// When the last line was written.
    line: Option<Instant>,
}

#[derive(Serialize)]
struct ItemEvent<'a> {
    event: &'a str,
    #[serde(flatten)]
    line: &'a ManifestLine,
}

#[derive(Serialize)]
struct SummaryEvent<'a> {
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

impl BatchProgress {
    /// For a run that begins now; `counts` are what it begins with.
    ///
    /// # Errors
    ///
    /// Stdout does not take the first event.
    pub fn new(session: &Session, json: bool, counts: Counts) -> anyhow::Result<Self> {
        let terminal = io::stderr().is_terminal();
        let style = match session.progress_when() {
            ProgressWhen::Never => Style::Off,
            _ if session.is_quiet() => Style::Off,
            _ if terminal => Style::Bar,
            _ => Style::Lines,
        };
        let Counts { items, bytes, done_before, .. } = counts;
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        let (session, shown) = (session.clone(), Mutex::default());
        let progress =
            BatchProgress { session, json, began: Instant::now(), style, shown, bar, unwritten: Mutex::default() };
        let event = serde_json::json!({ "event": "start", "items": items, "bytes": bytes, "done_before": done_before });
        progress.event(&event);
        progress.check_events()?;
        Ok(progress)
    }

    fn check_events(&self) -> anyhow::Result<()> {
        lock(&self.unwritten).take().map_or(Ok(()), |e| Err(e.context("events are missing")))
    }

    /// The summary, and what went wrong as the run's end.
    ///
    /// # Errors
    ///
    /// Some item failed, or an event was not written (1); some were damaged, and none failed (3); the run was stopped
    /// (130).
    pub fn finish(self, summary: &Summary) -> anyhow::Result<()> {
        self.session.clear_bar();
        let counts = summary.counts;
        self.event(&SummaryEvent {
            event: "summary",
            items: counts.items,
            done: counts.done,
            done_before: counts.done_before,
            done_elsewhere: counts.done_elsewhere,
            gone: counts.gone,
            failed: counts.failed,
            damaged: counts.damaged,
            left: counts.left(),
            bytes: counts.done_bytes,
            seconds: self.began.elapsed().as_secs_f64(),
        });
        for failed in &summary.failed_items {
            let what = match failed.outcome {
                Outcome::Damaged => "damaged",
                Outcome::Refused => "refused",
                _ => "failed",
            };
            self.session.warn(format!("{what}: {}: {}", text::quoted(&failed.item), failed.message));
        }
        if summary.unnamed() > 0 {
            self.session.warn(format!("{} more; reprocess status --json lists all", summary.unnamed()));
        }
        let line = summary_line(&counts, self.began.elapsed());
        let status = match summary.verdict() {
            RunVerdict::Done => {
                self.session.note(line);
                return self.check_events();
            }
            RunVerdict::Damaged => Status::Damaged,
            RunVerdict::Failed => Status::Failed,
            RunVerdict::Stopped => Status::Interrupted,
        };
        Err(Failure::new(status, line).into())
    }

    fn event(&self, event: &impl Serialize) {
        if let (true, Ok(mut line)) = (self.json, serde_json::to_vec(event)) {
            line.push(b'\n');
            let mut unwritten = lock(&self.unwritten);
            // the work goes on without them, and whoever reads them may go
            let is_gone = |e: &anyhow::Error| {
                e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
            };
            if let (None, Err(e)) = (&*unwritten, print(&line)) {
                *unwritten = Some(e).filter(|e| !is_gone(e));
            }
        }
    }

    fn draw_line(&self, counts: &Counts, position: u64) {
        {
            let mut shown = lock(&self.shown);
            if shown.line.unwrap_or(self.began).elapsed() < LINE_EVERY {
                return;
            }
            shown.line = Some(Instant::now());
        }
        let (over, items) = (counts.over(), count(counts.items, "item"));
        let sizes = format!("{} of {}", human_size(position), human_size(counts.bytes));
        self.session.note(format!("{over} of {items}, {sizes}{}", left(self.began.elapsed(), position, counts.bytes)));
    }

    fn draw_bar(&self, counts: &Counts, position: u64) {
        let is_first = !std::mem::replace(&mut lock(&self.shown).bar, true);
        let undone = counts.failed + counts.damaged;
        let undone = if undone > 0 { format!(", {undone} not done") } else { String::new() };
        let (over, items) = (counts.over(), count(counts.items, "item"));
        self.bar.set_message(format!("{} {over} of {items}{undone}", bar(over, counts.items)));
        self.bar.set_position(position);
        if is_first {
            let template = "{prefix}: {msg}\n{prefix}: {bar:30} {binary_bytes} of {binary_total_bytes}, {eta} left";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar.set_style(style);
            self.bar.set_prefix(self.session.name());
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
            self.session.show_bar(self.bar.clone());
        }
    }
}

impl Observer for BatchProgress {
    fn line(&self, item: &str, line: &str) {
        self.session.note(format!("{item}: {line}"));
    }

    /// With `-q` the lines of an attempt are shown only now; the message itself is in the summary.
    fn attempt_failed(&self, attempt: &ManifestLine, written: &[String]) {
        if self.session.is_quiet() {
            written.iter().for_each(|line| self.session.warn(format!("{}: {line}", attempt.item)));
        }
    }

    fn item_over(&self, line: &ManifestLine) {
        self.event(&ItemEvent { event: "item", line });
    }

    fn tick(&self, counts: &Counts, position: u64) {
        match self.style {
            _ if self.began.elapsed() < SHORT => {}
            Style::Off => {}
            Style::Lines => self.draw_line(counts, position),
            Style::Bar => self.draw_bar(counts, position),
        }
    }
}

fn summary_line(counts: &Counts, elapsed: Duration) -> String {
    let (time, size) = (text::human_duration(elapsed), human_size(counts.done_bytes));
    let mut line = format!("{} done, {size} in {time}", count(counts.done, "item"));
    for (n, what) in [
        (counts.done_before, "done before"),
        (counts.done_elsewhere, "done already"),
        (counts.gone, "gone"),
        (counts.failed, "failed"),
        (counts.damaged, "damaged"),
        (counts.left(), "left"),
    ] {
        if n > 0 {
            line += &format!(", {n} {what}");
        }
    }
    line
}

/// The time that is left, as far as it is known.
fn left(elapsed: Duration, at: u64, of: u64) -> String {
    if at == 0 {
        return String::new();
    }
    let rest = elapsed.as_secs_f64() * (of.saturating_sub(at) as f64 / at as f64);
    format!(", about {} left", text::human_duration(Duration::from_secs_f64(rest.clamp(0.0, 1e9))))
}

fn bar(n: u64, of: u64) -> String {
    let full = (n.min(of) * BAR).checked_div(of).unwrap_or(BAR);
    "█".repeat(full as usize) + &"░".repeat((BAR - full) as usize)
}
