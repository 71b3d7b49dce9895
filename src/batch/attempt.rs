//! One item: locked, looked at, tried, judged.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::base::{text, wall_ns};

use super::commit::Finished;
use super::due::Need;
use super::input_hash::hash_file;
use super::job::{Ended, Job, Target};
use super::manifest::{self, Input, Line, Outcome};
use super::pipes;
use super::runner::{Shared, TICK, lock};
use super::store::{Entry, Lock, Source};

impl Shared<'_> {
    /// One item. False when another run has it.
    pub fn item(&self, planned: &Entry, at: &AtomicU64) -> io::Result<bool> {
        let Some(lock_of_item) = self.run.state.lock(&planned.name)? else { return Ok(false) };
        let last = {
            let mut manifests = lock(&self.manifests);
            manifests.refresh(self.run.state)?;
            manifests.last(self.run.command, &planned.name).cloned()
        };
        let now = match self.run.source.entry(&planned.name) {
            Ok(Some(now)) => now,
            Ok(None) => {
                self.report.gone(&planned.name, planned.bytes);
                return Ok(true);
            }
            Err(e) => return self.hand_over(self.failure(planned, 1, 1, &e), None, lock_of_item),
        };
        match (self.run.judge.need(last.as_ref(), &now)?, last) {
            (Need::Nothing, _) => {
                self.report.elsewhere(planned.bytes);
                return Ok(true);
            }
            (Need::Hash, Some(last)) if self.is_unchanged(&last, &now)? => {
                // so that next time its size and time say it
                self.run.state.append(&manifest::name(self.run.shard), &again(last, &now).to_bytes())?;
                self.report.elsewhere(planned.bytes);
                return Ok(true);
            }
            _ => {}
        }
        let mut attempt = 1;
        loop {
            let (line, output) = match self.attempt(&now, lock_of_item.as_ref(), at, attempt) {
                Ok(done) => done,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(e) => (self.failure(&now, attempt, 1, &e), None),
            };
            if self.running.were_told() {
                // it may have been cut short without a word; what it wrote goes
                return Ok(true);
            }
            let is_over = line.state != Outcome::Failed || attempt > self.run.retry;
            if is_over {
                return self.hand_over(line, output, lock_of_item);
            }
            self.session.note(format!("{}: {}: trying again", text::quoted(&now.name), line.message));
            for _ in 0..10 * attempt.min(30) {
                if self.halted.load(Ordering::SeqCst) {
                    return self.hand_over(line, None, lock_of_item);
                }
                thread::sleep(TICK);
            }
            attempt += 1;
        }
    }

    fn hand_over(&self, line: Line, output: Option<pipes::Taken>, lock: Box<dyn Lock>) -> io::Result<bool> {
        if line.state != Outcome::Done && !self.run.keep_going {
            self.halted.store(true, Ordering::SeqCst);
        }
        // without a receiver the committer has failed, and says why
        if self.results.send(Finished { line, output, lock }).is_err() {
            self.halted.store(true, Ordering::SeqCst);
        }
        Ok(true)
    }

    /// Whether the item has the hash that it should have.
    fn is_unchanged(&self, last: &Line, now: &Entry) -> io::Result<bool> {
        let hash = match self.run.source.open(&now.name)? {
            Source::File(file) => hash_file(&file)?,
            Source::Stream(stream) => pipes::feed(stream, io::sink(), &AtomicU64::new(0))?,
        };
        Ok(last.left_hash() == Some(text::hex(&hash).as_str()))
    }

    fn attempt(
        &self,
        now: &Entry,
        lock: &dyn Lock,
        at: &AtomicU64,
        attempt: u32,
    ) -> io::Result<(Line, Option<pipes::Taken>)> {
        at.store(0, Ordering::Relaxed);
        let run = self.run;
        let target = match (run.judge.destination, run.judge.in_place) {
            (Some(store), _) => Target::Store(store),
            (None, true) => Target::Store(run.source),
            (None, false) => Target::Nowhere,
        };
        let job = Job {
            shell: &run.shell,
            source: run.source,
            target,
            suffix: run.suffix,
            // where nothing comes of it, size and time have to do: a second reader would slow a check of everything down
            hashed: !run.works_inside && (run.judge.check_input || !matches!(target, Target::Nowhere)),
            may_be_silent: run.judge.in_place,
            running: &self.running,
        };
        let quiet = self.session.is_quiet();
        let kept: Mutex<VecDeque<String>> = Mutex::default();
        let ended = job.run(now, lock, at, &|line| {
            if !quiet {
                return self.report.said(&now.name, line);
            }
            let mut kept = self::lock(&kept);
            kept.push_back(line.to_owned());
            if kept.len() > 10 {
                kept.pop_front();
            }
        })?;
        let line = self.line(now, &ended, attempt)?;
        if quiet && line.state != Outcome::Done {
            // the message itself is in the summary
            for said in self::lock(&kept).iter().filter(|said| **said != line.message) {
                self.session.warn(format!("{}: {said}", now.name));
            }
        }
        let is_kept = line.state == Outcome::Done || (line.state == Outcome::Damaged && run.keep_damaged);
        Ok((line, ended.output.filter(|o| is_kept && o.draft.is_some())))
    }

    fn line(&self, now: &Entry, ended: &Ended, attempt: u32) -> io::Result<Line> {
        let (mut state, mut message) = match (ended.exit, &ended.fault) {
            (0, None) => (Outcome::Done, String::new()),
            (0, Some(fault)) => (Outcome::Failed, fault.clone()),
            (3, _) => (Outcome::Damaged, ended.last_line.clone()),
            (4 | 5, _) => (Outcome::Refused, ended.last_line.clone()),
            (_, Some(fault)) => (Outcome::Failed, fault.clone()),
            (_, None) => (Outcome::Failed, ended.last_line.clone()),
        };
        if message.is_empty() && state != Outcome::Done {
            message = format!("the command ended with exit status {}", ended.exit);
        }
        // what was read was neither the one nor the other
        let changes_itself = self.run.judge.in_place && ended.output.as_ref().is_none_or(|o| o.draft.is_none());
        if state == Outcome::Done && !changes_itself && self.run.source.entry(&now.name)?.as_ref() != Some(now) {
            (state, message) = (Outcome::Failed, "it was changed while it was read".into());
        }
        let mut line = self.blank(now, attempt);
        line.input.sha256 = ended.input.map(|h| text::hex(&h));
        (line.state, line.message) = (state, message);
        (line.exit, line.seconds) = (ended.exit, ended.time.as_secs_f64());
        Ok(line)
    }

    fn failure(&self, now: &Entry, attempt: u32, exit: i32, error: &io::Error) -> Line {
        Line { state: Outcome::Failed, message: text::io_reason(error), exit, ..self.blank(now, attempt) }
    }

    fn blank(&self, now: &Entry, attempt: u32) -> Line {
        Line {
            v: Line::VERSION,
            item: now.name.clone(),
            command: self.run.command.to_owned(),
            input: Input::new(now, None),
            output: None,
            state: Outcome::Failed,
            exit: 0,
            attempt,
            at: text::rfc3339(wall_ns()),
            seconds: 0.0,
            message: String::new(),
            shard: format!("{}/{}", self.run.shard.index, self.run.shard.count),
        }
    }
}

/// The line of an item that is done, and whose time is another now.
fn again(last: Line, now: &Entry) -> Line {
    let replaced = last.state == Outcome::Replacing;
    let mut line = Line { state: Outcome::Done, at: text::rfc3339(wall_ns()), ..last };
    let modified = text::rfc3339(now.modified_ns);
    match &mut line.output {
        Some(o) if replaced || o.modified.is_some() => o.modified = Some(modified),
        _ => line.input.modified = modified,
    }
    line
}
