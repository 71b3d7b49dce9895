//! Signals that come while a prompt has switched the terminal's echo off: they wait until it is back.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::flag;
use signal_hook::low_level::{self, pipe};

/// Those that end or stop a process, and the one that lets it go on.
const SIGNALS: [i32; 13] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGALRM, SIGUSR1, SIGUSR2, SIGABRT, SIGXCPU, SIGVTALRM, SIGPROF,
];

/// Whether SIGINT and SIGTERM are requests to stop (see `signals`).
static STOPS_ARE_REQUESTS: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<PromptSignals> = OnceLock::new();

/// The handlers. A handler cannot be taken back, so that they do between prompts what would be done without them.
#[derive(Debug)]
pub(super) struct PromptSignals {
    /// One of these gets a byte when its signal comes.
    pipes: Vec<(i32, UnixStream)>,
    /// No prompt is shown: the signals do what they do without a handler.
    idle: Arc<AtomicBool>,
    /// The same for SIGINT and SIGTERM, which may be requests to stop.
    stops_idle: Arc<AtomicBool>,
}

/// What came during a prompt.
pub(super) enum Came {
    /// The process was stopped, and goes on.
    Back,
    /// The command is asked to stop.
    Stop,
}

/// From now on SIGINT and SIGTERM are requests to stop.
pub(super) fn stops_are_requests() {
    STOPS_ARE_REQUESTS.store(true, Ordering::SeqCst);
    if let Some(signals) = INSTALLED.get() {
        signals.stops_idle.store(false, Ordering::SeqCst);
    }
}

/// While it lives, the signals of a prompt are kept for it.
pub(super) struct Held(&'static PromptSignals);

impl Held {
    /// Keeps the signals.
    ///
    /// # Errors
    ///
    /// The system takes no handler.
    pub fn hold() -> io::Result<Self> {
        let signals = match INSTALLED.get() {
            Some(signals) => signals,
            None => {
                let new = PromptSignals::install()?;
                INSTALLED.get_or_init(|| new)
            }
        };
        signals.idle.store(false, Ordering::SeqCst);
        signals.stops_idle.store(false, Ordering::SeqCst);
        let held = Held(signals);
        // of before the prompt
        while held.next().is_some() {}
        Ok(held)
    }

    /// What becomes readable when a signal comes.
    pub fn wakers(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.pipes.iter().map(|(_, pipe)| pipe.as_fd())
    }

    /// A signal that came and was not given yet.
    pub fn next(&self) -> Option<i32> {
        let came = |(_, pipe): &&(i32, UnixStream)| matches!((&mut &*pipe).read(&mut [0]), Ok(1));
        self.0.pipes.iter().find(came).map(|(signal, _)| *signal)
    }

    /// Does what `signal` does, now that the terminal is as it was. Does not return where the process ends.
    pub fn act(&self, signal: i32) -> Came {
        if matches!(signal, SIGINT | SIGTERM) && STOPS_ARE_REQUESTS.load(Ordering::SeqCst) {
            return Came::Stop;
        }
        let done = low_level::emulate_default_handler(signal);
        if matches!(signal, SIGTSTP | SIGCONT) && done.is_ok() {
            // one of them was enough to come back
            while self.next().is_some_and(|next| next == SIGCONT) {}
            return Came::Back;
        }
        Came::Stop
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.stops_idle.store(!STOPS_ARE_REQUESTS.load(Ordering::SeqCst), Ordering::SeqCst);
        self.0.idle.store(true, Ordering::SeqCst);
    }
}

impl PromptSignals {
    fn install() -> io::Result<Self> {
        let mut signals = PromptSignals { pipes: Vec::new(), idle: Arc::default(), stops_idle: Arc::default() };
        let ignored = ignored();
        // nohup(1) means it
        for signal in SIGNALS.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
            let (ours, handlers) = UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            let idle = if matches!(signal, SIGINT | SIGTERM) { &signals.stops_idle } else { &signals.idle };
            flag::register_conditional_default(signal, Arc::clone(idle))?;
            pipe::register(signal, handlers)?;
            signals.pipes.push((signal, ours));
        }
        Ok(signals)
    }
}

/// The signals that this process ignores, from its start on: bit 0 is signal 1.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
