//! What was written goes to the disk every second, also while nothing comes.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::base::lock;

/// Syncs one file at a time, a fixed time after the first write that is not synced yet. Clones are the same syncer.
#[derive(Debug, Clone)]
pub(super) struct Syncer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<SyncState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct SyncState {
    file: Option<Arc<File>>,
    dirty: bool,
    /// The disk could not keep what it took.
    failed: Option<io::Error>,
    over: bool,
}

impl Syncer {
    /// Begins; the thread ends with [`Syncer::stop`]. `warn` is called at once when a sync fails: the next write may be
    /// hours away.
    pub fn start(every: Duration, warn: impl Fn(&io::Error) + Send + 'static) -> io::Result<(Self, JoinHandle<()>)> {
        let syncer = Syncer(Arc::default());
        let shared = Arc::clone(&syncer.0);
        let thread = thread::Builder::new().name("sync".into()).spawn(move || run(&shared, every, &warn))?;
        Ok((syncer, thread))
    }

    /// From now on this is the file to sync.
    pub fn watch(&self, file: &Arc<File>) {
        let mut state = self.lock();
        (state.file, state.dirty) = (Some(Arc::clone(file)), false);
    }

    /// The file is finished; whoever finishes it syncs it.
    pub fn forget(&self) {
        self.lock().file = None;
    }

    /// Something was written.
    ///
    /// # Errors
    ///
    /// That of a sync before, once.
    pub fn written(&self) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(e) = state.failed.take() {
            return Err(e);
        }
        if !std::mem::replace(&mut state.dirty, true) {
            self.0.changed.notify_all();
        }
        Ok(())
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.lock().over = true;
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, SyncState> {
        lock(&self.0.state)
    }
}

fn run(shared: &Shared, every: Duration, warn: &dyn Fn(&io::Error)) {
    let mut state = lock(&shared.state);
    while !state.over {
        if !state.dirty {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let waited = shared.changed.wait_timeout_while(state, every, |s| !s.over);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.dirty = false;
        let Some(file) = state.file.clone() else { continue };
        // the disk may take its time: writing goes on
        drop(state);
        let synced = file.sync_data();
        synced.as_ref().map_or_else(warn, |()| ());
        state = lock(&shared.state);
        if let Err(e) = synced {
            state.failed = Some(e);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_sync_that_fails_is_reported_while_nothing_is_written() {
        let (report, reported) = mpsc::channel();
        let (syncer, thread) =
            Syncer::start(Duration::from_millis(1), move |e| report.send(e.kind()).unwrap()).unwrap();
        // what cannot be synced
        syncer.watch(&Arc::new(File::open("/dev/null").unwrap()));
        syncer.written().unwrap();
        assert_eq!(reported.recv(), Ok(io::ErrorKind::InvalidInput));
        // and the next write is refused
        while syncer.lock().failed.is_none() {
            thread::yield_now();
        }
        assert!(syncer.written().is_err());
        syncer.stop();
        thread.join().unwrap();
    }
}
