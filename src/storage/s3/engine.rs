//! The thread that speaks HTTP, and how others wait for it.

use std::future::Future;
use std::io;
use std::sync::{OnceLock, mpsc};
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::ObjectError;

static ENGINE: OnceLock<Result<Handle, io::ErrorKind>> = OnceLock::new();

/// The one engine of the process, started at the first use.
pub(super) fn handle() -> Result<Handle, ObjectError> {
    let started = ENGINE.get_or_init(|| start().map_err(|e| e.kind()));
    started.clone().map_err(|kind| ObjectError::Engine(kind.into()))
}

fn start() -> io::Result<Handle> {
    // the one provider of TLS in the process; somebody else's choice stands
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("objects".into()).spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// Something that the engine is at work on; dropped, it goes on and nobody learns of it.
#[derive(Debug)]
pub(super) struct Job<T>(mpsc::Receiver<T>);

impl<T: Send + 'static> Job<T> {
    /// Gives the engine something to do.
    pub fn start(work: impl Future<Output = T> + Send + 'static) -> Result<Self, ObjectError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        handle()?.spawn(async move {
            let _ = sender.send(work.await);
        });
        Ok(Job(receiver))
    }

    /// Waits until it is done.
    pub fn wait(self) -> Result<T, ObjectError> {
        self.0.recv().map_err(|_| ObjectError::Engine(io::ErrorKind::Interrupted.into()))
    }
}

/// Does something on the engine and waits for it.
pub(super) fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, ObjectError> {
    Job::start(work)?.wait()
}
