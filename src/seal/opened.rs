//! What an opener gives.

use crate::format::{Close, End, Frame, Grant, Index, Keys, Start, StreamRecord};

use super::granted::Epochs;

/// What was opened. In a sealed stream each of these is given only when a key has authenticated it, but for those that
/// say "as it stands there", and the last three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A stream begins; given when a session of it has opened, or there is a grant for it.
    Stream(StreamRecord),
    /// An epoch begins; given when its first frame or its close record has opened.
    Start(Start),
    /// A frame; its packet is [`Opener::packet`](super::Opener::packet).
    Frame(Frame),
    /// An epoch ends; its HMACs are right.
    Close(Close),
    /// A key session begins, and opened.
    Keys(Box<Keys>),
    /// A key session begins that no key is a recipient of, as it stands there. It may come before the stream.
    Closed(Box<Keys>),
    /// A grant, as it stands there.
    Grant(Box<Grant>),
    /// An index, as it stands there.
    Index(Index),
    /// Epochs were skipped, because there is no key for them. What was given before is whole.
    Skipped(Epochs),
    /// Epochs were granted, and the stream ended without them.
    Missing(Epochs),
    /// The stream ends, says the end record.
    End(End),
    /// The stream stops without an end record, and another one begins.
    Cut,
}
