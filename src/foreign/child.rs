//! A running child.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::base::{Report, lock};
use crate::jail::{self, Watch};

use super::hang::{Fed, Hang, Reading};
use super::options::{Foreign, ForeignError, Work};
use super::wire::{self, Kind};
use super::wire_error::WireError;

/// A running child; it ends with the value.
pub(super) struct Running {
    child: Arc<Mutex<Child>>,
    pub stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    pub watch: Watch,
    watching: Option<JoinHandle<()>>,
    pixels: u32,
    seconds: u64,
    stop: Option<Arc<AtomicBool>>,
    hang: Option<Hang>,
    limit: Duration,
}

impl Running {
    /// Starts one, and waits until it is in jail.
    pub fn start(
        foreign: &Foreign,
        work: &Work,
        stdin: Stdio,
        stop: Option<Arc<AtomicBool>>,
        report: &Report,
    ) -> Result<Self, ForeignError> {
        let mut child =
            jail::spawn(&foreign.program, work.to_arguments(foreign), stdin).map_err(ForeignError::Start)?;
        // what it says there is for nobody
        drop(child.stderr.take());
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let stdout = stdout.ok_or(ForeignError::Nonsense)?;
        let child = Arc::new(Mutex::new(child));
        let watch = Watch::default();
        let watched = Arc::clone(&child);
        let watching = Some(watch.start(foreign.picture_time, move || drop(lock(&watched).kill())));
        let pixels = foreign.limits.max_pixels;
        let seconds = foreign.picture_time.as_secs();
        let (hang, limit) = (None, foreign.picture_time);
        let mut running = Running { child, stdin, stdout, watch, watching, pixels, seconds, stop, hang, limit };
        running.watch.give();
        match running.receive()? {
            Some((Kind::Ready, lacking)) => foreign.warn(&String::from_utf8_lossy(&lacking), report),
            Some(_) => return Err(ForeignError::Nonsense),
            None => return Err(running.end()),
        }
        let _ = running.watch.done();
        Ok(running)
    }

    /// It reads an input by itself: from now on it is ended when it hangs.
    pub fn reads(&mut self, reading: Reading) {
        let process = lock(&self.child).id();
        self.hang = Some(Hang::new(reading, process, self.limit));
    }

    /// The next message; none when a stop was asked for. What failed is an error.
    pub fn receive(&mut self) -> Result<Option<(Kind, Vec<u8>)>, ForeignError> {
        self.hang.iter_mut().for_each(Hang::begin);
        let mut input = Waiting { pipe: &mut self.stdout, stop: self.stop.as_deref(), hang: self.hang.as_mut() };
        match wire::receive(&mut input, self.pixels) {
            Ok(Some((Kind::Failed, body))) => {
                Err(match serde_json::from_slice::<WireError>(&body).map(WireError::into_error) {
                    Ok(Ok(error)) => error.into(),
                    Ok(Err(missing)) => ForeignError::Jail(missing),
                    Err(_) => ForeignError::Nonsense,
                })
            }
            Ok(Some(message)) => Ok(Some(message)),
            Ok(None) => Err(self.end()),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => Err(ForeignError::Nonsense),
            Err(_) if self.is_stopped() => Ok(None),
            Err(_) if self.hang.as_ref().is_some_and(|hang| hang.hung) => Err(self.end()),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(self.end()),
            // the child has nothing to do with it
            Err(e) => Err(ForeignError::Pipe(e)),
        }
    }

    pub fn send(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<(), ForeignError> {
        let sent = self.stdin.as_mut().map(|stdin| wire::send(stdin, kind, parts));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(e)) if e.kind() != io::ErrorKind::BrokenPipe => Err(ForeignError::Pipe(e)),
            _ => Err(self.end()),
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// It has ended, or has closed its pipes: how.
    fn end(&mut self) -> ForeignError {
        // the kernel ends so who calls what it may not
        const REFUSED_CALL: i32 = 31;
        let mut child = lock(&self.child);
        let _ = child.kill();
        let signal = child.wait().ok().and_then(|ended| ended.signal());
        if self.watch.was_overdue() || self.hang.as_ref().is_some_and(|hang| hang.hung) {
            return ForeignError::Hung(self.seconds);
        }
        ForeignError::Died(if signal == Some(REFUSED_CALL) { ": it tried what it may not" } else { "" })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.over();
        self.stdin = None;
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
        drop(child);
        if let Some(watching) = self.watching.take() {
            let _ = watching.join();
        }
    }
}

/// The child's stdout; waiting for it ends when a stop is asked for, or when the child hangs.
struct Waiting<'a> {
    pipe: &'a mut ChildStdout,
    stop: Option<&'a AtomicBool>,
    hang: Option<&'a mut Hang>,
}

impl Read for Waiting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tenth = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        if self.stop.is_some() || self.hang.is_some() {
            while poll(&mut [PollFd::new(&self.pipe.as_fd(), PollFlags::IN)], Some(&tenth)).unwrap_or(0) == 0 {
                if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    return Err(io::Error::other("stopped"));
                }
                if self.hang.as_mut().is_some_and(|hang| hang.look()) {
                    return Err(io::Error::other("it hangs"));
                }
            }
        }
        self.pipe.read(buffer)
    }
}

/// Why a reader gave no more, if it was an error.
#[derive(Debug, Default)]
pub(super) struct FeedFault(Arc<Mutex<Option<io::Error>>>);

impl FeedFault {
    /// The error, once. A child sees an end in its place.
    pub fn take(&self) -> Option<io::Error> {
        lock(&self.0).take()
    }
}

/// Writes the rest of a reader to a child's stdin, in a thread of its own: the reader is no file that a child may have.
pub(super) fn feed(mut from: impl Read + Send + 'static, mut to: ChildStdin) -> (Fed, FeedFault) {
    let (fed, fault) = (Fed::default(), FeedFault::default());
    let (shared, noted) = (fed.clone(), Arc::clone(&fault.0));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    // before the child sees the end
                    *lock(&noted) = Some(e);
                    break;
                }
                Ok(0) => break,
                Ok(count) => {
                    fed.owes();
                    if to.write_all(buffer.get(..count).unwrap_or_default()).is_err() {
                        break;
                    }
                    fed.took(count);
                }
            }
        }
        // there is an end now, which it has to read
        fed.owes();
    });
    (shared, fault)
}
