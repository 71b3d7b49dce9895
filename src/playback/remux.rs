//! Footage into a video container, without encoding it again.

use crate::base::Report;
use crate::base::text::{count as count_of, quoted};
use crate::foreign::{Foreign, MuxTarget, Muxer};
use crate::format::TrackKind;
use crate::media::{MuxFormat, can_hold};

use super::hidden::HiddenRun;
use super::opening::Opening;
use super::{Footage, PlaybackError};

/// Copies every packet, in a process of its own that makes the container; gives how many there were. The container is
/// begun with the first one, at 0 with the first picture or sound, and says when that was. Tracks besides the leading
/// one that it has no place for are left out, with a warning.
///
/// # Errors
///
/// What [`Footage::next`] says; pictures that the container cannot hold, or an output that fails.
pub fn remux(
    footage: &mut Footage,
    output: MuxTarget,
    format: MuxFormat,
    foreign: &Foreign,
    report: &Report,
) -> Result<u64, PlaybackError> {
    let all = footage.tracks();
    let holds = |n: usize| n == usize::from(footage.lead()) || all.get(n).is_some_and(|t| can_hold(format, t));
    let (mut tracks, mut numbers) = (Vec::new(), Vec::new());
    for (n, track) in all.iter().enumerate() {
        numbers.push(u16::try_from(tracks.len()).ok().filter(|_| holds(n)));
        if holds(n) {
            tracks.push(track.clone());
        } else {
            leave_out(track.kind, &track.codec, format, report);
        }
    }
    let lead = numbers.get(usize::from(footage.lead())).copied().flatten().unwrap_or(0);
    let mut opening = Opening::new(lead, &tracks);
    let mut runs: Vec<HiddenRun> = tracks.iter().map(|t| HiddenRun::new(t.kind)).collect();
    let hides = format == MuxFormat::Mp4 && matches!(output, MuxTarget::File(_));
    let mut unhidden = 0;
    if format == MuxFormat::Matroska && tracks.iter().any(|t| t.mirrored || t.rotation != 0) {
        report.warn(
            "pictures are not shown upright: Matroska files as they are made here do not say how they are turned",
        );
        report.hint("-o FILE.mp4 makes a file that does");
    }
    let mut output = Some(output);
    let mut muxer: Option<Muxer> = None;
    let mut count = 0;
    loop {
        let next = footage.next()?;
        let ended = next.is_none();
        let packets = match next {
            Some(mut packet) => {
                let Some(Some(number)) = numbers.get(usize::from(packet.track)) else { continue };
                packet.track = *number;
                let run = runs.get_mut(usize::from(packet.track));
                let kept = run.map(|run| run.push(packet)).unwrap_or_default();
                kept.into_iter().flat_map(|packet| opening.push(packet)).collect()
            }
            None => opening.finish(),
        };
        for mut packet in packets {
            if packet.hidden && !hides {
                unhidden += u64::from(packet.track == lead);
                packet.hidden = false;
            }
            if let Some(output) = output.take() {
                let begins = opening.begins_ns().map(|ns| footage.utc_ns(ns));
                muxer = Some(Muxer::new(output, format, &tracks, begins, foreign, report)?);
            }
            if let Some(m) = &mut muxer {
                m.write(&packet)?;
                count += 1;
            }
        }
        if ended {
            break;
        }
    }
    if let Some(m) = muxer {
        m.finish()?;
    }
    if unhidden > 0 {
        let pictures = count_of(unhidden, "picture");
        report.warn(format!(
            "{pictures} that should not be shown, and that others lean on, are shown: Matroska cannot hide them"
        ));
        report.hint("-o FILE.mp4 makes a file that hides them");
    }
    Ok(count)
}

/// Says that a track is left out, and what would hold it.
fn leave_out(kind: TrackKind, codec: &str, container: MuxFormat, report: &Report) {
    let what = if kind == TrackKind::Audio { "sound" } else { "pictures" };
    let codec = quoted(codec);
    match container {
        MuxFormat::Mp4 => {
            report.warn(format!("mp4 cannot hold {codec}: this {what} is left out"));
            report.hint(format!("name the file .mkv for {codec}; --no-audio leaves all sound out"));
        }
        MuxFormat::Matroska => report.warn(format!("Matroska cannot hold {codec}: this {what} is left out")),
    }
}
