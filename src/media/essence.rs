//! What of a packet its picture depends on.
//!
//! A decoder that is set to refuse whatever is wrong refuses a picture for a message that it does not need (SEI, ITU-T
//! H.265 D.2). So H.265 units that no picture depends on are not given to it. H.264's decoder, which conceals, does not
//! mind them.

use std::borrow::Cow;

use crate::format::Track;

use super::references::{Packaging, hevc_configuration};

/// Types of NAL units (H.265, table 7-1).
const LAST_SLICE: u8 = 31;
const VPS: u8 = 32;
const PPS: u8 = 34;
const END_OF_SEQUENCE: u8 = 36;
const END_OF_STREAM: u8 = 37;
const SUFFIX_SEI: u8 = 40;
/// The payload type of a decoded picture hash, which shows damage that nothing else shows (D.2.19), and its least size:
/// that of MD5 or CRC or a checksum of one plane.
const PICTURE_HASH: u8 = 132;
const LEAST_HASH: usize = 3;

/// Takes out what no picture depends on.
pub(super) struct Essence(Packaging);

impl Essence {
    /// For the packets of a track; `None` where all of a packet goes to the decoder.
    pub(super) fn new(track: &Track) -> Option<Self> {
        (track.codec == "hevc").then(|| Essence(hevc_configuration(&track.config).0))
    }

    /// The configuration without messages: a decoder does not open with one that it cannot read.
    pub(super) fn configuration(&self, config: &[u8]) -> Vec<u8> {
        match self.0 {
            Packaging::StartCodes => self.packet(config).into_owned(),
            Packaging::Lengths(_) => parameter_sets(config).unwrap_or_else(|| config.to_vec()),
        }
    }

    /// The packet as the decoder is to have it. One whose units cannot all be told apart is left as it is: what is cut
    /// off may be a slice.
    pub(super) fn packet<'a>(&self, data: &'a [u8]) -> Cow<'a, [u8]> {
        let units = self.0.units(data);
        if units.iter().all(|unit| is_needed(unit)) || !self.0.is_whole(data) {
            return Cow::Borrowed(data);
        }
        let mut out = Vec::with_capacity(data.len());
        for unit in units.into_iter().filter(|unit| is_needed(unit)) {
            match self.0 {
                Packaging::StartCodes => out.extend([0, 0, 1]),
                // it had room for the length of a unit of this size
                Packaging::Lengths(size) => {
                    let length = u32::try_from(unit.len()).unwrap_or(u32::MAX).to_be_bytes();
                    out.extend(length.get(length.len().saturating_sub(size)..).unwrap_or(&length));
                }
            }
            out.extend(unit);
        }
        Cow::Owned(out)
    }

    /// Whether the packet says what its picture's hash is.
    pub(super) fn has_hash(&self, data: &[u8]) -> bool {
        self.0.units(data).iter().any(|unit| unit.first().is_some_and(|head| head >> 1 & 63 == SUFFIX_SEI))
    }
}

fn is_needed(unit: &[u8]) -> bool {
    let Some((head, payload)) = unit.split_first_chunk::<2>() else { return false };
    match head[0] >> 1 & 63 {
        0..=LAST_SLICE | VPS..=PPS | END_OF_SEQUENCE | END_OF_STREAM => true,
        SUFFIX_SEI => is_hash(payload),
        _ => false,
    }
}

/// Whether the unit holds a decoded picture hash that is there whole, and no other message.
fn is_hash(payload: &[u8]) -> bool {
    let [PICTURE_HASH, size, rest @ ..] = payload else { return false };
    let size = usize::from(*size);
    // bytes that keep start codes apart make it longer, and the end of the payload is a bit and zeros
    size > LEAST_HASH && rest.len() > size && rest.iter().rfind(|byte| **byte != 0) == Some(&0x80)
}

/// An `hvcC` of which only the parameter sets are left (14496-15, 8.3.3.1).
fn parameter_sets(config: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = config.split_at_checked(22)?;
    let (arrays, mut rest) = rest.split_first()?;
    let (mut kept, mut count) = (Vec::new(), 0u8);
    for _ in 0..*arrays {
        let begin = rest;
        let (kind, after) = rest.split_first()?;
        let (units, mut after) = after.split_first_chunk::<2>()?;
        for _ in 0..u16::from_be_bytes(*units) {
            let (length, unit) = after.split_first_chunk::<2>()?;
            after = unit.get(usize::from(u16::from_be_bytes(*length))..)?;
        }
        rest = after;
        if (VPS..=PPS).contains(&(kind & 63)) {
            count = count.checked_add(1)?;
            kept.extend(begin.get(..begin.len() - after.len())?);
        }
    }
    Some([head, &[count], &kept].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: [u8; 4] = [0x02, 1, 0xaa, 0x80];
    const MESSAGE: [u8; 6] = [0x4e, 1, 5, 5, b'x', 0x80];

    fn with(packaging: Packaging, units: &[&[u8]]) -> Vec<u8> {
        let one = |unit: &&[u8]| match packaging {
            Packaging::StartCodes => [&[0, 0, 1], *unit].concat(),
            Packaging::Lengths(_) => [&[0, unit.len() as u8], *unit].concat(),
        };
        units.iter().flat_map(one).collect()
    }

    #[test]
    fn messages_go_and_slices_stay() {
        let hash = [&[0x50, 1, PICTURE_HASH, 17][..], &[9; 17], &[0x80]].concat();
        let torn = &hash[..10];
        for packaging in [Packaging::StartCodes, Packaging::Lengths(2)] {
            let essence = Essence(packaging);
            let all = with(packaging, &[&[0x46, 1, 0x50], &MESSAGE, &[0x4e], &SLICE, &hash, torn, &[0x7e, 1, 7]]);
            assert_eq!(*essence.packet(&all), with(packaging, &[&SLICE, &hash]));
            let bare = with(packaging, &[&SLICE]);
            assert!(matches!(essence.packet(&bare), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn what_is_cut_off_stays() {
        let essence = Essence(Packaging::Lengths(2));
        let cut = [with(Packaging::Lengths(2), &[&MESSAGE, &SLICE]), vec![0, 9, 2, 1, 7]].concat();
        assert_eq!(*essence.packet(&cut), cut);
        // no unit fits into what is left
        let trailing = [with(Packaging::Lengths(2), &[&MESSAGE, &SLICE]), vec![0]].concat();
        assert_eq!(*essence.packet(&trailing), with(Packaging::Lengths(2), &[&SLICE]));
    }

    #[test]
    fn a_configuration_keeps_its_parameter_sets() {
        let array = |kind: u8, unit: &[u8]| [&[kind, 0, 1, 0, unit.len() as u8][..], unit].concat();
        let config = |arrays: &[Vec<u8>]| {
            let mut all = vec![1; 21];
            all.extend([3, arrays.len() as u8]);
            all.extend(arrays.concat());
            all
        };
        let sets = [array(VPS, &[1]), array(33, &[2, 2]), array(PPS | 0x80, &[3])];
        let messages = [sets[0].clone(), array(39, &MESSAGE), sets[1].clone(), sets[2].clone()];
        let essence = Essence(hevc_configuration(&config(&messages)).0);
        assert_eq!(essence.configuration(&config(&messages)), config(&sets));
        assert_eq!(essence.configuration(&config(&sets)[..30]), config(&sets)[..30]);
    }
}
