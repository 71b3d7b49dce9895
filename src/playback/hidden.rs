//! Packets that are decoded and not shown, where a recording is written into a container.

use crate::format::TrackKind;
use crate::media::Packet;

/// No more bytes wait for the picture that leans on them.
const HELD_BYTES: usize = 256 << 20;

/// As many packets of sound are decoded before the first one that is heard: a codec's delay.
const SOUND_BEFORE: usize = 4;

/// Leaves out the hidden packets of one track that no picture leans on: those after the last one that is shown, and
/// those before a key frame. Sound leans on no more than a packet or two, and keeps those of its beginning.
pub(super) struct HiddenRun {
    kind: TrackKind,
    /// Something that is shown has come.
    begun: bool,
    held: Vec<Packet>,
    bytes: usize,
}

impl HiddenRun {
    /// For a track of this kind.
    pub fn new(kind: TrackKind) -> Self {
        HiddenRun { kind, begun: false, held: Vec::new(), bytes: 0 }
    }

    /// Takes the next packet of the track, and gives those that are kept.
    pub fn push(&mut self, packet: Packet) -> Vec<Packet> {
        let is_picture = self.kind == TrackKind::Video;
        if !packet.hidden {
            let mut kept = std::mem::take(&mut self.held);
            if is_picture && packet.key || !is_picture && self.begun {
                kept.clear();
            }
            (self.begun, self.bytes) = (true, 0);
            kept.push(packet);
            return kept;
        }
        if is_picture && packet.key || self.bytes > HELD_BYTES {
            (self.held, self.bytes) = (Vec::new(), 0);
        }
        if !is_picture && self.held.len() >= SOUND_BEFORE {
            self.held.remove(0);
        }
        self.bytes = self.bytes.saturating_add(packet.data.len());
        self.held.push(packet);
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_picture_leans_on_is_left_out() {
        // shown or hidden, key or not
        let given = "Kss hhHh HhhsKs hhKs hhs Hh".chars().filter(|c| *c != ' ');
        let mut run = HiddenRun::new(TrackKind::Video);
        let kept: Vec<i64> = (0..)
            .zip(given)
            .flat_map(|(n, c)| {
                let (key, hidden) = (c.is_uppercase(), c.eq_ignore_ascii_case(&'h'));
                let data = Vec::new();
                run.push(Packet {
                    track: 0,
                    pts: Some(n),
                    dts: None,
                    duration: 1,
                    key,
                    corrupt: false,
                    gap: false,
                    hidden,
                    data,
                })
            })
            .map(|p| p.pts.unwrap())
            .collect();
        assert_eq!(kept, [0, 1, 2, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19]);
    }

    #[test]
    fn the_delay_of_sound_is_kept() {
        let packet = |n: i64, hidden| {
            let (pts, data) = (Some(n), Vec::new());
            Packet { track: 1, pts, dts: pts, duration: 1, key: true, corrupt: false, gap: false, hidden, data }
        };
        let mut run = HiddenRun::new(TrackKind::Audio);
        let given = [packet(-1, true), packet(0, false), packet(1, false), packet(2, true), packet(2, false)];
        let kept: Vec<_> = given.into_iter().flat_map(|p| run.push(p)).map(|p| (p.pts.unwrap(), p.hidden)).collect();
        assert_eq!(kept, [(-1, true), (0, false), (1, false), (2, false)]);
    }
}
