//! One item: locked, examined, tried, judged.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::base::{lock, text, wall_ns};

use super::commit::Finished;
use super::due::{Due, Known};
use super::input_hash::hash_file;
use super::job::{Job, JobResult, Target};
use super::job_end::JobEnd;
use super::manifest::{self, InputRecord, ManifestLine, Outcome};
use super::pipes::{self, JobOutput};
use super::shared::{Settings, Shared, TICK};
use super::store::{Entry, ItemSource, Lock, Store};

/// Lines of a command's stderr that are kept for the observer.
const LAST_LINES: usize = 10;
/// The longest wait before an item is tried again, in seconds.
const LONGEST_PAUSE: u32 = 30;
/// Ticks in a second.
const TICKS: u32 = 10;

/// One item. False when another run has it.
///
/// # Errors
///
/// The state or the store cannot be read or written.
pub fn do_item(shared: &Shared<'_>, planned: &Entry, position: &AtomicU64) -> io::Result<bool> {
    let settings = shared.settings;
    let Some(lock_of_item) = settings.state.lock(&planned.name)? else { return Ok(false) };
    let last = {
        let mut manifests = lock(&shared.manifests);
        manifests.refresh(settings.state)?;
        manifests.last(settings.command, &planned.name).cloned()
    };
    let now = match settings.source.entry(&planned.name) {
        Ok(Some(now)) => now,
        Ok(None) => {
            settings.report.note(format!("{} is gone", text::quoted(&planned.name)));
            settings.counter.gone(planned.bytes);
            return Ok(true);
        }
        Err(e) => {
            hand_over(shared, not_run(settings, planned, 1, &e), None, lock_of_item);
            return Ok(true);
        }
    };
    match (settings.rules.due(last.as_ref(), &now)?, last) {
        (Due::No, _) => {
            settings.counter.elsewhere(planned.bytes);
            return Ok(true);
        }
        (Due::IfChanged, Some(last)) if is_unchanged(settings, &last, &now)? => {
            // so that next time its size and time say it
            settings.state.append(&manifest::name(settings.shard), &done_again(settings, last, &now).to_bytes())?;
            settings.counter.elsewhere(planned.bytes);
            return Ok(true);
        }
        _ => {}
    }
    let mut number = 1;
    loop {
        let (line, output) = match attempt(shared, &now, lock_of_item.as_ref(), position, number) {
            Ok(done) => done,
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(e) => (not_run(settings, &now, number, &e), None),
        };
        if shared.running.were_signalled() {
            // it may have been cut short without a word; what it wrote goes
            return Ok(true);
        }
        if line.state != Outcome::Failed || number > settings.retry {
            hand_over(shared, line, output, lock_of_item);
            return Ok(true);
        }
        settings.report.note(format!("{}: {}: trying again", text::quoted(&now.name), line.message));
        for _ in 0..TICKS * number.min(LONGEST_PAUSE) {
            if shared.halted.load(Ordering::SeqCst) {
                hand_over(shared, line, None, lock_of_item);
                return Ok(true);
            }
            thread::sleep(TICK);
        }
        number += 1;
    }
}

fn hand_over(shared: &Shared<'_>, line: ManifestLine, output: Option<JobOutput>, lock: Box<dyn Lock>) {
    if line.state != Outcome::Done && !shared.settings.keep_going {
        shared.halted.store(true, Ordering::SeqCst);
    }
    // without a receiver the committer has failed, and says why
    if shared.results.send(Finished { line, output, lock }).is_err() {
        shared.halted.store(true, Ordering::SeqCst);
    }
}

/// Whether the item, and what was made of it, have the hashes that they should have.
fn is_unchanged(settings: &Settings<'_>, last: &ManifestLine, now: &Entry) -> io::Result<bool> {
    let rules = settings.rules;
    let is_right = |store: &dyn Store, name: &str, wanted: Option<&str>| -> io::Result<bool> {
        let hash = match store.open(name)? {
            ItemSource::File(file) => hash_file(&file)?,
            ItemSource::Stream(stream) => pipes::feed(stream, io::sink(), &AtomicU64::new(0))?,
        };
        Ok(wanted == Some(text::hex(&hash).as_str()))
    };
    // of a run that was killed between the two, only the hash shows it
    let by_hash = last.state == Outcome::Replacing || rules.input(last, now) == Known::ByHash;
    if by_hash && !is_right(settings.source, &now.name, last.left_hash())? {
        return Ok(false);
    }
    match (&last.output, rules.destination) {
        (Some(output), Some(store)) if rules.output(last)? == Known::ByHash => {
            is_right(store, &output.name, output.sha256.as_deref())
        }
        _ => Ok(true),
    }
}

