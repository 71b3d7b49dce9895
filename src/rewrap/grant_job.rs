//! What is to be granted, and what was.

use crate::base::text::rfc3339;
use crate::keys::Certificate;
use crate::playback::Span;
use crate::playback::epochs_text;
use crate::seal::{Epochs, Tracks};

/// What is to be granted.
#[derive(Debug, Clone)]
pub struct GrantJob {
    /// From when to when; times are rounded outward to whole epochs, the first one back to the last key frame.
    pub span: Span,
    /// Which tracks.
    pub tracks: Tracks,
    /// To whom, each by messages of its own.
    pub grantees: Vec<Certificate>,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// How many epochs of how many streams.
    pub epochs: u64,
    /// Numbers of the first and the last epoch, in the first stream of which something was granted.
    pub range: (u64, u64),
    /// When the first picture granted is shown, and when the last one ends; UTC ns.
    pub shown_utc_ns: (i64, i64),
    /// The first epoch, where its first pictures are decoded only after those of epochs before it that were not
    /// granted: they are not in the input, or not for the given key.
    pub leans: Option<u64>,
    /// The input is truncated, and what was granted is of the whole epochs before that: where it ends.
    pub cut: Option<String>,
    /// The first session that opened and is not shown to go on from the one before it.
    pub unproven: Option<u32>,
}

impl GrantSummary {
    /// One line: the range as it was rounded.
    pub fn text(&self) -> String {
        let ((first, last), (from, to)) = (self.range, self.shown_utc_ns);
        let range = epochs_text(&[Epochs { first, last }]);
        let show = if first == last { "shows" } else { "show" };
        format!("granted {range}, which {show} {} to {}", rfc3339(from), rfc3339(to))
    }
}
