//! A thread for calls that have no time limit of their own: whoever asked waits as long as it likes, and then goes on
//! without.

use std::cell::RefCell;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{PinPrompt, Waiting};
use crate::keys::DeviceError;

/// Between two looks at the thread.
const LOOK: Duration = Duration::from_millis(100);
/// What takes longer is said.
const UNUSUAL: Duration = Duration::from_secs(1);
/// For a card to be let go at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the thread is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It asks the daemon for something.
    Service,
    /// It waits for the card to be free.
    Connecting,
    /// It waits for an answer of the card.
    Talking,
    /// It waits for the result of a key.
    KeyOperation,
}

impl Stage {
    /// The longest that this may take, where `wait` is what the user gave for people and other programs.
    fn limit(self, wait: Duration) -> Duration {
        match self {
            Stage::Service => Duration::from_secs(10),
            Stage::Talking => Duration::from_secs(5),
            // the thread itself gives up at `wait`, where it can
            Stage::Connecting => wait + Duration::from_secs(1),
            // cards end the wait for a touch themselves, after 15 seconds mostly
            Stage::KeyOperation => wait + Duration::from_secs(5),
        }
    }

    fn waiting(self) -> Waiting {
        match self {
            Stage::Service => Waiting::Service,
            Stage::Connecting => Waiting::OtherProgram,
            Stage::Talking => Waiting::Answer,
            Stage::KeyOperation => Waiting::Touch,
        }
    }

    fn over_time(self) -> DeviceError {
        match self {
            Stage::Service => DeviceError::Silent("smart card service".into()),
            Stage::Connecting => DeviceError::Busy,
            Stage::Talking | Stage::KeyOperation => DeviceError::Silent("smart card".into()),
        }
    }
}

/// What the thread is at, and since when.
pub struct Progress(Mutex<(Stage, Instant)>);

impl Progress {
    /// Begins something.
    pub fn at(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (stage, Instant::now());
    }

    fn current(&self) -> (Stage, Duration) {
        let (stage, since) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (stage, since.elapsed())
    }
}

type Job<S> = Box<dyn FnOnce(&mut S, &Progress) + Send>;

/// A thread with a state of its own.
pub struct Worker<S> {
    jobs: Option<Sender<Job<S>>>,
    progress: Arc<Progress>,
    ended: Receiver<()>,
    /// Why the thread was given up.
    lost: RefCell<Option<DeviceError>>,
}

impl<S: Send + 'static> Worker<S> {
    pub fn new(mut state: S) -> Self {
        let (jobs, queue) = mpsc::channel::<Job<S>>();
        let (end, ended) = mpsc::channel();
        let progress = Arc::new(Progress(Mutex::new((Stage::Service, Instant::now()))));
        let theirs = Arc::clone(&progress);
        let started = thread::Builder::new().name("card".into()).spawn(move || {
            while let Ok(job) = queue.recv() {
                job(&mut state, &theirs);
            }
            drop(state);
            let _ = end.send(());
        });
        let lost = started.err().map(|e| DeviceError::Nonsense(format!("no thread: {e}")));
        Worker { jobs: Some(jobs), progress, ended, lost: RefCell::new(lost) }
    }

    /// Has the thread do `job`. Where that takes over a second, `prompt` is notified again and again.
    ///
    /// Errors: those of the job; over the time limit of what the job is at, and from then on always the same;
    /// [`DeviceError::Interrupted`].
    pub fn run<T: Send + 'static>(
        &self,
        wait: Duration,
        prompt: &mut dyn PinPrompt,
        job: impl FnOnce(&mut S, &Progress) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        if let Some(error) = &*self.lost.borrow() {
            return Err(error.clone());
        }
        let died = || DeviceError::Nonsense("the thread for it failed".into());
        let (done, result) = mpsc::channel();
        self.progress.at(Stage::Service);
        let job: Job<S> = Box::new(move |state, progress| drop(done.send(job(state, progress))));
        self.jobs.as_ref().ok_or_else(died)?.send(job).map_err(|_| died())?;
        loop {
            match result.recv_timeout(LOOK) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(died()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let (stage, elapsed) = self.progress.current();
            let error = if elapsed > stage.limit(wait) {
                stage.over_time()
            } else if elapsed > UNUSUAL && !prompt.waiting(stage.waiting()) {
                DeviceError::Interrupted
            } else {
                continue;
            };
            *self.lost.borrow_mut() = Some(error.clone());
            return Err(error);
        }
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        self.jobs = None;
        // a thread that hangs is left behind; it ends with the process
        if self.lost.get_mut().is_none() {
            let _ = self.ended.recv_timeout(FAREWELL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::card::PinRequest;
    use zeroize::Zeroizing;

    /// Counts what is reported to it, and has no patience at the end.
    struct Counting(u32);

    impl PinPrompt for Counting {
        fn pin(&mut self, _: PinRequest<'_>) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
            Err(DeviceError::NoPin)
        }

        fn waiting(&mut self, what: Waiting) -> bool {
            assert_eq!(what, Waiting::Touch);
            self.0 += 1;
            self.0 < 3
        }
    }

    #[test]
    fn a_call_that_never_comes_back_is_given_up() {
        let worker = Worker::new(());
        let mut prompt = Counting(0);
        let (_keep, never) = mpsc::channel::<()>();
        let result = worker.run(Duration::from_secs(60), &mut prompt, move |(), progress| {
            progress.at(Stage::KeyOperation);
            never.recv().map_err(|_| DeviceError::Removed)
        });
        assert_eq!(result, Err(DeviceError::Interrupted));
        assert_eq!(prompt.0, 3);
        let again = worker.run(Duration::ZERO, &mut prompt, |(), _| Ok(()));
        assert_eq!(again, Err(DeviceError::Interrupted), "nothing is queued behind it");
    }

    #[test]
    fn results_come_back() {
        let worker = Worker::new(1);
        let mut prompt = Counting(0);
        let add = |state: &mut i32, _: &Progress| {
            *state += 1;
            Ok(*state)
        };
        assert_eq!(worker.run(Duration::ZERO, &mut prompt, add), Ok(2));
        assert_eq!(worker.run(Duration::ZERO, &mut prompt, add), Ok(3));
    }
}
