//! What a reader of streams insists on.

use crate::keys::Signers;

/// What a reader of streams insists on. The default accepts excerpts, and streams that nobody has signed.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// Accept a stream that is not sealed although a private key was given. Without it such a stream is refused, so
    /// that nobody swaps a sealed stream for a plain one unseen.
    pub plain_ok: bool,
    /// An input that is an excerpt of a stream, or of which the keys open only a part, is an error.
    pub require_complete: bool,
    /// Whose signed streams are accepted; `None` accepts all streams, signed or not.
    pub accepted: Option<Signers>,
}
