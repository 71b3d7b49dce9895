//! Packets of one stream, numbered as one source would (RFC 3550, 5.1).
//!
//! Cameras change their SSRC in the middle, count their packets or times anew, send twice what they sent, or mix in
//! what is for somebody else. retina ends a connection at each of these. Here they are put in a row, so that nothing of
//! the connection is lost, and noted, so that the recording says that something may be missing there.

use std::sync::{Arc, Mutex};

use crate::base::lock;

use super::rtp::{Header, Packet};

/// More missing packets than this are none: the camera counts anew (RFC 3550, A.1).
const MAX_DROPOUT: u16 = 3000;
/// How far a packet may be behind to be one that came already, or late.
const MAX_MISORDER: u16 = 100;
/// As many of the latest packets are known again.
const KNOWN: usize = 32;
/// SSRC of every stream, as retina sees it.
const SSRC: u32 = 1;

/// Where a stream began to count anew: RTP timestamps of the packets there, until the connection took notice.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaks(Arc<Mutex<Option<Break>>>);

#[derive(Clone, Copy, Debug)]
struct Break {
    timestamp: u32,
    /// Pictures that came after it with other times.
    age: u8,
}

impl Breaks {
    fn note(&self, timestamp: u32) {
        lock(&self.0).get_or_insert(Break { timestamp, age: 0 });
    }

    /// Whether the picture of that time is the first one after a break.
    pub fn take(&self, timestamp: u32) -> bool {
        let mut kept = lock(&self.0);
        let Some(found) = kept.as_mut() else { return false };
        found.age += 1;
        // parameter sets before the picture may have had a time of their own
        let is_it = found.timestamp == timestamp || found.age > 2;
        if is_it {
            *kept = None;
        }
        is_it
    }
}

/// How a stream's packets are put in a row.
#[derive(Debug)]
pub(super) struct Sequence {
    /// Whether packets may come out of order, as datagrams do.
    datagrams: bool,
    encoding: String,
    payload_types: Vec<u8>,
    /// Whether one of these came.
    is_payload_type_known: bool,
    /// SSRC and number of the next packet, as the camera counts.
    next: Option<(u32, u16)>,
    /// The number of the next packet, as retina sees it.
    next_out: u16,
    /// The latest packets: number and time.
    known: Vec<(u16, u32)>,
    last: Last,
    /// A packet that fits nowhere, with its SSRC and number: the next one shows whether the camera goes on there.
    held: Option<(u32, u16, Vec<u8>)>,
    /// Where it counted anew.
    pub breaks: Breaks,
}

/// The latest packet.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    timestamp: u32,
    marker: bool,
    /// Whether it is a piece of something that goes on.
    is_open: bool,
}

impl Sequence {
    /// Of a stream with that encoding (lower case) and these payload types.
    pub fn new(encoding: String, payload_types: Vec<u8>, datagrams: bool) -> Self {
        Sequence {
            datagrams,
            encoding,
            payload_types,
            is_payload_type_known: false,
            next: None,
            next_out: 1,
            known: Vec::new(),
            last: Last::default(),
            held: None,
            breaks: Breaks::default(),
        }
    }

    /// Gives to `out` what is to be read when this packet came: nothing, it, or one that was held back before it.
    pub fn packet(&mut self, data: &[u8], out: &mut impl FnMut(&[u8])) {
        let Some(packet) = Packet::parse(data) else { return };
        let header = packet.header;
        if !self.is_of_stream(header.payload_type) {
            return;
        }
        let Some((ssrc, next)) = self.next else {
            self.adopt(&packet, out);
            return;
        };
        let ahead = header.number.wrapping_sub(next);
        let continues = ssrc == header.ssrc && ahead <= MAX_DROPOUT;
        if continues {
            self.held = None;
            self.pass(&packet, ahead, out);
            return;
        }
        if ssrc == header.ssrc && self.came_already(&header, next) {
            return;
        }
        // the next packet of the same row under another SSRC, or a new row where none can come out of order
        if (ssrc != header.ssrc && ahead == 0) || (ssrc == header.ssrc && !self.datagrams) {
            self.held = None;
            self.adopt(&packet, out);
            return;
        }
        // one packet may be a stray; two in a row are the camera
        match self.held.take() {
            Some((held_ssrc, number, held))
                if held_ssrc == header.ssrc && header.number.wrapping_sub(number) <= MAX_MISORDER =>
            {
                if let Some(first) = Packet::parse(&held) {
                    self.adopt(&first, out);
                }
                self.packet(data, out);
            }
            _ => self.held = Some((header.ssrc, header.number.wrapping_add(1), data.to_vec())),
        }
    }

