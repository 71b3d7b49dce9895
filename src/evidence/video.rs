//! The video and the contact sheet, made of the excerpt.

use crate::base::{Report, text};
use crate::foreign::MuxTarget;
use crate::format::{Track, TrackKind};
use crate::media::MuxFormat;
use crate::playback::{Footage, PlaybackError, SheetLayout, SourceOptions, Span, VideoFormat, contact_sheet, remux};
use crate::storage::Input;

use super::error::EvidenceError;
use super::job::{ExportJob, Keys};
use super::staging::{EXCERPT, Staging};

/// What was made.
pub(super) struct Pictures {
    /// The name of the camera.
    pub camera: String,
    /// An epoch with pictures that are not in the video, since they lean on epochs that are not in the excerpt.
    pub left_out: Option<u64>,
    /// What is wrong with the excerpt.
    pub verdict: Result<(), PlaybackError>,
}

/// Writes `video.mp4`, or `video.mkv` where mp4 cannot hold the codecs, and `contact-sheet.png`.
pub(super) fn pictures(
    staging: &mut Staging,
    keys: &Keys,
    job: &ExportJob,
    span: Span,
    report: &Report,
) -> Result<Pictures, EvidenceError> {
    let options =
        || SourceOptions { plain_ok: job.plain_ok, accepted: job.accepted.clone(), ..SourceOptions::default() };
    let place = staging.file(EXCERPT);
    let open = || -> Result<Footage, EvidenceError> {
        Ok(Footage::open(
            Input::open(Some(&place), report)?,
            keys.ring(),
            options(),
            (span, job.tracks.clone()),
            report,
        )?)
    };
    let mut footage = open()?;
    let camera = footage.record().camera.clone();
    let (mut count, mut has_pictures) = (0, false);
    for part in 1.. {
        let tracks = footage.tracks();
        has_pictures |= tracks.iter().any(|t| t.kind == TrackKind::Video);
        let mp4 = tracks.iter().all(is_of_mp4);
        let (ending, container) = if mp4 { ("mp4", MuxFormat::Mp4) } else { ("mkv", MuxFormat::Matroska) };
        let (name, what) = match part {
            1 => (format!("video.{ending}"), "the video, packets as the camera sent them, not encoded again"),
            _ => (format!("video-{part}.{ending}"), "what comes after it and is of another kind, as the video is"),
        };
        let video_format = VideoFormat { container, rebase: span.from.is_some() };
        let file = MuxTarget::File(Box::new(staging.create(&name, what)?));
        let written = remux(&mut footage, file, video_format, &job.foreign, report)?;
        if written == 0 {
            // the verdict says what is wrong with its beginning
            staging.remove(&name)?;
        }
        count += written;
        if !footage.next_part()? {
            break;
        }
    }
    let (none_then, left_out) = (footage.nothing_shown(), footage.left_out());
    if count == 0 && footage.is_whole() {
        footage.verdict()?;
        return Err(left_out.map_or(EvidenceError::NothingOpens, |_| none_then.into()));
    }
    let verdict = footage.verdict();
    if count == 0 && verdict.is_ok() {
        return Err(none_then.into());
    }
    if count == 0 {
        return Ok(Pictures { camera, left_out, verdict });
    }
    if has_pictures {
        let layout = SheetLayout { columns: 6, count: 24, every: None };
        match contact_sheet(&mut open()?, layout, &job.foreign, report) {
            Ok(Some(png)) => staging.write("contact-sheet.png", "small pictures over the whole length", &png)?,
            Ok(None) => {}
            // the video may well be shown by another program
            Err(e) if is_about_pictures(&e) => {
                report.warn(format!("there is no contact sheet: {}", text::printable(&e.to_string())));
            }
            Err(e) => return Err(EvidenceError::ContactSheet(e)),
        }
    }
    Ok(Pictures { camera, left_out, verdict })
}

/// Whether the excerpt is right and only has no picture that can be shown.
fn is_about_pictures(e: &PlaybackError) -> bool {
    use PlaybackError::*;
    matches!(e, NoPictures | NoneDecoded | PictureSize | Png(_) | NoPictureThen { .. } | NoKeyFrame { .. })
}

/// Whether every player reads the codec of the track from an mp4 file.
fn is_of_mp4(track: &Track) -> bool {
    matches!(track.codec.as_str(), "h264" | "hevc" | "av1" | "aac" | "mp3" | "opus" | "mpeg4")
}
