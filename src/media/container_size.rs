//! Where an input must end, for the containers that say so at their beginning.

/// The number of bytes of the beginning that are enough for [`expected_end`].
pub(super) const HEAD: usize = 128;

/// The least size in bytes of a whole Matroska (RFC 8794, segment) or AVI (RIFF) input that begins with `head`; none
/// when it is of another kind, or was written to a pipe and does not know.
pub(super) fn expected_end(head: &[u8]) -> Option<u64> {
    match head.get(..4)? {
        b"RIFF" => {
            let size = head.get(4..)?.first_chunk::<4>().map(|size| u32::from_le_bytes(*size))?;
            (size != 0 && size != u32::MAX).then(|| u64::from(size) + 8)
        }
        [0x1A, 0x45, 0xDF, 0xA3] => {
            let (header, after) = vint(head, 4)?;
            let segment = after.checked_add(usize::try_from(header?).ok()?)?;
            let rest = head.get(segment..)?;
            if rest.get(..4)? != [0x18, 0x53, 0x80, 0x67] {
                return None;
            }
            let (size, start) = vint(head, segment + 4)?;
            size?.checked_add(start as u64)
        }
        _ => None,
    }
}

/// An EBML number and the place after it; all ones mean unknown.
fn vint(bytes: &[u8], at: usize) -> Option<(Option<u64>, usize)> {
    let first = *bytes.get(at)?;
    let length = first.leading_zeros() as usize + 1;
    let mask = 0xFF_u64 >> length.min(8);
    let mut value = u64::from(first) & mask;
    for byte in bytes.get(at + 1..at.checked_add(length)?)? {
        value = value << 8 | u64::from(*byte);
    }
    let unknown = (1_u64 << (7 * length.min(8))) - 1;
    Some(((value != unknown && length <= 8).then_some(value), at + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown() {
        let matroska = |size: &[u8]| [&[0x1A, 0x45, 0xDF, 0xA3, 0x82, 9, 9, 0x18, 0x53, 0x80, 0x67], size].concat();
        assert_eq!(expected_end(&matroska(&[1, 0, 0, 0, 0, 0, 1, 2])), Some(19 + 258));
        assert_eq!(expected_end(&matroska(&[0x40, 5])), Some(13 + 5));
        assert_eq!(expected_end(&matroska(&[1, 255, 255, 255, 255, 255, 255, 255])), None);
        assert_eq!(expected_end(&matroska(&[0xFF])), None);
        assert_eq!(expected_end(&matroska(&[0x40])), None);
        assert_eq!(expected_end(b"RIFF\x10\0\0\0AVI "), Some(24));
        assert_eq!(expected_end(b"RIFF\0\0\0\0AVI "), None);
        assert_eq!(expected_end(b"\0\0\0\x01"), None);
        assert_eq!(expected_end(b"R"), None);
    }
}
