//! Stopping: politely at the first signal, at once at the second.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{self, pipe};
use signal_hook::{SigId, flag};

use super::Status;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// A flag that the first SIGINT or SIGTERM sets; the second one ends the process with status 130.
///
/// System calls go on after the first signal: a filter reads to the end of its input and closes
/// properly, because the command before it got the same signal and is closing, too. A source looks at
/// the flag between packets.
#[derive(Clone, Debug)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    /// The next signal ends the process in its handler.
    armed: Arc<AtomicBool>,
    arming: Arc<Mutex<Vec<SigId>>>,
}

impl Stop {
    /// Installs the handlers; once a process is enough.
    pub(crate) fn install() -> anyhow::Result<Stop> {
        let stop = Stop { flag: Arc::default(), armed: Arc::default(), arming: Arc::default() };
        for signal in SIGNALS {
            // In this order: the first signal must not yet see what it sets.
            flag::register_conditional_shutdown(signal, Status::Interrupted.code().into(), Arc::clone(&stop.armed))
                .and_then(|_| flag::register(signal, Arc::clone(&stop.flag)))
                .context("cannot install a signal handler")?;
        }
        stop.arm()?;
        Ok(stop)
    }

    /// Whether a signal came.
    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// The flag itself, for what polls it elsewhere.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// As long as the value lives, `tidy` is done before the second signal ends the process: a handler could not do it.
    ///
    /// # Errors
    ///
    /// The system takes no handler, or gives no thread.
    pub(crate) fn tidying(&self, tidy: impl FnOnce() + Send + 'static) -> anyhow::Result<Tidying> {
        let cannot = "cannot install a signal handler";
        let (mut signals, handler) = UnixStream::pair().context(cannot)?;
        let mut pipes = Vec::new();
        for signal in SIGNALS {
            pipes.push(handler.try_clone().and_then(|end| pipe::register(signal, end)).context(cannot)?);
        }
        self.disarm();
        let mut came = u32::from(self.is_set());
        let waiting = thread::Builder::new().name("signals".into()).spawn(move || {
            while matches!(signals.read(&mut [0]), Ok(1)) {
                came += 1;
                if came > 1 {
                    tidy();
                    low_level::exit(Status::Interrupted.code().into());
                }
            }
        });
        let tidying = Tidying { stop: self.clone(), pipes };
        waiting.context("cannot start a thread")?;
        Ok(tidying)
    }

    fn arm(&self) -> anyhow::Result<()> {
        let ids = SIGNALS.map(|signal| flag::register(signal, Arc::clone(&self.armed)));
        let mut arming = self.arming.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            arming.push(id.context("cannot install a signal handler")?);
        }
        if self.is_set() {
            self.armed.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn disarm(&self) {
        let mut arming = self.arming.lock().unwrap_or_else(PoisonError::into_inner);
        for id in arming.drain(..) {
            low_level::unregister(id);
        }
        self.armed.store(false, Ordering::SeqCst);
    }
}

/// See [`Stop::tidying`].
#[derive(Debug)]
pub(crate) struct Tidying {
    stop: Stop,
    pipes: Vec<SigId>,
}

impl Drop for Tidying {
    fn drop(&mut self) {
        // the handlers' ends of the pipe go with them, and then the thread ends
        for id in self.pipes.drain(..) {
            low_level::unregister(id);
        }
        // without a handler the second signal is like the first: the command still ends
        let _ = self.stop.arm();
    }
}
