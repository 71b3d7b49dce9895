//! The warning of a gap between two pieces of a recording, with its times.

use crate::base::text;
use crate::format::{Frame, StreamRecord};
use crate::seal::Epochs;

use super::skipped::epochs_text;

/// Knows the stream that is being read, and a gap in it after which no frame has come yet.
#[derive(Default)]
pub(super) struct GapWatch {
    stream: Option<StreamRecord>,
    gap: Option<(Epochs, Option<i64>)>,
}

impl GapWatch {
    /// A stream begins.
    pub fn stream(&mut self, s: &StreamRecord) {
        self.stream = Some(s.clone());
    }

    /// These epochs are missing; `from_ns` is the UTC of the last picture before them, where that is known.
    pub fn begins(&mut self, epochs: Epochs, from_ns: Option<i64>) {
        self.gap = Some((epochs, from_ns));
    }

    /// The warning of the gap that `next` is the first frame after; `None` where there is no gap. Without a frame its
    /// end is not known.
    pub fn warning(&mut self, next: Option<&Frame>) -> Option<String> {
        let (epochs, from) = self.gap.take()?;
        let to = next.zip(self.stream.as_ref()).and_then(|(f, s)| {
            let ns = s.tracks.get(usize::from(f.track))?.to_ns(f.show_time()?)?;
            Some(s.utc_ns(ns))
        });
        let when = match from.zip(to) {
            Some((from, to)) => format!(", so everything from {} to {}", text::rfc3339(from), text::rfc3339(to)),
            None => String::new(),
        };
        Some(format!("a gap before it: {} missing{when}", epochs_text(&[epochs])))
    }
}