/// Runs the command once on the item.
fn attempt(
    shared: &Shared<'_>,
    now: &Entry,
    lock_of_item: &dyn Lock,
    position: &AtomicU64,
    number: u32,
) -> io::Result<(ManifestLine, Option<JobOutput>)> {
    position.store(0, Ordering::Relaxed);
    let settings = shared.settings;
    let target = match (settings.rules.destination, settings.rules.in_place) {
        (Some(store), _) => Target::Store(store),
        (None, true) => Target::Store(settings.source),
        (None, false) => Target::Nowhere,
    };
    let job = Job {
        shell: &settings.shell,
        source: settings.source,
        target,
        suffix: settings.suffix,
        // where nothing comes of it, size and time have to do: a second reader would slow a check of everything down
        hashed: !settings.works_inside && (settings.rules.check_input || !matches!(target, Target::Nowhere)),
        may_be_silent: settings.rules.in_place,
        running: &shared.running,
    };
    let written: Mutex<VecDeque<String>> = Mutex::default();
    let result = job.run(now, lock_of_item, position, &|line| {
        settings.observer.line(&now.name, line);
        let mut written = lock(&written);
        written.push_back(line.to_owned());
        if written.len() > LAST_LINES {
            written.pop_front();
        }
    })?;
    let line = judged(settings, now, &result, number)?;
    if line.state != Outcome::Done {
        let others: Vec<String> = lock(&written).iter().filter(|w| **w != line.message).cloned().collect();
        settings.observer.attempt_failed(&line, &others);
    }
    let is_kept = line.state == Outcome::Done || (line.state == Outcome::Damaged && settings.keep_damaged);
    Ok((line, result.output.filter(|o| is_kept && o.draft.is_some())))
}

/// What the manifest says about an attempt.
fn judged(settings: &Settings<'_>, now: &Entry, result: &JobResult, attempt: u32) -> io::Result<ManifestLine> {
    let (mut state, mut message) = match (result.end.outcome(), &result.fault) {
        (Outcome::Done, None) => (Outcome::Done, String::new()),
        (Outcome::Done | Outcome::Failed, Some(fault)) => (Outcome::Failed, fault.clone()),
        (outcome, _) => (outcome, result.last_line.clone()),
    };
    let exit = result.end.code();
    if message.is_empty() && state != Outcome::Done {
        message = format!("the command ended with exit status {exit}");
    }
    // what was read was neither the one nor the other
    let changes_itself = settings.rules.in_place && result.output.as_ref().is_none_or(|o| o.draft.is_none());
    if state == Outcome::Done
        && !changes_itself
        && !settings.source.entry(&now.name)?.is_some_and(|there| there.looks_like(now))
    {
        (state, message) = (Outcome::Failed, "it was changed while it was read".into());
    }
    let mut line = blank(settings, now, attempt);
    line.input.sha256 = result.input.map(|h| text::hex(&h));
    (line.state, line.message) = (state, message);
    (line.exit, line.seconds) = (exit, result.time.as_secs_f64());
    Ok(line)
}

/// The line of an attempt that the system did not let begin, or end.
fn not_run(settings: &Settings<'_>, now: &Entry, attempt: u32, error: &io::Error) -> ManifestLine {
    let exit = JobEnd::NotRun.code();
    ManifestLine { state: Outcome::Failed, message: text::io_reason(error), exit, ..blank(settings, now, attempt) }
}

fn blank(settings: &Settings<'_>, now: &Entry, attempt: u32) -> ManifestLine {
    ManifestLine {
        v: ManifestLine::VERSION,
        item: now.name.clone(),
        command: settings.command.to_owned(),
        input: InputRecord::new(now, None),
        output: None,
        state: Outcome::Failed,
        exit: 0,
        attempt,
        at: text::rfc3339(wall_ns()),
        seconds: 0.0,
        message: String::new(),
        shard: format!("{}/{}", settings.shard.index, settings.shard.count),
    }
}

/// The line of an item that is done, and whose time is another now.
fn done_again(settings: &Settings<'_>, last: ManifestLine, now: &Entry) -> ManifestLine {
    let replaced = last.state == Outcome::Replacing;
    let mut line = ManifestLine { state: Outcome::Done, at: text::rfc3339(wall_ns()), ..last };
    let modified = text::rfc3339(now.modified_ns);
    match &mut line.output {
        Some(o) if replaced || o.modified.is_some() => {
            (o.modified, o.changed) = (Some(modified), now.changed.clone());
        }
        _ => (line.input.modified, line.input.changed) = (modified, now.changed.clone()),
    }
    if let (Some(output), Some(store)) = (&mut line.output, settings.rules.destination)
        && let Ok(Some(there)) = store.entry(&output.name)
    {
        output.changed = there.changed;
    }
    line
}
