//! Pictures from which decoding can begin, as their bytes say. Units stand each after its length of 4 bytes.

/// Payload type of a recovery point (H.264, D.1.8).
const RECOVERY_POINT: usize = 6;

/// The units of a picture; one that is longer than the picture is the end.
fn units(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (unit, next) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = next;
        Some(unit)
    })
}

/// Whether H.265 can be decoded from this picture on: all its slices are of an IRAP type, 16 to 23 (7.4.2.2, table
/// 7-1).
pub fn is_irap(data: &[u8]) -> bool {
    let mut slices =
        units(data).filter_map(|unit| unit.first().map(|first| first >> 1 & 0x3f)).filter(|kind| *kind < 32);
    let irap = |kind: u8| (16..=23).contains(&kind);
    slices.next().is_some_and(irap) && slices.all(irap)
}

/// Whether H.264 can be decoded from this picture on though it is no IDR picture: cameras with intra refresh send none,
/// and say where a decoder may begin (D.2.8). Pictures are whole some pictures later, as a decoder knows.
pub fn is_recovery_point(data: &[u8]) -> bool {
    units(data).any(|unit| match unit.split_first() {
        Some((header, payload)) if header & 0x1f == 6 => has_message(payload, RECOVERY_POINT),
        _ => false,
    })
}

/// Whether supplemental information has a message of this type (7.3.2.3.1).
fn has_message(payload: &[u8], wanted: usize) -> bool {
    let mut bytes = unescaped(payload);
    loop {
        let (Some(kind), Some(length)) = (number(&mut bytes), number(&mut bytes)) else { return false };
        // what follows a whole message is another, or a bit that ends them
        match (kind == wanted, length.checked_sub(1)) {
            (is_it, None) if is_it => return true,
            (_, None) => {}
            (is_it, Some(last)) => match bytes.nth(last) {
                Some(_) if is_it => return true,
                Some(_) => {}
                None => return false,
            },
        }
    }
}

/// A number as bytes of 255 and one that is less.
fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<usize> {
    let mut sum = 0_usize;
    loop {
        let byte = bytes.next()?;
        sum = sum.saturating_add(usize::from(byte));
        if byte != 0xff {
            return Some(sum);
        }
    }
}

/// Without the bytes that prevent start codes (7.4.1).
fn unescaped(payload: &[u8]) -> impl Iterator<Item = u8> {
    let mut zeros = 0;
    payload.iter().copied().filter(move |byte| {
        let is_kept = !(zeros >= 2 && *byte == 3);
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        is_kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], unit].concat()).collect()
    }

    #[test]
    fn every_kind_of_h265_key_frame_is_one() {
        let picture = |kinds: &[u8]| {
            let units: Vec<_> = kinds.iter().map(|kind| [kind << 1, 1, 0x80]).collect();
            picture(&units.iter().map(|unit| &unit[..]).collect::<Vec<_>>())
        };
        for key in [&[19][..], &[20], &[21], &[16], &[35, 39, 21, 21]] {
            assert!(is_irap(&picture(key)), "{key:?}");
        }
        for other in [&[1][..], &[0], &[8], &[39], &[], &[21, 1]] {
            assert!(!is_irap(&picture(other)), "{other:?}");
        }
        assert!(!is_irap(&[0, 0, 0, 9, 40, 1]));
    }

    #[test]
    fn a_recovery_point_is_found_among_other_messages() {
        let slice = &b"\x41slice"[..];
        let long = [&b"\x06\x05\xff\x01"[..], &[7; 256], b"\x06\x01\xc0\x80"].concat();
        for sei in [&b"\x06\x06\x01\xc4\x80"[..], b"\x06\x01\x02ab\x06\x01\xc4\x80", &long] {
            assert!(is_recovery_point(&picture(&[b"\x09\xf0", sei, slice])), "{sei:?}");
        }
        // three bytes, one of them escaped
        assert!(is_recovery_point(&picture(&[b"\x06\x05\x03\0\0\x03\x01\x06\x01\xc4\x80", slice])));
        for other in
            [&b"\x06\x05\x02\x06\x01\x80"[..], b"\x06\x06\x09short", b"\x06\xff\xff", b"\x06", b"\x41\x06\x01\xc4\x80"]
        {
            assert!(!is_recovery_point(&picture(&[other, slice])), "{other:?}");
        }
    }
}
