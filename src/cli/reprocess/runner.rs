//! A run: items taken from a queue by so many workers, each result handed to the committer.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cli::{Failure, Session, Stop, text, wall_ns};

use super::commit::{Committer, Finished};
use super::follow::hash_file;
use super::job::{Ended, Job, Running, Target};
use super::manifest::{self, Input, Line, Manifests, Outcome};
use super::need::{Judge, Need};
use super::pump;
use super::report::Report;
use super::shard::Shard;
use super::shell::Shell;
use super::store::{Entry, Lock, Source, State, Store};

/// Between two looks at signals and progress.
const TICK: Duration = Duration::from_millis(100);
/// What jobs that were told to stop have for it.
const GRACE: Duration = Duration::from_secs(5);

/// What a run does.
#[derive(Debug)]
pub struct Run<'a> {
    pub command: &'a str,
    pub shell: Shell,
    pub source: &'a dyn Store,
    pub judge: Judge<'a>,
    pub state: &'a dyn State,
    pub suffix: Option<&'a str>,
    pub shard: Shard,
    pub jobs: usize,
    pub retry: u32,
    pub keep_going: bool,
    pub keep_damaged: bool,
    /// Whether the command changes the item itself, and quickly: then reading all of it would take longer than the work.
    pub works_inside: bool,
}

/// What the workers share.
struct Shared<'a> {
    run: &'a Run<'a>,
    report: &'a Report,
    manifests: Mutex<Manifests>,
    queue: Mutex<VecDeque<Entry>>,
    /// Items that another run had when their turn came.
    later: Mutex<VecDeque<Entry>>,
    /// Where each worker's job is in its input.
    places: Vec<AtomicU64>,
    running: Running,
    halted: AtomicBool,
    results: SyncSender<Finished>,
    session: &'a Session,
    said: Mutex<Option<io::Error>>,
    /// Whether it was told that another run is at work.
    waited: AtomicBool,
}

impl Run<'_> {
    /// Does the items. The report is told of each.
    ///
    /// # Errors
    ///
    /// The state or the source cannot be read or written (1). What became of the items only the report says.
    pub fn go(
        &self,
        items: Vec<Entry>,
        manifests: Manifests,
        report: &Report,
        stop: &Stop,
        session: &Session,
    ) -> anyhow::Result<()> {
        let (results, taken) = mpsc::sync_channel(2 * self.jobs);
        let workers = self.jobs.min(items.len()).max(1);
        let shared = Shared {
            run: self,
            report,
            manifests: Mutex::new(manifests),
            queue: Mutex::new(items.into()),
            later: Mutex::default(),
            places: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            running: Running::default(),
            halted: AtomicBool::new(false),
            results,
            session,
            said: Mutex::new(None),
            waited: AtomicBool::new(false),
        };
        let committer = Committer {
            source: self.source,
            destination: self.judge.destination,
            in_place: self.judge.in_place,
            state: self.state,
            manifest: manifest::name(self.shard),
            report,
        };
        let halted = &AtomicBool::new(false);
        let committed = thread::scope(|scope| {
            let committer = scope.spawn(move || {
                let done = committer.run(&taken, || halted.store(true, Ordering::SeqCst));
                if done.is_err() {
                    halted.store(true, Ordering::SeqCst);
                }
                done
            });
            thread::scope(|scope| {
                let shared = &shared;
                let all: Vec<_> = shared.places.iter().map(|at| scope.spawn(move || shared.work(at))).collect();
                shared.watch(stop, halted, || all.iter().all(|w| w.is_finished()));
            });
            let said = shared.said.into_inner().unwrap_or_else(PoisonError::into_inner);
            drop(shared.results);
            let committed =
                committer.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes results broke")));
            said.map_or(committed, Err)
        });
        committed.map_err(|e| {
            let state = text::quoted(&self.state.shown());
            Failure::failed(format!("the run cannot go on, its state is in {state}: {}", text::io_reason(&e))).into()
        })
    }
}

impl Shared<'_> {
    /// Looks at signals, and draws, until `over`.
    fn watch(&self, stop: &Stop, failed: &AtomicBool, over: impl Fn() -> bool) {
        let mut told: Option<Instant> = None;
        while !over() {
            thread::park_timeout(TICK);
            self.report.tick(self.places.iter().map(|p| p.load(Ordering::Relaxed)).sum());
            if failed.load(Ordering::SeqCst) && !self.run.keep_going {
                self.halted.store(true, Ordering::SeqCst);
            }
            if stop.is_set() && told.is_none() {
                self.session.note("stopping: no further item; a second signal stops at once");
                self.halted.store(true, Ordering::SeqCst);
                self.running.tell(Signal::TERM);
                told = Some(Instant::now());
            }
            if told.is_some_and(|t| t.elapsed() > GRACE) {
                self.running.tell(Signal::KILL);
            }
        }
    }

    fn work(&self, at: &AtomicU64) {
        while !self.halted.load(Ordering::SeqCst) {
            let next = lock(&self.queue).pop_front();
            let (entry, again) = match next {
                Some(entry) => (entry, false),
                None => match lock(&self.later).pop_front() {
                    Some(entry) => (entry, true),
                    None => return,
                },
            };
            match self.item(&entry, at) {
                Ok(true) => {}
                Ok(false) => {
                    if !self.waited.swap(true, Ordering::Relaxed) {
                        let name = text::quoted(&entry.name);
                        self.session.note(format!(
                            "another run is at work on {name}: such items are looked at again at the end"
                        ));
                    }
                    lock(&self.later).push_back(entry);
                    if again {
                        thread::sleep(TICK);
                    }
                }
                Err(e) => {
                    lock(&self.said).get_or_insert(e);
                    self.halted.store(true, Ordering::SeqCst);
                }
            }
            at.store(0, Ordering::Relaxed);
        }
    }

    /// One item. False when another run has it.
    fn item(&self, planned: &Entry, at: &AtomicU64) -> io::Result<bool> {
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

    fn hand_over(&self, line: Line, output: Option<pump::Taken>, lock: Box<dyn Lock>) -> io::Result<bool> {
        if line.state != Outcome::Done && !self.run.keep_going {
            self.halted.store(true, Ordering::SeqCst);
        }
        // without a receiver the committer has failed, and says why
        let _ = self.results.send(Finished { line, output, lock });
        Ok(true)
    }

    /// Whether the item has the hash that it should have.
    fn is_unchanged(&self, last: &Line, now: &Entry) -> io::Result<bool> {
        let hash = match self.run.source.open(&now.name)? {
            Source::File(file) => hash_file(&file)?,
            Source::Stream(stream) => pump::feed(stream, io::sink(), &AtomicU64::new(0))?,
        };
        Ok(last.left_hash() == Some(text::hex(&hash).as_str()))
    }

    fn attempt(
        &self,
        now: &Entry,
        lock: &dyn Lock,
        at: &AtomicU64,
        attempt: u32,
    ) -> io::Result<(Line, Option<pump::Taken>)> {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
