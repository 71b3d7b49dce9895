//! Packets inside of the RTSP connection (RFC 2326, 10.12): which channel has which stream.
//!
//! The camera may name channels that nobody asked for, twice the same, or none. retina has those that it asked for.

use super::sequence::{Breaks, Sequence};

/// The channels of one stream: its packets, and at the next one its reports.
struct Stream {
    /// As the camera has them.
    cameras: (u8, u8),
    /// As retina has the first.
    retinas: u8,
    sequence: Sequence,
}

/// All channels of a connection.
#[derive(Default)]
pub(super) struct Channels {
    streams: Vec<Stream>,
    /// Packets of streams that came.
    pub came: u64,
    /// Packets of no stream that came.
    pub strange: u64,
}

impl Channels {
    /// A stream was set up; gives where it counts anew.
    pub fn add(&mut self, cameras: (u8, u8), retinas: u8, sequence: Sequence) -> Breaks {
        let breaks = sequence.breaks.clone();
        self.streams.push(Stream { cameras, retinas, sequence });
        breaks
    }

    /// What retina gets of these packets, each with its four bytes before it.
    pub fn translate(&mut self, mut packets: &[u8]) -> Vec<u8> {
        let mut all = Vec::with_capacity(packets.len());
        while let Some(([_, channel, high, low], rest)) = packets.split_first_chunk::<4>() {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some((packet, after)) = rest.split_at_checked(length) else { break };
            self.packet(*channel, packet, &mut all);
            packets = after;
        }
        all
    }

    fn packet(&mut self, channel: u8, packet: &[u8], all: &mut Vec<u8>) {
        let is_named = self.streams.iter().any(|s| s.cameras.0 == channel || s.cameras.1 == channel);
        let found = self.streams.iter_mut().find(|s| {
            // some name channels and take those that they were asked for
            let (packets, reports) = if is_named { s.cameras } else { (s.retinas, s.retinas.saturating_add(1)) };
            packets == channel || reports == channel
        });
        let Some(stream) = found else {
            self.strange += 1;
            return;
        };
        let first = if is_named { stream.cameras.0 } else { stream.retinas };
        if channel == first {
            self.came += 1;
            let retinas = stream.retinas;
            // some take the channels of one stream for the other
            let payload_type = packet.get(1).map_or(0, |second| second & 0x7f);
            let mut others = self.streams.iter_mut().filter(|s| s.sequence.lists(payload_type));
            let (one, more) = (others.next(), others.next());
            let is_clear = more.is_none();
            let stream = match one.filter(|_| is_clear) {
                Some(stream) => stream,
                None => match self.streams.iter_mut().find(|s| s.retinas == retinas) {
                    Some(stream) => stream,
                    None => return,
                },
            };
            stream.sequence.packet(packet, &mut |packet| put(all, stream.retinas, packet));
        } else if let Some(report) = stream.sequence.report(packet) {
            put(all, stream.retinas.saturating_add(1), &report);
        }
    }
}

fn put(all: &mut Vec<u8>, channel: u8, packet: &[u8]) {
    // it is no longer than what came
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    all.extend([b'$', channel]);
    all.extend(length.to_be_bytes());
    all.extend(packet);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(channel: u8, number: u8) -> Vec<u8> {
        [&[b'$', channel, 0, 13, 0x80, 96, 0, number][..], b"\0\0\0\x01ssrcp"].concat()
    }

    #[test]
    fn retina_has_the_channels_that_it_asked_for() {
        for cameras in [(0, 1), (4, 5), (4, 9)] {
            let mut channels = Channels::default();
            channels.add(cameras, 0, Sequence::new(String::new(), vec![96], false));
            channels.add((8, 9), 2, Sequence::new(String::new(), vec![96], false));
            let came = [packet(cameras.0, 5), packet(8, 9), packet(14, 1), packet(cameras.0, 6)].concat();
            let out = channels.translate(&came);
            let seen: Vec<_> = out.chunks(17).map(|p| (p[1], p[7])).collect();
            assert_eq!(seen, [(0, 1), (2, 1), (0, 2)], "{cameras:?}");
            assert_eq!((channels.came, channels.strange), (3, 1));
        }
        let mut channels = Channels::default();
        channels.add((0, 1), 0, Sequence::new(String::new(), vec![0], false));
        channels.add((2, 3), 2, Sequence::new(String::new(), vec![96], false));
        assert_eq!(channels.translate(&packet(0, 5))[1], 2, "its type says of which stream it is");
        let mut channels = Channels::default();
        channels.add((6, 7), 0, Sequence::new(String::new(), vec![96], false));
        assert_eq!(channels.translate(&packet(0, 5))[1], 0, "it names others than it uses");
        assert!(channels.translate(b"$\0\0\x09short").is_empty());
    }
}
