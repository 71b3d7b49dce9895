//! Stopping: politely at the first signal, at once at the second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::Status;

/// A flag that the first SIGINT or SIGTERM sets; the second one ends the process with status 130.
///
/// System calls go on after the first signal: a filter reads to the end of its input and closes
/// properly, because the command before it got the same signal and is closing, too. A source looks at
/// the flag between packets.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Installs the handlers; once a process is enough.
    pub(super) fn install() -> anyhow::Result<Stop> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal must not yet see the flag that it sets.
            flag::register_conditional_shutdown(signal, Status::Interrupted.code().into(), Arc::clone(&flag))
                .and_then(|_| flag::register(signal, Arc::clone(&flag)))
                .context("cannot install a signal handler")?;
        }
        Ok(Stop(flag))
    }

    /// Whether a signal came.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The flag itself, for what polls it elsewhere.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
