//! The picture that is shown at a moment.

use crate::base::Report;
use crate::foreign::{Decoder, Foreign};
use crate::format::Track;
use crate::media::Picture;

use super::picture::{to_png, tolerate, upright, video};
use super::{Footage, Moment, PlaybackError};

/// The picture that is shown at a moment, as PNG. `footage` begins at its key frame.
///
/// `None` where the input is damaged before that moment: [`Footage::verdict`] then reports it.
///
/// # Errors
///
/// What [`Footage::next`] says; there is no picture at that time, or it cannot be decoded.
pub fn snapshot(
    footage: &mut Footage,
    at: Moment,
    foreign: &Foreign,
    report: &Report,
) -> Result<Option<Vec<u8>>, PlaybackError> {
    let mut best: Option<(Picture, Track)> = None;
    loop {
        let tracks = footage.tracks();
        let lead = footage.lead();
        let track = video(&tracks, lead)?;
        let mut decoder = Decoder::new(track, foreign, report)?;
        let mut ended = false;
        while !ended {
            match footage.next()? {
                Some(p) if p.track == lead => tolerate(decoder.send(&p))?,
                Some(_) => continue,
                None => {
                    tolerate(decoder.flush())?;
                    ended = true;
                }
            }
            let at_ns = footage.media_ns(at).unwrap_or(i64::MIN);
            while let Some(picture) = decoder.receive() {
                let time = footage.ticks_ns(lead, picture.pts).unwrap_or(i64::MIN);
                if time > at_ns {
                    return match best {
                        Some((picture, track)) => png(&picture, &track, report).map(Some),
                        None => Err(footage.no_picture_then()),
                    };
                }
                best = Some((picture, track.clone()));
            }
        }
        let at_ns = footage.media_ns(at).unwrap_or(i64::MIN);
        if at_ns < footage.end_ns() || !footage.next_part()? {
            return match best {
                Some((picture, track)) if at_ns < footage.end_ns() => png(&picture, &track, report).map(Some),
                _ if !footage.is_whole() => Ok(None),
                _ => Err(footage.no_picture_then()),
            };
        }
    }
}

fn png(picture: &Picture, track: &Track, report: &Report) -> Result<Vec<u8>, PlaybackError> {
    if picture.damaged {
        report.warn("the camera's packets were damaged before this picture: parts of it may be wrong");
    }
    to_png(&upright(picture, track)?)
}