    /// Whether the description gives this payload type to the stream.
    pub fn lists(&self, payload_type: u8) -> bool {
        self.payload_types.contains(&payload_type)
    }

    fn is_of_stream(&mut self, payload_type: u8) -> bool {
        let is_listed = self.lists(payload_type);
        self.is_payload_type_known |= is_listed;
        // a description may be wrong; but reports are none (RFC 5761, 4), nor what some cameras mix in as number 50
        is_listed || (!self.is_payload_type_known && payload_type != 50 && !(72..=76).contains(&payload_type))
    }

    fn came_already(&self, header: &Header, next: u16) -> bool {
        // a late datagram is of a picture that came; a camera that counts anew goes on with another
        let is_late = || self.datagrams && self.last.timestamp.wrapping_sub(header.timestamp) < u32::MAX / 2;
        next.wrapping_sub(header.number) <= MAX_MISORDER
            && (self.known.contains(&(header.number, header.timestamp)) || is_late())
    }

    /// The camera's row goes on with this packet.
    fn adopt(&mut self, packet: &Packet<'_>, out: &mut impl FnMut(&[u8])) {
        let header = packet.header;
        let before = self.next.replace((header.ssrc, header.number));
        self.known.clear();
        let mut missing = 0;
        if let Some((_, next)) = before {
            self.breaks.note(header.timestamp);
            // what was whole stays, and what was not is not put together with what comes now
            let is_whole = !self.last.is_open && (self.last.marker || self.last.timestamp != header.timestamp);
            missing = u16::from(header.number != next && !is_whole);
        }
        if missing > 0 {
            self.last = Last::default();
        }
        self.next_out = self.next_out.wrapping_add(missing);
        self.pass(packet, 0, out);
    }

    /// Passes a packet on before which this many are missing.
    fn pass(&mut self, packet: &Packet<'_>, missing: u16, out: &mut impl FnMut(&[u8])) {
        let header = packet.header;
        self.next = Some((header.ssrc, header.number.wrapping_add(1)));
        self.known.push((header.number, header.timestamp));
        if self.known.len() > KNOWN {
            self.known.remove(0);
        }
        let number = self.next_out.wrapping_add(missing);
        // only the gap before it counts
        if packet.payload.is_empty() {
            self.next_out = number;
            return;
        }
        self.next_out = number.wrapping_add(1);
        let fragment = packet.fragment(&self.encoding);
        let is_next_piece = missing == 0 && self.last.is_open && fragment.is_some_and(|f| !f.begins);
        // pieces of one unit have one time, whatever each of them says
        let timestamp = if is_next_piece { self.last.timestamp } else { header.timestamp };
        let is_open = fragment.is_some_and(|f| !f.ends);
        self.last = Last { timestamp, marker: header.marker, is_open };
        out(&packet.to_bytes(SSRC, number, timestamp));
    }

