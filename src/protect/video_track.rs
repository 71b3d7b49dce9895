//! Which track of an original is made public.

use crate::base::text;
use crate::format::{StreamRecord, Track, TrackKind};

use super::error::ProtectError;
use super::values::Number;

/// The video track that was chosen, or the only one.
///
/// # Errors
///
/// There is none, not the chosen one, or there are several and none was chosen: a public stream has one, and no other
/// may be missing from it unsaid.
pub(super) fn video_track(s: &StreamRecord, chosen: Option<Number<0, 15>>) -> Result<u16, ProtectError> {
    let videos = (0..).zip(&s.tracks).filter(|(_, t)| t.kind == TrackKind::Video);
    let videos: Vec<_> = videos.collect();
    let words = || {
        let name = |(n, t): &(u16, &Track)| format!("{n} ({}, {}x{})", text::printable(&t.codec), t.width, t.height);
        videos.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    match (chosen.map(Number::get), videos.as_slice()) {
        (_, []) => Err(ProtectError::NoVideo),
        (None, [(only, _)]) => Ok(*only),
        (None, _) => Err(ProtectError::SeveralVideos(words())),
        (Some(chosen), all) if all.iter().any(|(n, _)| *n == chosen) => Ok(chosen),
        (Some(number), _) => Err(ProtectError::NoSuchVideo { number, tracks: words() }),
    }
}
