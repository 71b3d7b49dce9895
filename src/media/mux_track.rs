//! One track of a container that is written: its times as the container counts them.

use ffmpeg_next::{Rational, Rescale};

use crate::format::Track;

use super::dts::DecodeTimes;
use super::edits::{Edit, Edits};
use super::error::MediaError;
use super::libav;
use super::mp4_edits::TrackEdits;
use super::mux_format::MuxFormat;
use super::packet::Packet;

/// Ticks between decoding and presentation from which on libavformat takes none of an mp4 track's for right.
const MAX_DELAY: i64 = 1 << 28;

/// One track of a container that is written.
pub(super) struct OutputTrack {
    /// Ticks of the packets that come in.
    from: Rational,
    /// Ticks of the container.
    to: Rational,
    times: DecodeTimes,
    /// Of a file that can have an edit list.
    edits: Option<Edits>,
    /// The first time of decoding and the last one, in ticks of the container.
    span: Option<(i64, i64)>,
    /// The container counts the time between packets with 32 bits.
    is_narrow: bool,
}

impl OutputTrack {
    /// The place of `track` in a `container` that counts its times in ticks of `to` seconds.
    pub(super) fn new(track: &Track, to: Rational, container: MuxFormat, pipe: bool) -> Self {
        Self {
            from: libav::rational(track.time_base).into(),
            to,
            times: DecodeTimes::default(),
            edits: (container == MuxFormat::Mp4 && !pipe).then(Edits::default),
            span: None,
            is_narrow: container == MuxFormat::Mp4,
        }
    }

    /// Takes the next packet, and gives those whose times of presentation and of decoding are known.
    pub(super) fn push(&mut self, packet: &Packet) -> Vec<(i64, i64, Packet)> {
        match &mut self.edits {
            Some(edits) => edits.push(packet).iter().flat_map(|packet| self.times.push(packet)).collect(),
            None => self.times.push(packet),
        }
    }

    /// Gives what still waits.
    pub(super) fn finish(&mut self) -> Vec<(i64, i64, Packet)> {
        self.times.finish()
    }

    /// Gives the next packet the times of the container; those that it cannot say are refused.
    pub(super) fn place(&mut self, raw: &mut ffmpeg_next::Packet) -> Result<(), MediaError> {
        raw.rescale_ts(self.from, self.to);
        let (Some(pts), Some(dts)) = (raw.pts(), raw.dts()) else { return Ok(()) };
        let (first, last) = *self.span.get_or_insert((dts, dts));
        self.span = Some((first, dts));
        if !self.is_narrow {
            return Ok(());
        }
        let (gap, delay) = (dts.saturating_sub(last), pts.saturating_sub(dts));
        if gap >= i64::from(i32::MAX) || delay.saturating_abs() >= MAX_DELAY {
            let gap = gap.max(delay);
            let seconds = f64::from(self.to) * gap as f64;
            return Err(MediaError::GapTooLong(seconds as u64));
        }
        // how long the last picture is shown; that of others follows from the next one
        raw.set_duration(raw.duration().min(i64::from(i32::MAX) - 1));
        Ok(())
    }

    /// The edit list, where the container's own muxer cannot make it.
    pub(super) fn edits(&self) -> Option<TrackEdits> {
        let (edits, (first, _)) = (self.edits.as_ref()?.list()?, self.span?);
        let media = |ticks: i64| ticks.rescale(self.from, self.to).saturating_sub(first);
        let edits = edits.into_iter().map(|edit| Edit { media: media(edit.media), ..edit }).collect();
        let part = |n: i32| u32::try_from(n).unwrap_or(1);
        Some(TrackEdits { edits, tick: (part(self.from.numerator()), part(self.from.denominator())) })
    }
}
