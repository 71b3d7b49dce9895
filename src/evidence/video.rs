//! What people look at: the video and the contact sheet, made of the excerpt.

use anyhow::Context;

use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::format::{Track, TrackKind};
use crate::media::{MuxFormat, MuxOutput};
use crate::playback::{Footage, PlaybackError, SheetLayout, SourceOptions, Span, contact_sheet, remux};
use crate::storage::Input;

use super::case::{EXCERPT, ExportJob, Keys};
use super::staging::Staging;

/// What became of them.
pub(super) struct Pictures {
    /// The camera's name.
    pub camera: String,
    /// Whether all of the excerpt was whole.
    pub verdict: anyhow::Result<()>,
}

/// Writes `video.mp4`, or `video.mkv` where mp4 cannot hold the codecs, and `contact-sheet.png`.
pub(super) fn pictures(
    staging: &mut Staging,
    keys: &Keys,
    job: &ExportJob,
    span: Span,
    report: &Report,
) -> anyhow::Result<Pictures> {
    let accepted = crate::cli::secrets::accepted_signers(&job.signers)?;
    let options = || SourceOptions { plain_ok: job.plain_ok, accepted: accepted.clone(), ..SourceOptions::default() };
    let place = staging.file(EXCERPT);
    let open = || Footage::open(Input::open(Some(&place), report)?, keys.ring(), options(), span, report);
    let mut footage = open()?;
    let camera = footage.record().camera.clone();
    let tracks = footage.tracks();
    let (name, format) = match tracks.iter().all(is_of_mp4) {
        true => ("video.mp4", MuxFormat::Mp4),
        false => ("video.mkv", MuxFormat::Matroska),
    };
    let file = staging.create(name, "the video, packets as the camera sent them, not encoded again")?;
    let count = remux(&mut footage, MuxOutput::File(file), format, span.from.is_some())?;
    if count == 0 && footage.is_whole() {
        footage.verdict()?;
        return Err(Failure::failed("the key opens nothing of that time").into());
    }
    let verdict = footage.verdict().map_err(Into::into);
    if count == 0 {
        // what is wrong with its beginning is the verdict's to tell
        staging.remove(name)?;
        return Ok(Pictures { camera, verdict });
    }
    if tracks.iter().any(|t| t.kind == TrackKind::Video) {
        let layout = SheetLayout { columns: 6, count: 24, every: None };
        match contact_sheet(&mut open()?, layout) {
            Ok(Some(png)) => staging.write("contact-sheet.png", "small pictures over the whole length", &png)?,
            Ok(None) => {}
            // a codec that is not known here may well be known to who looks at the case
            Err(
                e @ (PlaybackError::NoPictures
                | PlaybackError::NoneDecoded
                | PlaybackError::PictureSize
                | PlaybackError::Png(_)
                | PlaybackError::OtherTracks
                | PlaybackError::NoPictureThen { .. }),
            ) => {
                report.warn(format!("there is no contact sheet: {}", text::printable(&e.to_string())));
            }
            Err(e) => return Err(e).context("cannot make the contact sheet"),
        }
    }
    Ok(Pictures { camera, verdict })
}

/// What every player takes out of an mp4 file.
fn is_of_mp4(track: &Track) -> bool {
    matches!(track.codec.as_str(), "h264" | "hevc" | "av1" | "aac" | "mp3" | "opus" | "mpeg4")
}
