//! Signals: the first one asks the command to stop, one that comes a second later or more ends it.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{self, pipe};
use signal_hook::{SigId, flag};

use crate::base::{Stop, lock};

use super::{Status, prompt_signals};

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// For how long after the first signal another one counts as the same: `timeout` sends its signal to the command and to
/// its group, and a terminal that is closed sends several.
const SAME: Duration = Duration::from_secs(1);

/// Handlers of SIGINT and SIGTERM: the first signal sets a [`Stop`], one that comes later than [`SAME`] ends the
/// process with status 130.
///
/// System calls go on after the first signal: a filter reads to the end of its input and closes
/// properly, because the command before it got the same signal and is closing, too. A source reads
/// the flag between packets.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    stop: Stop,
    /// The next signal ends the process in its handler.
    armed: Arc<AtomicBool>,
    /// When the first signal came, and whether what it leads to is another's ([`Tidying`]).
    first: Arc<Mutex<First>>,
}

#[derive(Debug, Default)]
struct First {
    at: Option<Instant>,
    is_tidied: bool,
}

impl Signals {
    /// Installs the handlers; once a process is enough. `asked` is called when the first signal has come.
    pub(super) fn install(asked: impl FnOnce() + Send + 'static) -> io::Result<Signals> {
        let signals = Signals { stop: Stop::default(), armed: Arc::default(), first: Arc::default() };
        for signal in SIGNALS {
            // In this order: the first signal must not yet see what it sets.
            flag::register_conditional_shutdown(signal, Status::Interrupted.code().into(), Arc::clone(&signals.armed))
                .and_then(|_| flag::register(signal, signals.stop.flag()))
                .map_err(no_handler)?;
        }
        let (mut came, pipes) = came()?;
        let waiting = signals.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            if matches!(came.read(&mut [0]), Ok(1)) {
                lock(&waiting.first).at = Some(Instant::now());
                asked();
                thread::sleep(SAME);
                let first = lock(&waiting.first);
                waiting.armed.store(!first.is_tidied, Ordering::SeqCst);
            }
            drop(pipes);
        })?;
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
        let (mut came, pipes) = came()?;
        {
            let mut first = lock(&self.first);
            first.is_tidied = true;
            self.armed.store(false, Ordering::SeqCst);
        }
        let first = Arc::clone(&self.first);
        let waiting = thread::Builder::new().name("tidying".into()).spawn(move || {
            while matches!(came.read(&mut [0]), Ok(1)) {
                if lock(&first).at.is_some_and(|at| at.elapsed() >= SAME) {
                    tidy();
                    low_level::exit(Status::Interrupted.code().into());
                }
            }
        });
        let tidying = Tidying { signals: self.clone(), pipes };
        waiting?;
        Ok(tidying)
    }
}

/// A stream that gets a byte for each signal, and what ends it.
fn came() -> io::Result<(UnixStream, Vec<SigId>)> {
    let (signals, handler) = UnixStream::pair().map_err(no_handler)?;
    let mut pipes = Vec::new();
    for signal in SIGNALS {
        pipes.push(handler.try_clone().and_then(|end| pipe::register(signal, end)).map_err(no_handler)?);
    }
    Ok((signals, pipes))
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
        let mut first = lock(&self.signals.first);
        first.is_tidied = false;
        // one that came a moment ago arms it itself
        let is_long_ago = first.at.is_some_and(|at| at.elapsed() >= SAME);
        self.signals.armed.store(is_long_ago, Ordering::SeqCst);
    }
}
