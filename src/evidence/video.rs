//! The video and the contact sheet, made of the excerpt.

use crate::base::{Report, text};
use crate::foreign::MuxTarget;
use crate::format::{Track, TrackKind};
use crate::media::MuxFormat;
use crate::playback::{Footage, PlaybackError, SheetLayout, SourceOptions, Span, contact_sheet, remux};
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

/// Writes `video.mp4`, or `video.mkv` where mp4 cannot hold the codecs or the times, and `contact-sheet.png`.
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
    let mut written = videos(&mut footage, staging, job, false, report)?;
    if written.has_gap {
        footage = open()?;
        written = videos(&mut footage, staging, job, true, report)?;
    }
    let (none_then, left_out) = (footage.nothing_shown(), footage.left_out());
    let Written { count, has_pictures, .. } = written;
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

/// The videos of an excerpt.
#[derive(Default)]
struct Written {
    count: u64,
    has_pictures: bool,
    /// An mp4 cannot hold its times: nothing was written.
    has_gap: bool,
}

/// Writes the videos, all as Matroska where that is asked for.
fn videos(
    footage: &mut Footage,
    staging: &mut Staging,
    job: &ExportJob,
    matroska: bool,
    report: &Report,
) -> Result<Written, EvidenceError> {
    let (mut made, mut names) = (Written::default(), Vec::new());
    for part in 1.. {
        let tracks = footage.tracks();
        made.has_pictures |= tracks.iter().any(|t| t.kind == TrackKind::Video);
        let mp4 = !matroska && tracks.iter().all(is_of_mp4);
        let (ending, format) = if mp4 { ("mp4", MuxFormat::Mp4) } else { ("mkv", MuxFormat::Matroska) };
        let (name, what) = match part {
            1 => (format!("video.{ending}"), "the video, packets as the camera sent them, not encoded again"),
            _ => (format!("video-{part}.{ending}"), "what comes after it and is of another kind, as the video is"),
        };
        let file = MuxTarget::File(Box::new(staging.create(&name, what)?));
        names.push(name);
        let written = match remux(footage, file, format, &job.foreign, report) {
            Err(e) if e.is_gap() && mp4 => {
                names.iter().try_for_each(|name| staging.remove(name))?;
                return Ok(Written { has_gap: true, ..made });
            }
            other => other?,
        };
        if written == 0 {
            // the verdict says what is wrong with its beginning
            names.pop().iter().try_for_each(|name| staging.remove(name))?;
        }
        made.count += written;
        if !footage.next_part()? {
            break;
        }
    }
    Ok(made)
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
