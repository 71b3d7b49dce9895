//! Items taken from a queue by a number of workers, each result handed to the committer.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::base::{lock, text};

use super::attempt::do_item;
use super::commit::Committer;
use super::error::BatchError;
use super::job::RunningJobs;
use super::manifest::{self, Manifests};
use super::shared::{Settings, Shared, TICK};
use super::store::Entry;

/// How long jobs that were asked to stop have for it.
const GRACE: Duration = Duration::from_secs(5);

/// Reports to the watcher that a worker is at its end, however it came there.
struct Leaving<'a>(&'a AtomicUsize, &'a Thread);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.unpark();
    }
}

/// Does the items. What became of them is counted.
///
/// # Errors
///
/// The state or the source cannot be read or written.
pub fn run_items(settings: &Settings<'_>, items: Vec<Entry>, manifests: Manifests) -> Result<(), BatchError> {
    let (results, finished) = mpsc::sync_channel(2 * settings.jobs);
    let workers = settings.jobs.min(items.len()).max(1);
    let shared = Shared {
        settings,
        manifests: Mutex::new(manifests),
        queue: Mutex::new(items.into()),
        later: Mutex::default(),
        positions: (0..workers).map(|_| AtomicU64::new(0)).collect(),
        running: RunningJobs::default(),
        halted: AtomicBool::new(false),
        results,
        error: Mutex::new(None),
        has_waited: AtomicBool::new(false),
    };
    let committer = Committer {
        source: settings.source,
        destination: settings.rules.destination,
        in_place: settings.rules.in_place,
        mode: settings.mode,
        state: settings.state,
        manifest: manifest::name(settings.shard),
        counter: settings.counter,
        observer: settings.observer,
    };
    let has_failed = &AtomicBool::new(false);
    let committed = thread::scope(|scope| {
        let committer = scope.spawn(move || {
            let done = committer.run(&finished, || has_failed.store(true, Ordering::SeqCst));
            if done.is_err() {
                has_failed.store(true, Ordering::SeqCst);
            }
            done
        });
        let (watcher, busy) = (&thread::current(), &AtomicUsize::new(workers));
        thread::scope(|scope| {
            let shared = &shared;
            for position in &shared.positions {
                scope.spawn(move || {
                    let _leaving = Leaving(busy, watcher);
                    work(shared, position);
                });
            }
            watch(shared, has_failed, || busy.load(Ordering::SeqCst) == 0);
        });
        let error = shared.error.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(shared.results);
        let broke = || io::Error::other("the thread that writes results broke");
        let committed = committer.join().unwrap_or_else(|_| Err(broke()));
        error.map_or(committed, Err)
    });
    committed.map_err(|reason| BatchError::Halted { state: settings.state.shown(), reason })
}

/// Looks at the request to stop, and shows progress, until `over`.
fn watch(shared: &Shared<'_>, has_failed: &AtomicBool, over: impl Fn() -> bool) {
    let settings = shared.settings;
    let stop = settings.report.stop();
    let mut stopped: Option<Instant> = None;
    while !over() {
        // woken by a worker that has no more to do
        thread::park_timeout(TICK);
        let counts = settings.counter.counts();
        let running: u64 = shared.positions.iter().map(|p| p.load(Ordering::Relaxed)).sum();
        settings.observer.tick(&counts, counts.over_bytes.saturating_add(running).min(counts.bytes));
        if has_failed.load(Ordering::SeqCst) && !settings.keep_going {
            shared.halted.store(true, Ordering::SeqCst);
        }
        if stop.is_set() && stopped.is_none() {
            settings.report.note("stopping: no further item; a second signal stops at once");
            shared.halted.store(true, Ordering::SeqCst);
            shared.running.signal(Signal::TERM);
            stopped = Some(Instant::now());
        }
        if stopped.is_some_and(|at| at.elapsed() > GRACE) {
            shared.running.signal(Signal::KILL);
        }
    }
}

/// One worker, until there are no more items.
fn work(shared: &Shared<'_>, position: &AtomicU64) {
    while !shared.halted.load(Ordering::SeqCst) {
        let next = lock(&shared.queue).pop_front();
        let (entry, again) = match next {
            Some(entry) => (entry, false),
            None => match lock(&shared.later).pop_front() {
                Some(entry) => (entry, true),
                None => return,
            },
        };
        match do_item(shared, &entry, position) {
            Ok(true) => {}
            Ok(false) => {
                if !shared.has_waited.swap(true, Ordering::Relaxed) {
                    let name = text::quoted(&entry.name);
                    shared
                        .settings
                        .report
                        .note(format!("another run is at work on {name}: such items are checked again at the end"));
                }
                lock(&shared.later).push_back(entry);
                if again {
                    thread::sleep(TICK);
                }
            }
            Err(e) => {
                lock(&shared.error).get_or_insert(e);
                shared.halted.store(true, Ordering::SeqCst);
            }
        }
        position.store(0, Ordering::Relaxed);
    }
}
