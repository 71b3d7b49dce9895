//! RTP packets and sender's reports (RFC 3550, 5.1 and 6.4.1): what is read of them, and what is written anew.

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// A packet. What sources and extensions say is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub header: Header,
    pub payload: &'a [u8],
}

/// Which piece of a unit a packet holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub begins: bool,
    pub ends: bool,
}

impl<'a> Packet<'a> {
    /// `None` for what is no packet.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = data.split_first_chunk::<12>()?;
        let [first, second, n0, n1, t0, t1, t2, t3, s0, s1, s2, s3] = *fixed;
        let sources = usize::from(first & 0xf) * 4;
        let mut payload = rest.get(sources..).filter(|_| first >> 6 == 2)?;
        if first & 0x10 != 0 {
            let ([_, _, high, low], after) = payload.split_first_chunk::<4>()?;
            payload = after.get(usize::from(u16::from_be_bytes([*high, *low])) * 4..)?;
        }
        if first & 0x20 != 0 {
            // a length of 0 is wrong, and harms nothing
            let padding = usize::from(*payload.last()?);
            payload = payload.get(..payload.len().checked_sub(padding)?)?;
        }
        let header = Header {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            number: u16::from_be_bytes([n0, n1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        };
        Some(Packet { header, payload })
    }

    /// With these in its header.
    pub fn to_bytes(self, ssrc: u32, number: u16, timestamp: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12 + self.payload.len());
        bytes.extend([0x80, u8::from(self.header.marker) << 7 | self.header.payload_type]);
        bytes.extend(number.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(ssrc.to_be_bytes());
        bytes.extend(self.payload);
        bytes
    }

    /// Which piece it is, where it is one (RFC 6184, 5.8; RFC 7798, 4.4.3); `encoding` is in lower case.
    pub fn fragment(&self, encoding: &str) -> Option<Fragment> {
        let flags = match (encoding, self.payload) {
            ("h264", [first, flags, ..]) if first & 0x1f == 28 => flags,
            ("h265", [first, _, flags, ..]) if first >> 1 & 0x3f == 49 => flags,
            _ => return None,
        };
        Some(Fragment { begins: flags & 0x80 != 0, ends: flags & 0x40 != 0 })
    }
}

/// The report of `from` in a compound packet, alone and as of `to`.
pub(super) fn sender_report(data: &[u8], from: u32, to: u32) -> Option<Vec<u8>> {
    let mut rest = data;
    while let Some(([first, kind, high, low], _)) = rest.split_first_chunk::<4>() {
        let length = (usize::from(u16::from_be_bytes([*high, *low])) + 1) * 4;
        let (one, after) = rest.split_at_checked(length).filter(|_| first >> 6 == 2)?;
        let ssrc = one.get(4..8)?;
        if let (200, Some(sender)) = (*kind, one.get(8..28))
            && ssrc == from.to_be_bytes()
        {
            // without reports on what was received
            let mut report = vec![0x80, 200, 0, 6];
            report.extend(to.to_be_bytes());
            report.extend(sender);
            return Some(report);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_without_what_does_not_matter() {
        // two sources, an extension of a word, padding of two bytes
        let mut data = vec![0xb2, 0xe0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7];
        data.extend(b"aaaabbbb\xbe\xde\0\x01eeeepayload\0\x02");
        let packet = Packet::parse(&data).unwrap();
        assert_eq!(packet.header, Header { marker: true, payload_type: 96, number: 5, timestamp: 6, ssrc: 7 });
        assert_eq!(packet.payload, b"payload");
        let written = packet.to_bytes(1, 2, 3);
        assert_eq!(Packet::parse(&written).unwrap().header.number, 2);
        for length in 0..33 {
            assert!(Packet::parse(&data[..length]).is_none(), "{length}");
        }
    }

    #[test]
    fn a_report_is_found_and_others_are_not() {
        let mut report = vec![0x81, 200, 0, 12, 0, 0, 0, 7];
        report.extend([9; 20]);
        report.extend([1; 24]);
        let receiver = [0x80, 201, 0, 1, 0, 0, 0, 7];
        let goodbye = [0x81, 203, 0, 1, 0, 0, 0, 7];
        let all = [&receiver[..], &report, &goodbye].concat();
        let found = sender_report(&all, 7, 1).unwrap();
        assert_eq!(found, [&[0x80, 200, 0, 6, 0, 0, 0, 1][..], &[9; 20]].concat());
        assert!(sender_report(&all, 8, 1).is_none() && sender_report(&goodbye, 7, 1).is_none());
        for cut in 0..36 {
            let _ = sender_report(&all[..cut], 7, 1);
        }
    }
}
