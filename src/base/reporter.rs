//! What a service says to its caller while it works, and what it asks.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::Stop;

/// The caller of a service, as the service sees it. Every method may be left out: a library user implements what it
/// wants to hear.
///
/// ```
/// use std::sync::Mutex;
/// use vidveil::base::{Report, Reporter};
///
/// #[derive(Default)]
/// struct Warnings(Mutex<Vec<String>>);
///
/// impl Reporter for Warnings {
///     fn warn(&self, message: &str) {
///         self.0.lock().unwrap().push(message.to_owned());
///     }
/// }
///
/// let report = Report::new(Warnings::default());
/// report.warn("the clock of this machine was stepped back");
/// ```
pub trait Reporter: Send + Sync {
    /// Something may be wrong; the work goes on.
    fn warn(&self, _message: &str) {}

    /// What to do about the warning before it.
    fn hint(&self, _message: &str) {}

    /// Something good to know.
    fn note(&self, _message: &str) {}

    /// Work on an input begins; `length` is the number of its bytes, where it has an end that is known.
    fn progress(&self, _length: Option<u64>) -> Box<dyn Meter> {
        Box::new(NoMeter)
    }

    /// The request to stop, which the service reads between two steps.
    fn stop(&self) -> Stop {
        Stop::default()
    }

    /// What was written until now is a recording: it stays, however the work ends.
    fn keep_output(&self) {}

    /// Has `tidy` done if the caller ends the process while the value that is returned lives.
    ///
    /// # Errors
    ///
    /// The system does not let the caller do so.
    fn tidy_at_abort(&self, _tidy: Box<dyn FnOnce() + Send>) -> io::Result<Box<dyn Any + Send>> {
        Ok(Box::new(()))
    }
}

/// How far the work is. Dropped, the work is over.
pub trait Meter: fmt::Debug + Send {
    /// The byte at `position` is next.
    fn set(&mut self, position: u64);
}

#[derive(Debug)]
struct NoMeter;

impl Meter for NoMeter {
    fn set(&mut self, _position: u64) {}
}

/// A shared [`Reporter`]; clones speak to the same caller.
#[derive(Clone)]
pub struct Report(Arc<dyn Reporter>);

impl Report {
    /// Speaks to `reporter`.
    pub fn new(reporter: impl Reporter + 'static) -> Self {
        Report(Arc::new(reporter))
    }

    /// Speaks to nobody, and is never asked to stop.
    pub fn silent() -> Self {
        struct Nobody;
        impl Reporter for Nobody {}
        Report::new(Nobody)
    }

    /// See [`Reporter::warn`].
    pub fn warn(&self, message: impl AsRef<str>) {
        self.0.warn(message.as_ref());
    }

    /// See [`Reporter::hint`].
    pub fn hint(&self, message: impl AsRef<str>) {
        self.0.hint(message.as_ref());
    }

    /// See [`Reporter::note`].
    pub fn note(&self, message: impl AsRef<str>) {
        self.0.note(message.as_ref());
    }

    /// See [`Reporter::progress`].
    pub fn progress(&self, length: Option<u64>) -> Box<dyn Meter> {
        self.0.progress(length)
    }

    /// See [`Reporter::stop`].
    pub fn stop(&self) -> Stop {
        self.0.stop()
    }

    /// Whether the service was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stop().is_set()
    }

    /// See [`Reporter::keep_output`].
    pub fn keep_output(&self) {
        self.0.keep_output();
    }

    /// See [`Reporter::tidy_at_abort`].
    ///
    /// # Errors
    ///
    /// The system does not let the caller do so.
    pub fn tidy_at_abort(&self, tidy: impl FnOnce() + Send + 'static) -> io::Result<Box<dyn Any + Send>> {
        self.0.tidy_at_abort(Box::new(tidy))
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}
