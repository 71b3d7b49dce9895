//! Where decoding can begin in what a camera sends to somebody who joins.

use crate::format::{Track, TrackKind};
use crate::media::Packet;

/// What of a connection is recorded that goes on with another one: from the first key frame of a video on, and of each
/// video from a key frame of its own on.
#[derive(Debug, Default)]
pub(super) struct Joining {
    /// When the first key frame is shown, in ns; long ago where it has no time.
    begins: Option<i64>,
    /// Tracks of which something was recorded.
    begun: Vec<bool>,
}

impl Joining {
    /// Whether the packet is recorded; the first one of a track is marked as following a gap.
    pub fn takes(&mut self, tracks: &[Track], packet: &mut Packet) -> bool {
        let place = usize::from(packet.track);
        let Some(track) = tracks.get(place) else { return false };
        self.begun.resize(tracks.len(), false);
        let has_video = tracks.iter().any(|t| t.kind == TrackKind::Video);
        let begins_video = packet.key && track.kind == TrackKind::Video;
        let shown = packet.pts.or(packet.dts).and_then(|t| track.to_ns(t));
        if self.begins.is_none() && (begins_video || !has_video) {
            self.begins = Some(shown.unwrap_or(i64::MIN));
        }
        let Some(begun) = self.begun.get_mut(place) else { return false };
        // leading pictures of the key frame lean on what is missing
        let is_early = self.begins.is_none_or(|begins| shown.is_some_and(|shown| shown < begins));
        if is_early || !*begun && track.kind == TrackKind::Video && !begins_video {
            return false;
        }
        packet.gap |= !std::mem::replace(begun, true);
        true
    }

    /// Whether anything was recorded.
    pub fn has_begun(&self) -> bool {
        self.begins.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(kind: TrackKind) -> Track {
        let codec = if kind == TrackKind::Video { "h264" } else { "aac" };
        Track { kind, ..Track::new(kind, codec, (1, 1_000)) }
    }

    fn packet(track: u16, pts: i64, key: bool) -> Packet {
        let (pts, dts) = (Some(pts), Some(pts));
        Packet { track, pts, dts, duration: 0, key, corrupt: false, gap: false, hidden: false, data: Vec::new() }
    }

    #[test]
    fn it_begins_at_a_key_frame_of_each_video_and_with_a_gap() {
        let tracks = [TrackKind::Video, TrackKind::Audio, TrackKind::Video].map(track);
        let mut joining = Joining::default();
        let all = [
            (0, 10, false, None),
            (1, 20, true, None),
            (0, 50, true, Some(true)),
            (0, 40, false, None),
            (1, 45, true, None),
            (2, 60, false, None),
            (1, 55, true, Some(true)),
            (0, 60, false, Some(false)),
            (2, 70, true, Some(true)),
            (1, 75, true, Some(false)),
        ];
        for (track, pts, key, gap) in all {
            let mut p = packet(track, pts, key);
            assert_eq!(joining.takes(&tracks, &mut p).then_some(p.gap), gap, "{track} {pts}");
        }
    }

    #[test]
    fn sound_alone_begins_at_once() {
        let mut joining = Joining::default();
        let mut p = packet(0, 5, true);
        assert!(!joining.has_begun() && joining.takes(&[track(TrackKind::Audio)], &mut p) && p.gap);
        assert!(joining.has_begun());
    }
}
