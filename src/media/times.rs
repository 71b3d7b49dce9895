//! Where the video track's times come from.

use std::collections::VecDeque;

use crate::format::Track;

use super::demux_options::DemuxOptions;
use super::error::MediaError;
use super::order::Reorder;
use super::packet::Packet;
use super::untimed::Untimed;

/// Pictures a second of a stream that does not say.
const DEFAULT_RATE: (u32, u32) = (25, 1);

/// Completes the times of the video track's packets.
pub(super) struct Times {
    /// A raw stream has none: packet n is decoded at n, the next of which this is.
    next: Option<i64>,
    /// The container has times of decoding only, or none.
    order: Option<Box<Reorder>>,
    /// The container may leave out times of presentation.
    untimed: Option<Box<Untimed>>,
}

impl Times {
    /// Takes the next packet and adds those to `ready` that have their times.
    pub(super) fn push(&mut self, mut packet: Packet, ready: &mut VecDeque<Packet>) {
        if let Some(next) = &mut self.next {
            packet = Packet { pts: Some(*next), dts: Some(*next), duration: 1, ..packet };
            *next += 1;
        }
        match (&mut self.order, &mut self.untimed) {
            (None, None) => ready.push_back(packet),
            (None, Some(untimed)) => untimed.push(packet, ready),
            (Some(order), _) => {
                let slot = packet.dts.or(packet.pts).unwrap_or(0);
                order.push(packet, slot);
                ready.extend(std::iter::from_fn(|| order.pop()));
            }
        }
    }

    /// A packet with nothing in it had its place.
    pub(super) fn pass_over(&mut self) {
        self.next = self.next.map(|next| next + 1);
    }

    /// No packet follows.
    pub(super) fn finish(&mut self, ready: &mut VecDeque<Packet>) {
        if let Some(order) = &mut self.order {
            order.finish();
            ready.extend(std::iter::from_fn(|| order.pop()));
        }
        if let Some(untimed) = &mut self.untimed {
            untimed.finish(ready);
        }
    }
}

/// Decides where the times of the video track come from, and for a raw stream what its ticks are.
pub(super) fn times_of(
    video: &mut Track,
    format: &str,
    depth: usize,
    options: &DemuxOptions,
) -> Result<Times, MediaError> {
    let ordered = matches!(video.codec.as_str(), "h264" | "hevc" | "mpeg4");
    let raw = matches!(format, "h264" | "hevc" | "m4v" | "mjpeg" | "mjpeg_2000" | "mpegvideo" | "h261" | "h263");
    if raw {
        let given = options.frame_rate.or(Some(video.frame_rate));
        let (num, den) = given.filter(|(num, den)| *num > 0 && *den > 0).unwrap_or(DEFAULT_RATE);
        video.frame_rate = (num, den);
        video.time_base = (den, num);
    }
    let order = if ordered && (format == "avi" || raw && depth > 0) {
        Some(Box::new(Reorder::new(video, depth)?))
    } else {
        None
    };
    let untimed = if matches!(format, "mpegts" | "mpeg") { Untimed::new(video, depth)? } else { None };
    Ok(Times { next: raw.then_some(0), order, untimed: untimed.map(Box::new) })
}

/// Microsoft's MPEG-4 says the picture's type in its first two bits, 0 for intra. An AVI's index, which says it too, is
/// at its end and not there on a pipe.
pub(super) fn is_intra(data: &[u8]) -> bool {
    data.first().is_some_and(|first| first >> 6 == 0)
}
