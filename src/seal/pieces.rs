//! Pieces of streams in one file: each goes on from the one before it, or something was taken out, repeated or moved.

use std::collections::HashMap;

use crate::format::EpochSpan;

use super::epoch_set::EpochSet;
use super::granted::Epochs;

/// The maximum number of streams of a file whose pieces are remembered.
const STREAMS: usize = 1 << 16;

/// What is wrong between a piece of a stream and those before it in the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PieceFault {
    /// Epochs are missing between two pieces.
    #[error("{} missing after epoch {after}", are(.epochs))]
    Missing {
        /// The first run of them.
        epochs: Epochs,
        /// The last epoch before them.
        after: u64,
    },
    /// Epochs come more than once.
    #[error("{} there twice", are(.0))]
    Twice(Epochs),
    /// A piece comes after a later one.
    #[error("{} should not come after epoch {after}", run(.epochs))]
    Back {
        /// Its epochs.
        epochs: Epochs,
        /// The last epoch before it in the file.
        after: u64,
    },
    /// An epoch has the right number, and names another close record than that of the epoch before it.
    #[error("epoch {epoch} does not go on from epoch {after}")]
    Unchained {
        /// Number of the epoch.
        epoch: u64,
        /// That of the one before it.
        after: u64,
    },
    /// A piece comes after the one that ends the stream.
    #[error("epoch {0} comes after the end of the stream")]
    AfterEnd(u64),
    /// It has the record of a stream that was read, and ends otherwise.
    #[error("it ends as another stream than one before it, which has the same record")]
    Other,
}

/// The pieces of a stream in one file, as far as they were read.
#[derive(Debug)]
pub struct SeenPieces {
    /// The last one.
    span: EpochSpan,
    epochs: EpochSet,
    /// The last one is damaged: which epoch should come next is not known.
    is_broken: bool,
}

/// The streams of one file.
#[derive(Debug, Default)]
pub struct Pieces(HashMap<[u8; 32], SeenPieces>);

impl Pieces {
    /// Checks the piece that is being read, from its first epoch on. The least thing that is wrong is found at its end:
    /// then [`Pieces::add`] is to be called.
    ///
    /// # Errors
    ///
    /// It does not go on from those before it. Never in a stream that is neither sealed nor signed: anybody may leave
    /// out epochs of that, as whoever opens what he was granted does.
    pub fn check(&self, span: &EpochSpan) -> Result<(), PieceFault> {
        match self.0.get(&span.hash).filter(|_| !span.is_open) {
            Some(seen) if seen.is_other(span) => Err(PieceFault::Other),
            Some(seen) if seen.may_be_again(span) => Ok(()),
            Some(seen) => seen.check(span),
            None => Ok(()),
        }
    }

    /// A piece was read to its end; checks it as [`Pieces::check`].
    ///
    /// # Errors
    ///
    /// It does not go on from those before it.
    pub fn add(&mut self, span: &EpochSpan) -> Result<(), PieceFault> {
        let checked = match self.0.get(&span.hash).filter(|_| !span.is_open) {
            Some(seen) if !seen.is_other(span) && !seen.is_again(span) => seen.check(span),
            _ => self.check(span),
        };
        let seen = match self.0.remove(&span.hash) {
            Some(before) => before.and(span),
            None => SeenPieces::new(span),
        };
        if self.0.len() < STREAMS {
            self.0.insert(span.hash, seen);
        }
        checked
    }

    /// What comes now is in another file.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

impl SeenPieces {
    /// The first piece.
    pub fn new(span: &EpochSpan) -> Self {
        let mut epochs = EpochSet::default();
        epochs_of(span).into_iter().for_each(|run| epochs.add(run));
        SeenPieces { span: *span, epochs, is_broken: false }
    }

    /// With the next one.
    pub fn and(mut self, span: &EpochSpan) -> Self {
        epochs_of(span).into_iter().for_each(|run| self.epochs.add(run));
        SeenPieces { span: *span, is_broken: false, ..self }
    }

    /// A piece that is damaged: what comes after it cannot be held against it.
    pub fn add_damaged(&mut self, span: &EpochSpan) {
        self.is_broken = true;
        epochs_of(span).into_iter().for_each(|run| self.epochs.add(run));
    }

    /// The last one.
    pub fn span(&self) -> &EpochSpan {
        &self.span
    }

    /// Whether `next` cannot be of the same stream: that has one end, and one epoch of each number.
    pub fn is_other(&self, next: &EpochSpan) -> bool {
        let Some(((number, close), (other, other_close))) = self.span.last.zip(next.last) else { return false };
        let both_end = self.span.is_ended && next.is_ended;
        if number == other { close != other_close } else { both_end }
    }

    /// Whether both are all of the stream: then nothing can be missing.
    pub fn is_again(&self, next: &EpochSpan) -> bool {
        is_whole(&self.span) && is_whole(next)
    }

    /// Whether it may become so.
    fn may_be_again(&self, next: &EpochSpan) -> bool {
        is_whole(&self.span) && begins(next)
    }

    /// Checks the next piece in the same file: an excerpt of an excerpt lacks nothing in the middle, and has nothing
    /// twice.
    ///
    /// # Errors
    ///
    /// It does not go on from those before it.
    pub fn check(&self, next: &EpochSpan) -> Result<(), PieceFault> {
        let Some(first) = next.first else { return Ok(()) };
        let last = self.span.last.filter(|_| !self.is_broken);
        if last.is_some_and(|last| last.0.checked_add(1) == Some(first.0)) {
            return self.chained(first);
        }
        let here = epochs_of(next).unwrap_or(Epochs { first: first.0, last: first.0 });
        if let Some(twice) = self.epochs.seen(here) {
            return Err(PieceFault::Twice(twice));
        }
        let Some((after, _)) = last else { return Ok(()) };
        if first.0 < after {
            return Err(PieceFault::Back { epochs: here, after });
        }
        let between = Epochs { first: after.saturating_add(1), last: first.0.saturating_sub(1) };
        match self.epochs.unseen(between).filter(|_| between.first <= between.last) {
            Some(epochs) => Err(PieceFault::Missing { epochs, after }),
            None => Ok(()),
        }
    }

    /// Checks an epoch, with the hash of the close record that it names, of which the number is the next one.
    ///
    /// # Errors
    ///
    /// It names another close record, or the stream ended before it.
    pub fn chained(&self, (epoch, previous_close): (u64, [u8; 32])) -> Result<(), PieceFault> {
        let Some((after, close)) = self.span.last else { return Ok(()) };
        if close != previous_close {
            return Err(PieceFault::Unchained { epoch, after });
        }
        if self.span.is_ended { Err(PieceFault::AfterEnd(epoch)) } else { Ok(()) }
    }
}

/// Whether these are all epochs of the stream.
fn is_whole(span: &EpochSpan) -> bool {
    span.is_ended && begins(span)
}

fn begins(span: &EpochSpan) -> bool {
    span.first.is_some_and(|(first, _)| first == 0)
}

fn epochs_of(span: &EpochSpan) -> Option<Epochs> {
    let ((first, _), (last, _)) = (span.first?, span.last?);
    Some(Epochs { first, last })
}

/// `epoch 3`, `epochs 3 to 4`.
fn run(epochs: &Epochs) -> String {
    let Epochs { first, last } = epochs;
    if first == last { format!("epoch {first}") } else { format!("epochs {first} to {last}") }
}

/// `epoch 3 is`, `epochs 3 to 4 are`.
fn are(epochs: &Epochs) -> String {
    format!("{} {}", run(epochs), if epochs.first == epochs.last { "is" } else { "are" })
}
