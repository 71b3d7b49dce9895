//! Whether all of an input came, and what it lacks.

use crate::base::Report;
use crate::format::{End, EndKind};
use crate::seal::Opened;

use super::skipped::Skipped;
use super::{Damage, PlaybackError};

/// What an input lacked so far.
#[derive(Default)]
pub(super) struct Wholeness {
    /// The first thing that makes the input less than whole.
    damage: Option<Damage>,
    /// A stream has begun and not ended.
    in_stream: bool,
    /// Parts of the stream are not in the input, by intent.
    excerpt: bool,
    /// What no key opened.
    pub skipped: Skipped,
}

impl Wholeness {
    /// Remembers the first damage.
    pub fn damaged(&mut self, damage: Damage) {
        self.damage.get_or_insert(damage);
    }

    /// Whether something was damaged so far.
    pub fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// The stream that is being read does not go on.
    pub fn stream_stops(&mut self) {
        self.in_stream = false;
    }

    /// Epochs are missing between two pieces of one stream.
    pub fn is_excerpt(&mut self) {
        self.excerpt = true;
    }

    /// Takes note of what was opened.
    pub fn note(&mut self, opened: &Opened) {
        match opened {
            Opened::Stream(_) => self.in_stream = true,
            Opened::Skipped(epochs) => self.skipped.add(*epochs),
            Opened::Missing(epochs) => self.damaged(Damage::NotThere(*epochs)),
            // a sidecar's, or that of a stream of which nothing was for the given key
            Opened::End(End { kind: EndKind::Complete | EndKind::Excerpt, .. }) if !self.in_stream => {}
            Opened::End(End { kind, .. }) => {
                self.in_stream = false;
                match kind {
                    EndKind::Complete => {}
                    EndKind::Excerpt => self.excerpt = true,
                    EndKind::Recovered => self.damaged(Damage::Recovered),
                    EndKind::Cut => self.damaged(Damage::RecorderCut),
                }
            }
            Opened::Cut => {
                self.in_stream = false;
                self.damaged(Damage::NoEnd);
            }
            _ => {}
        }
    }

    /// Whether everything so far was whole.
    pub fn is_whole(&self) -> bool {
        self.damage.is_none() && !self.in_stream
    }

    /// An error where epochs were skipped and nothing was damaged: what was asked for may lie in those.
    pub fn nothing_opens(&self) -> Result<(), PlaybackError> {
        if self.damage.is_some() || self.skipped.is_empty() {
            return Ok(());
        }
        let recipients = self.skipped.recipients().to_vec();
        Err(PlaybackError::NothingOpens { left_out: self.skipped.text(), recipients })
    }

    /// Whether all of it was whole; warns where a part is missing that was not required.
    pub fn verdict(self, require_complete: bool, report: &Report) -> Result<(), PlaybackError> {
        if let Some(damage) = self.damage {
            return Err(damage.into());
        }
        if !self.skipped.is_empty() {
            let left_out = self.skipped.text();
            if require_complete {
                let recipients = self.skipped.recipients().to_vec();
                return Err(PlaybackError::OpensInPart { left_out, recipients });
            }
            report.warn(format!("left out, not for the given key: {left_out}"));
        }
        if self.excerpt {
            if require_complete {
                return Err(PlaybackError::Excerpt);
            }
            report.warn("the input is an excerpt of a longer stream");
        }
        Ok(())
    }
}
