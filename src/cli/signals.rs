//! Signals: the first one asks the command to stop, the second one ends it.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{self, pipe};
use signal_hook::{SigId, flag};

use crate::base::{Stop, lock};

use super::{Status, prompt_signals};

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Handlers of SIGINT and SIGTERM: the first signal sets a [`Stop`], the second one ends the process with status 130.
///
/// System calls go on after the first signal: a filter reads to the end of its input and closes
/// properly, because the command before it got the same signal and is closing, too. A source reads
/// the flag between packets.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    stop: Stop,
    /// The next signal ends the process in its handler.
    armed: Arc<AtomicBool>,
    arming: Arc<Mutex<Vec<SigId>>>,
}

impl Signals {
    /// Installs the handlers; once a process is enough.
    pub(super) fn install() -> io::Result<Signals> {
        let signals = Signals { stop: Stop::default(), armed: Arc::default(), arming: Arc::default() };
        for signal in SIGNALS {
            // In this order: the first signal must not yet see what it sets.
            flag::register_conditional_shutdown(signal, Status::Interrupted.code().into(), Arc::clone(&signals.armed))
                .and_then(|_| flag::register(signal, signals.stop.flag()))
                .map_err(no_handler)?;
        }
        signals.arm()?;
        prompt_signals::stops_are_requests();
        Ok(signals)
    }

    /// What the first signal sets.
    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// While the value lives, `tidy` is done before the second signal ends the process: a handler could not do it.
    ///
    /// # Errors
    ///
    /// The system takes no handler, or gives no thread.
    pub(super) fn tidying(&self, tidy: impl FnOnce() + Send + 'static) -> io::Result<Tidying> {
        let (mut signals, handler) = UnixStream::pair().map_err(no_handler)?;
        let mut pipes = Vec::new();
        for signal in SIGNALS {
            pipes.push(handler.try_clone().and_then(|end| pipe::register(signal, end)).map_err(no_handler)?);
        }
        self.disarm();
        let mut came = u32::from(self.stop.is_set());
        let waiting = thread::Builder::new().name("signals".into()).spawn(move || {
            while matches!(signals.read(&mut [0]), Ok(1)) {
                came += 1;
                if came > 1 {
                    tidy();
                    low_level::exit(Status::Interrupted.code().into());
                }
            }
        });
        let tidying = Tidying { signals: self.clone(), pipes };
        waiting?;
        Ok(tidying)
    }

    fn arm(&self) -> io::Result<()> {
        let ids = SIGNALS.map(|signal| flag::register(signal, Arc::clone(&self.armed)));
        let mut arming = lock(&self.arming);
        for id in ids {
            arming.push(id.map_err(no_handler)?);
        }
        if self.stop.is_set() {
            self.armed.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn disarm(&self) {
        for id in lock(&self.arming).drain(..) {
            low_level::unregister(id);
        }
        self.armed.store(false, Ordering::SeqCst);
    }
}

fn no_handler(e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("cannot install a signal handler: {}", crate::base::text::io_reason(&e)))
}

/// See [`Signals::tidying`].
#[derive(Debug)]
pub(super) struct Tidying {
    signals: Signals,
    pipes: Vec<SigId>,
}

impl Drop for Tidying {
    fn drop(&mut self) {
        // the handlers' ends of the pipe go with them, and then the thread ends
        for id in self.pipes.drain(..) {
            low_level::unregister(id);
        }
        // without a handler the second signal is like the first: the command still ends
        let _ = self.signals.arm();
    }
}
