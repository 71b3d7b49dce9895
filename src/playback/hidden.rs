//! Packets that are decoded and not shown, where a recording is written into a container.

use crate::media::Packet;

/// No more bytes wait for the picture that leans on them.
const HELD_BYTES: usize = 256 << 20;

/// Leaves out the hidden packets of one track that no picture leans on: those after the last one that is shown, and
/// those before a key frame.
#[derive(Default)]
pub(super) struct HiddenRun {
    held: Vec<Packet>,
    bytes: usize,
}

impl HiddenRun {
    /// Takes the next packet of the track, and gives those that are kept.
    pub fn push(&mut self, packet: Packet) -> Vec<Packet> {
        if !packet.hidden {
            let mut kept = if packet.key { Vec::new() } else { std::mem::take(&mut self.held) };
            *self = HiddenRun::default();
            kept.push(packet);
            return kept;
        }
        if packet.key || self.bytes > HELD_BYTES {
            *self = HiddenRun::default();
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
        let mut run = HiddenRun::default();
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
}
