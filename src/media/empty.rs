//! Packets without a picture in them.

/// Whether a JPEG holds no scan (ITU-T T.81, B.1.1): some cameras send a start and an end, and nothing between.
pub(super) fn is_empty_jpeg(data: &[u8]) -> bool {
    let Some(mut rest) = data.strip_prefix(&[0xFF, 0xD8]) else { return false };
    loop {
        rest = match rest {
            // fill bytes
            [0xFF, 0xFF, ..] => rest.split_at(1).1,
            [0xFF, 0xD9, ..] | [] => return true,
            // a restart or a temporary marker has no body
            [0xFF, 0x01 | 0xD0..=0xD8, after @ ..] => after,
            [0xFF, marker, high, low, ..] if *marker != 0xDA => {
                match rest.get(2 + usize::from(u16::from_be_bytes([*high, *low]))..) {
                    Some(after) => after,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::is_empty_jpeg;

    #[test]
    fn a_scan_makes_a_picture() {
        assert!(is_empty_jpeg(b"\xff\xd8\xff\xd9"));
        assert!(is_empty_jpeg(b"\xff\xd8\xff\xd9\0\0\0\0"));
        assert!(is_empty_jpeg(b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xd9"));
        assert!(!is_empty_jpeg(b"\xff\xd8\xff\xe0\0\x04ab\xff\xda\0\x02x\xff\xd9"));
        assert!(!is_empty_jpeg(b"\xff\xd8\xff\xe0\x40\x04ab"));
        assert!(!is_empty_jpeg(b"\0\0\0\x01"));
        assert!(!is_empty_jpeg(b""));
    }
}