    /// A report as retina is to see it, if it is one on this stream.
    pub fn report(&self, data: &[u8]) -> Option<Vec<u8>> {
        let (ssrc, _) = self.next?;
        super::rtp::sender_report(data, ssrc, SSRC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SSRC, number, time.
    fn packet((ssrc, number, timestamp): (u32, u16, u32), payload: &[u8]) -> Vec<u8> {
        let mut all = vec![0x80, 96];
        all.extend(number.to_be_bytes());
        all.extend(timestamp.to_be_bytes());
        all.extend(ssrc.to_be_bytes());
        all.extend(payload);
        all
    }

    /// What comes out: number and time, or the payload's first byte.
    fn through(datagrams: bool, all: &[(u32, u16, u32)]) -> (Vec<(u16, u32)>, Breaks) {
        let mut sequence = Sequence::new("h264".to_owned(), vec![96], datagrams);
        let mut out = Vec::new();
        for one in all {
            sequence.packet(&packet(*one, &[0x41]), &mut |p| {
                let p = Packet::parse(p).unwrap();
                assert_eq!(p.header.ssrc, SSRC);
                out.push((p.header.number, p.header.timestamp));
            });
        }
        (out, sequence.breaks)
    }

    #[test]
    fn another_source_goes_on_in_the_row_and_is_noted() {
        for datagrams in [false, true] {
            let (out, breaks) = through(datagrams, &[(7, 9, 1), (8, 10, 2), (8, 11, 3)]);
            assert_eq!(out, [(1, 1), (2, 2), (3, 3)], "the numbers go on");
            assert!(!breaks.take(1) && breaks.take(2) && !breaks.take(2));
            let (out, breaks) = through(datagrams, &[(7, 9, 1), (8, 5000, 2), (8, 5001, 3)]);
            assert_eq!(out, [(1, 1), (2, 2), (3, 3)], "the numbers begin anew");
            assert!(breaks.take(2));
            let (out, breaks) = through(datagrams, &[(7, 9, 1), (8, 77, 9), (7, 10, 2), (8, 78, 9), (7, 11, 3)]);
            assert_eq!(out, [(1, 1), (2, 2), (3, 3)], "strays of another session");
            assert!(!breaks.take(2));
        }
    }

    #[test]
    fn numbers_that_begin_anew_are_noted_and_missing_ones_stay_missing() {
        for datagrams in [false, true] {
            let (out, breaks) = through(datagrams, &[(7, 65_535, 1), (7, 0, 2), (7, 3, 3)]);
            assert_eq!(out, [(1, 1), (2, 2), (5, 3)]);
            assert!(!breaks.take(3), "retina finds that");
            for anew in [30_000, 60_000, 5] {
                let (out, breaks) = through(datagrams, &[(7, 10_000, 1), (7, anew, 2), (7, anew + 1, 3)]);
                assert_eq!(out, [(1, 1), (2, 2), (3, 3)], "{anew}");
                assert!(breaks.take(2));
            }
        }
        let (out, _) = through(false, &[(7, 9, 1), (7, 10, 2), (7, 10, 2), (7, 9, 1), (7, 11, 3)]);
        assert_eq!(out, [(1, 1), (2, 2), (3, 3)], "what came already");
        for datagrams in [false, true] {
            let (out, breaks) = through(datagrams, &[(7, 0, 1), (7, 1, 2), (7, 0, 3), (7, 1, 4), (7, 0, 5), (7, 1, 6)]);
            assert_eq!(out, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)], "a few packets, again and again");
            assert!(breaks.take(3));
        }
        let (out, _) = through(true, &[(7, 9, 1), (7, 11, 3), (7, 10, 2), (7, 12, 4)]);
        assert_eq!(out, [(1, 1), (3, 3), (4, 4)], "a late datagram");
    }

    #[test]
    fn pieces_are_not_put_together_with_others() {
        let mut sequence = Sequence::new("h264".to_owned(), vec![96], false);
        let mut numbers = Vec::new();
        let mut next = |at, payload: &[u8]| {
            sequence.packet(&packet(at, payload), &mut |p| {
                let p = Packet::parse(p).unwrap();
                numbers.push((p.header.number, p.header.timestamp));
            });
        };
        // begins, goes on with another time, ends
        next((7, 1, 10), &[28, 0x85, 1]);
        next((7, 2, 11), &[28, 0x05, 1]);
        next((7, 3, 11), &[28, 0x45, 1]);
        // begins, and the numbers begin anew in the middle
        next((7, 4, 20), &[28, 0x85, 1]);
        next((7, 40_000, 30), &[28, 0x05, 1]);
        // padding alone, no RTP, and a type that is not the stream's
        next((7, 40_001, 30), &[]);
        sequence_noise(&mut sequence);
        assert_eq!(numbers, [(1, 10), (2, 10), (3, 10), (4, 20), (6, 30)]);
    }

    fn sequence_noise(sequence: &mut Sequence) {
        let mut other = packet((7, 40_002, 31), &[1]);
        other[1] = 50;
        for noise in [&other[..], b"", b"\x80\x60", b"\x40\x60aaaaaaaaaaaaaaaa", b"\x9f\x60aaaaaaaaaaaaaaaa"] {
            sequence.packet(noise, &mut |_| panic!("{noise:?}"));
        }
    }
}
