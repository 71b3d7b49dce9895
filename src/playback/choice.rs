//! Which tracks of a stream are shown.

use crate::format::{StreamRecord, Track, TrackKind};

use super::PlaybackError;

/// Which tracks are shown; those of data never are.
#[derive(Clone, Debug)]
pub struct TrackChoice {
    /// Those of sound, too.
    pub audio: bool,
    /// Only these, by their numbers in the stream; none means all.
    pub only: Vec<u16>,
}

impl Default for TrackChoice {
    /// All of them.
    fn default() -> Self {
        TrackChoice { audio: true, only: Vec::new() }
    }
}

impl TrackChoice {
    /// Whether the track of this number is shown.
    pub(super) fn takes(&self, number: usize, track: &Track) -> bool {
        let chosen = self.only.is_empty() || self.only.iter().any(|only| usize::from(*only) == number);
        chosen && track.kind != TrackKind::Data && (self.audio || track.kind != TrackKind::Audio)
    }

    /// Refuses a number that stands for none of the stream's tracks that can be shown.
    pub(super) fn check(&self, s: &StreamRecord) -> Result<(), PlaybackError> {
        let is_there = |n: &&u16| s.tracks.get(usize::from(**n)).is_some_and(|t| t.kind != TrackKind::Data);
        match self.only.iter().find(|n| !is_there(n)) {
            Some(number) => Err(PlaybackError::NoSuchTrack(*number)),
            None => Ok(()),
        }
    }
}
