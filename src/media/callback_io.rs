//! Readers and writers between Rust and libavformat: an error or a panic in one must reach the caller, not cross into
//! C.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::container_size::HEAD;
use super::mp4_boxes::{BoxWatch, Verdict};

/// What happened in the callbacks, for the one who called libavformat.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The first error; libavformat keeps only its number, or nothing.
    pub(super) error: Option<io::Error>,
    /// A read was refused because somebody asked to stop.
    pub(super) stopped: bool,
    /// A read was refused because the mp4's index is at the end.
    pub(super) index_at_end: bool,
    /// The first bytes of the input.
    pub(super) head: Vec<u8>,
}

/// Events shared by a callback and its caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Events>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A read was refused on our own account.
    pub(super) fn refused(&self) -> bool {
        let events = self.lock();
        events.stopped || events.index_at_end
    }

    /// Runs one call of the stream: its panic becomes an error, its error is kept here and an echo of it returned.
    fn guard<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let result = catch_unwind(AssertUnwindSafe(call))
            .unwrap_or_else(|_| Err(io::Error::other("the reader or writer of the stream panicked")));
        result.map_err(|error| {
            let echo = io::Error::from(error.kind());
            if error.kind() != io::ErrorKind::Interrupted {
                self.lock().error.get_or_insert(error);
            }
            echo
        })
    }
}

/// The input of a demuxer.
pub(super) struct Source<R> {
    inner: R,
    shared: Shared,
    stop: Option<Arc<AtomicBool>>,
    /// Only on pipes: a file can be read backwards.
    boxes: Option<BoxWatch>,
}

impl<R> Source<R> {
    pub(super) fn new(inner: R, shared: Shared, stop: Option<Arc<AtomicBool>>, pipe: bool) -> Self {
        Self { inner, shared, stop, boxes: pipe.then(BoxWatch::new) }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refused = || Err(io::Error::from(io::ErrorKind::Other));
        let count = loop {
            if self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                self.shared.lock().stopped = true;
                return refused();
            }
            match self.shared.guard(|| self.inner.read(buffer)) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        let mut events = self.shared.lock();
        let room = HEAD - events.head.len().min(HEAD);
        events.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if self.boxes.as_mut().is_some_and(|boxes| boxes.feed(bytes) == Verdict::IndexAtEnd) {
            events.index_at_end = true;
            return refused();
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.shared.guard(|| self.inner.seek(to))
    }
}

/// The output of a muxer.
pub(super) struct Sink<W> {
    pub(super) inner: W,
    pub(super) shared: Shared,
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shared.guard(|| self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.guard(|| self.inner.flush())
    }
}

impl<W: Seek> Seek for Sink<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.shared.guard(|| self.inner.seek(to))
    }
}

/// A pipe whose reads come back with `Interrupted` ten times a second, so that a silent one can be left.
pub(super) struct Polled<R>(pub(super) R);

impl<R: Read + AsFd> Read for Polled<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tenth = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        if poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&tenth))? == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.0.read(buffer)
    }
}
