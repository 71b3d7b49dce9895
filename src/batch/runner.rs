//! A run: items taken from a queue by so many workers, each result handed to the committer.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::base::Stop;
use crate::base::text;
use crate::cli::{Failure, Session};

use super::commit::{Committer, Finished};
use super::due::Judge;
use super::job::Running;
use super::manifest::{self, Manifests};
use super::report::Report;
use super::shard::Shard;
use super::shell::Shell;
use super::store::{Entry, State, Store};

/// Between two looks at signals and progress.
pub(super) const TICK: Duration = Duration::from_millis(100);
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
    pub hash_outputs: bool,
    /// Whether the command changes the item itself, and quickly: then reading all of it would take longer than the work.
    pub works_inside: bool,
}

/// What the workers share.
pub(super) struct Shared<'a> {
    pub run: &'a Run<'a>,
    pub report: &'a Report,
    pub manifests: Mutex<Manifests>,
    pub queue: Mutex<VecDeque<Entry>>,
    /// Items that another run had when their turn came.
    pub later: Mutex<VecDeque<Entry>>,
    /// Where each worker's job is in its input.
    pub places: Vec<AtomicU64>,
    pub running: Running,
    pub halted: AtomicBool,
    pub results: SyncSender<Finished>,
    pub session: &'a Session,
    pub said: Mutex<Option<io::Error>>,
    /// Whether it was told that another run is at work.
    pub waited: AtomicBool,
}

/// Tells the watcher that a worker is at its end, however it came there.
struct Leaving<'a>(&'a AtomicUsize, &'a Thread);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.unpark();
    }
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
            hash_outputs: self.hash_outputs,
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
            let (watcher, busy) = (&thread::current(), &AtomicUsize::new(workers));
            thread::scope(|scope| {
                let shared = &shared;
                for at in &shared.places {
                    scope.spawn(move || {
                        let _leaving = Leaving(busy, watcher);
                        shared.work(at);
                    });
                }
                shared.watch(stop, halted, || busy.load(Ordering::SeqCst) == 0);
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
            // woken by a worker that has no more to do
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
}

/// A thread that panicked while it held the lock left nothing half done here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
