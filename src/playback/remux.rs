//! Footage into a video container, without encoding it again.

use crate::base::Report;
use crate::base::text::quoted;
use crate::foreign::{Foreign, MuxTarget, Muxer};
use crate::format::TrackKind;
use crate::media::{MuxFormat, Packet, can_hold};

use super::{Footage, PlaybackError};

/// How a video file is made.
#[derive(Clone, Copy, Debug)]
pub struct VideoFormat {
    /// The container.
    pub container: MuxFormat,
    /// The first picture gets time 0, and everything else its distance from it; else times stay as they are.
    pub rebase: bool,
}

/// Copies every packet, in a process of its own that makes the container; gives how many there were. The container is
/// begun with the first one. Tracks besides the leading one that it has no place for are left out, with a warning.
///
/// # Errors
///
/// What [`Footage::next`] says; pictures that the container cannot hold, or an output that fails.
pub fn remux(
    footage: &mut Footage,
    output: MuxTarget,
    format: VideoFormat,
    foreign: &Foreign,
    report: &Report,
) -> Result<u64, PlaybackError> {
    let all = footage.tracks();
    let holds =
        |n: usize| n == usize::from(footage.lead()) || all.get(n).is_some_and(|t| can_hold(format.container, t));
    let (mut tracks, mut numbers) = (Vec::new(), Vec::new());
    for (n, track) in all.iter().enumerate() {
        numbers.push(u16::try_from(tracks.len()).ok().filter(|_| holds(n)));
        if holds(n) {
            tracks.push(track.clone());
        } else {
            leave_out(track.kind, &track.codec, format.container, report);
        }
    }
    let mut output = Some(output);
    let mut muxer: Option<Muxer> = None;
    let mut base: Option<(i64, (u32, u32))> = None;
    let mut count = 0;
    while let Some(mut packet) = footage.next()? {
        let Some(Some(number)) = numbers.get(usize::from(packet.track)) else { continue };
        packet.track = *number;
        if format.rebase {
            let first = || {
                let track = tracks.get(usize::from(packet.track))?;
                Some((packet.pts.or(packet.dts)?, track.time_base))
            };
            base = base.or_else(first);
            if let (Some(base), Some(track)) = (base, tracks.get(usize::from(packet.track))) {
                shift(&mut packet, base, track.time_base);
            }
        }
        if let Some(output) = output.take() {
            muxer = Some(Muxer::new(output, format.container, &tracks, foreign, report)?);
        }
        if let Some(m) = &mut muxer {
            m.write(&packet)?;
            count += 1;
        }
    }
    if let Some(m) = muxer {
        m.finish()?;
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

fn shift(packet: &mut Packet, (base, from): (i64, (u32, u32)), to: (u32, u32)) {
    // base ticks of one track in ticks of another, to the nearest
    let num = i128::from(base) * i128::from(from.0) * i128::from(to.1);
    let den = i128::from(from.1) * i128::from(to.0);
    let by = i64::try_from((num + den / 2).div_euclid(den.max(1))).unwrap_or(0);
    packet.pts = packet.pts.map(|t| t.saturating_sub(by));
    packet.dts = packet.dts.map(|t| t.saturating_sub(by));
}
