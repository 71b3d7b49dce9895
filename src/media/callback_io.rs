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
    /// What an output writes at its end, where that is kept back.
    pub(super) kept: Option<Kept>,
}

/// Bytes that are not written yet, and their place.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) from: u64,
    pub(super) bytes: Vec<u8>,
}

impl Kept {
    /// Takes bytes of this place; false when it is before the first.
    fn put(&mut self, place: u64, bytes: &[u8]) -> bool {
        let Some(at) = place.checked_sub(self.from).and_then(|at| usize::try_from(at).ok()) else { return false };
        let end = at.saturating_add(bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(room) = self.bytes.get_mut(at..end) {
            room.copy_from_slice(bytes);
        }
        true
    }
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
    inner: W,
    shared: Shared,
    place: u64,
}

impl<W> Sink<W> {
    pub(super) fn new(inner: W, shared: Shared) -> Self {
        Self { inner, shared, place: 0 }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_kept = self.shared.lock().kept.as_mut().is_some_and(|kept| kept.put(self.place, bytes));
        let count = if is_kept { bytes.len() } else { self.shared.guard(|| self.inner.write(bytes))? };
        self.place += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.guard(|| self.inner.flush())
    }
}

impl<W: Seek> Seek for Sink<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.place = self.shared.guard(|| self.inner.seek(to))?;
        Ok(self.place)
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
