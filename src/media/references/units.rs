//! NAL units of packets and of codec configurations, in either packaging: after start codes (H.264 and H.265 annex B)
//! or after their lengths (ISO/IEC 14496-15).

/// How packets hold their NAL units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::media) enum Packaging {
    StartCodes,
    /// Each preceded by its length, in this number of bytes.
    Lengths(usize),
}

impl Packaging {
    /// The NAL units of a packet; what is cut off is left out.
    pub(in crate::media) fn units(self, packet: &[u8]) -> Vec<&[u8]> {
        match self {
            Packaging::StartCodes => behind_start_codes(packet),
            Packaging::Lengths(size) => behind_lengths(packet, size).0,
        }
    }

    /// Whether nothing is left after the last unit of a packet that could be a part of one.
    pub(in crate::media) fn is_whole(self, packet: &[u8]) -> bool {
        match self {
            Packaging::StartCodes => true,
            Packaging::Lengths(size) => {
                let rest = behind_lengths(packet, size).1;
                rest.len() <= size || rest.iter().all(|byte| *byte == 0)
            }
        }
    }

    /// A packet of these NAL units; none where one is too long for its length.
    pub(in crate::media) fn packet<'a>(self, units: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
        let mut packet = Vec::new();
        for unit in units {
            match self {
                Packaging::StartCodes => packet.extend_from_slice(&[0, 0, 0, 1]),
                Packaging::Lengths(size) => {
                    let length = u32::try_from(unit.len()).ok()?.to_be_bytes();
                    let (over, length) = length.split_at_checked(4_usize.checked_sub(size)?)?;
                    packet.extend_from_slice(over.iter().all(|byte| *byte == 0).then_some(length)?);
                }
            }
            packet.extend_from_slice(unit);
        }
        Some(packet)
    }
}

/// The packaging that an `avcC` names, and the parameter sets in it (14496-15, 5.3.3.1). Without one: annex B.
pub(in crate::media) fn avc_configuration(extradata: &[u8]) -> (Packaging, Vec<&[u8]>) {
    let read = || {
        let mut rest = extradata.get(5..)?;
        let size = usize::from(extradata.get(4)? & 3) + 1;
        let mut units = Vec::new();
        for mask in [0x1f, 0xff] {
            let Some((count, after)) = rest.split_first() else { break };
            rest = after;
            for _ in 0..count & mask {
                units.push(prefixed(&mut rest)?);
            }
        }
        Some((Packaging::Lengths(size), units))
    };
    if extradata.first() == Some(&1) {
        read().unwrap_or((Packaging::StartCodes, Vec::new()))
    } else {
        (Packaging::StartCodes, behind_start_codes(extradata))
    }
}

/// The same of an `hvcC` (14496-15, 8.3.3.1).
pub(in crate::media) fn hevc_configuration(extradata: &[u8]) -> (Packaging, Vec<&[u8]>) {
    let read = || {
        let size = usize::from(extradata.get(21)? & 3) + 1;
        let (arrays, mut rest) = extradata.get(22..)?.split_first()?;
        let mut units = Vec::new();
        for _ in 0..*arrays {
            let (_, after) = rest.split_first()?;
            let (count, after) = after.split_first_chunk::<2>()?;
            rest = after;
            for _ in 0..u16::from_be_bytes(*count) {
                units.push(prefixed(&mut rest)?);
            }
        }
        Some((Packaging::Lengths(size), units))
    };
    match extradata {
        [0, 0, 0 | 1, ..] | [] => (Packaging::StartCodes, behind_start_codes(extradata)),
        _ => read().unwrap_or((Packaging::StartCodes, Vec::new())),
    }
}

fn prefixed<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *rest = after;
    Some(unit)
}

/// The units, and what is left after the last whole one.
fn behind_lengths(mut rest: &[u8], size: usize) -> (Vec<&[u8]>, &[u8]) {
    let mut units = Vec::new();
    while let Some((length, after)) = rest.split_at_checked(size) {
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let Some((unit, after)) = after.split_at_checked(length) else { break };
        units.push(unit);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    (units, rest)
}

fn behind_start_codes(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> = Vec::new();
    let mut units = Vec::new();
    for at in ones(bytes) {
        if at >= 2 && bytes[at - 2..at] == [0, 0] {
            starts.push(at + 1);
        }
    }
    for (n, start) in starts.iter().enumerate() {
        // the zeros before the next start code are trailing_zero_8bits or its fourth byte: no slice ends in a zero
        let end = starts.get(n + 1).map_or(bytes.len(), |next| next - 3);
        if let Some(unit) = bytes.get(*start..end) {
            units.push(unit);
        }
    }
    units
}

fn ones(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == 1).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_packagings_give_the_same_units() {
        let annex_b = [0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65];
        let lengths = [0, 2, 0x67, 9, 0, 2, 0x68, 1, 0, 1, 0x65];
        let wanted: [&[u8]; 3] = [&[0x67, 9], &[0x68, 1], &[0x65]];
        assert_eq!(Packaging::StartCodes.units(&annex_b), wanted);
        assert_eq!(Packaging::Lengths(2).units(&lengths), wanted);
        assert_eq!(Packaging::Lengths(2).units(&lengths[..9]), wanted[..2]);
    }

    #[test]
    fn configurations_name_the_packaging() {
        let avc = [1, 100, 0, 31, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];
        assert_eq!(avc_configuration(&avc), (Packaging::Lengths(4), vec![&[0x67, 9][..], &[0x68]]));
        assert_eq!(avc_configuration(&[0, 0, 1, 0x67]), (Packaging::StartCodes, vec![&[0x67][..]]));
        assert_eq!(avc_configuration(&avc[..9]).1, Vec::<&[u8]>::new());
    }
}
