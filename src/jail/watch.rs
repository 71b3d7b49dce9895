//! A process that does not get on is ended: what it was given is counted against what it says it has done.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Work that was given and done. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    given: u64,
    done: u64,
    /// No more is given: it must come to its end.
    ending: bool,
    /// The process has ended by itself, or need not be watched any more.
    over: bool,
    /// It was ended here.
    overdue: bool,
    /// What it gave is being passed on, and it may have to wait for that.
    held: bool,
    last: Option<Instant>,
}

impl Watch {
    /// A piece of work is about to be given.
    pub fn give(&self) {
        self.change(|state| {
            // an idle process owes nothing: its time begins now
            if state.given == state.done {
                state.last = Some(Instant::now());
            }
            state.given += 1;
        });
    }

    /// It says that a piece of work is done. False when it says so of more than it was given.
    pub fn done(&self) -> bool {
        self.change(|state| {
            state.done += 1;
            state.last = Some(Instant::now());
            state.done <= state.given
        })
    }

    /// It gave something: it gets on.
    pub fn moves(&self) {
        self.change(|state| state.last = Some(Instant::now()));
    }

    /// Somebody is waited for who takes what it gave, or no more: that time is not its own.
    pub fn hold(&self, held: bool) {
        self.change(|state| {
            state.held = held;
            state.last = Some(Instant::now());
        });
    }

    /// Nothing more is given.
    pub fn ending(&self) {
        self.change(|state| {
            state.ending = true;
            state.last = Some(Instant::now());
        });
    }

    /// Nobody is watched any more.
    pub fn over(&self) {
        self.change(|state| state.over = true);
    }

    /// Whether it was ended because it did not get on.
    pub fn was_overdue(&self) -> bool {
        self.change(|state| state.overdue)
    }

    /// Calls `end` when nothing was done for `limit`, although there was something to do. The thread ends with
    /// [`Watch::over`].
    pub fn start(&self, limit: Duration, end: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        let watch = self.clone();
        thread::spawn(move || {
            let (state, changed) = &*watch.0;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            while !state.over {
                let owes = !state.held && (state.ending || state.given > state.done);
                let left = match state.last.filter(|_| owes) {
                    Some(last) => limit.saturating_sub(last.elapsed()),
                    None => limit,
                };
                if left.is_zero() {
                    state.overdue = true;
                    drop(state);
                    end();
                    return;
                }
                state = changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        // the thread sleeps up to the limit, and sees then how much is left: only the end must wake it
        if state.over {
            changed.notify_all();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[test]
    fn who_owes_nothing_is_left_alone_and_who_does_not_get_on_is_ended() {
        let watch = Watch::default();
        let thread = watch.start(LIMIT, || ());
        thread::sleep(LIMIT * 3);
        assert!(!watch.was_overdue(), "nothing was given");
        watch.give();
        assert!(watch.done() && !watch.done(), "more is done than was given");
        watch.give();
        watch.give();
        thread.join().unwrap();
        assert!(watch.was_overdue());
    }

    #[test]
    fn an_end_that_does_not_come_is_overdue_and_one_that_came_is_not() {
        let watch = Watch::default();
        let thread = watch.start(LIMIT, || ());
        watch.ending();
        thread.join().unwrap();
        assert!(watch.was_overdue());
        let watch = Watch::default();
        let thread = watch.start(Duration::from_secs(3600), || ());
        watch.ending();
        watch.over();
        thread.join().unwrap();
        assert!(!watch.was_overdue());
    }
}
