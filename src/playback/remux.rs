//! Footage into a video container, without encoding it again.

use crate::base::Report;
use crate::foreign::{Foreign, ForeignError, MuxTarget, Muxer};
use crate::media::{MediaError, MuxFormat, Packet};

use super::{Footage, PlaybackError};

/// Copies every packet, in a process of its own that makes the container; gives how many there were. The container is
/// begun with the first one.
///
/// `rebase`: the first picture gets time 0, and everything else its distance from it; else times stay as they are.
///
/// # Errors
///
/// What [`Footage::next`] says; a codec that the container cannot hold, or an output that fails.
pub fn remux(
    footage: &mut Footage,
    output: MuxTarget,
    (format, rebase): (MuxFormat, bool),
    foreign: &Foreign,
    report: &Report,
) -> Result<u64, PlaybackError> {
    let tracks = footage.tracks();
    let mut output = Some(output);
    let mut muxer: Option<Muxer> = None;
    let mut base: Option<(i64, (u32, u32))> = None;
    let mut count = 0;
    while let Some(mut packet) = footage.next()? {
        if rebase {
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
            muxer = Some(Muxer::new(output, format, &tracks, foreign, report).map_err(|e| unsuitable(e, format))?);
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

fn shift(packet: &mut Packet, (base, from): (i64, (u32, u32)), to: (u32, u32)) {
    // base ticks of one track in ticks of another, to the nearest
    let num = i128::from(base) * i128::from(from.0) * i128::from(to.1);
    let den = i128::from(from.1) * i128::from(to.0);
    let by = i64::try_from((num + den / 2).div_euclid(den.max(1))).unwrap_or(0);
    packet.pts = packet.pts.map(|t| t.saturating_sub(by));
    packet.dts = packet.dts.map(|t| t.saturating_sub(by));
}

fn unsuitable(error: ForeignError, format: MuxFormat) -> PlaybackError {
    match error {
        ForeignError::Media(MediaError::CannotHold { codec, .. }) if format == MuxFormat::Mp4 => {
            PlaybackError::NotForMp4(codec)
        }
        e => e.into(),
    }
}
