//! What the relay tells the rest of a connection.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::lock;

use super::disconnect::Disconnect;
use super::sequence::Breaks;

/// How far it went with a camera. A hint speaks of what was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Seen {
    /// Nobody was there.
    #[default]
    Nothing,
    /// There is somebody, and says nothing that is RTSP.
    Somebody,
    /// The camera answers.
    Answers,
    /// It says that it plays.
    Plays,
    /// Packets came of which no picture was made.
    Packets,
}

/// Shared by the relay and those who use it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    seen: AtomicU8,
    reason: Mutex<Option<Disconnect>>,
    left_out: Mutex<Vec<String>>,
    breaks: Mutex<Vec<(usize, Breaks)>>,
}

const ALL: [Seen; 5] = [Seen::Nothing, Seen::Somebody, Seen::Answers, Seen::Plays, Seen::Packets];

impl Shared {
    /// It went as far as this.
    pub fn saw(&self, seen: Seen) {
        self.0.seen.fetch_max(seen as u8, Ordering::Relaxed);
    }

    /// How far it went.
    pub fn seen(&self) -> Seen {
        ALL.get(usize::from(self.0.seen.load(Ordering::Relaxed))).copied().unwrap_or_default()
    }

    /// The relay ended the connection.
    pub fn end(&self, why: Disconnect) {
        *lock(&self.0.reason) = Some(why);
    }

    /// Why it did, if it did.
    pub fn reason(&self) -> Option<Disconnect> {
        lock(&self.0.reason).take()
    }

    /// These of the camera's streams are none that can be recorded.
    pub fn left_out(&self, others: Vec<String>) {
        *lock(&self.0.left_out) = others;
    }

    /// Which are none.
    pub fn take_left_out(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0.left_out))
    }

    /// Where the stream of that number counts anew.
    pub fn add_breaks(&self, number: usize, breaks: Breaks) {
        lock(&self.0.breaks).push((number, breaks));
    }

    /// Where the stream of that number counts anew.
    pub fn breaks(&self, number: usize) -> Breaks {
        let all = lock(&self.0.breaks);
        all.iter().find(|(n, _)| *n == number).map(|(_, breaks)| breaks.clone()).unwrap_or_default()
    }
}
