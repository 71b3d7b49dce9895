//! How large a picture is (ITU-T T.81, B.2.2).

/// Width and height of a JPEG picture; `None` for what is none, or has no picture in it.
pub fn jpeg_size(data: &[u8]) -> Option<(u32, u32)> {
    let mut rest = data.strip_prefix(&[0xff, 0xd8])?;
    let mut found = None;
    loop {
        // fill bytes
        let marker = rest.strip_prefix(&[0xff])?;
        let (&kind, after) = marker.split_first()?;
        match kind {
            0xff => rest = marker,
            // the picture begins
            0xda => return found.filter(|(width, height)| *width > 0 && *height > 0),
            0x01 | 0xd0..=0xd7 => rest = after,
            0xd8 | 0xd9 | 0x00 => return None,
            _ => {
                let (length, _) = after.split_first_chunk::<2>()?;
                let (segment, next) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)).max(2))?;
                if (0xc0..=0xcf).contains(&kind) && ![0xc4, 0xc8, 0xcc].contains(&kind) {
                    let [_, _, _, h0, h1, w0, w1] = *segment.first_chunk::<7>()?;
                    found = Some((u32::from(u16::from_be_bytes([w0, w1])), u32::from(u16::from_be_bytes([h0, h1]))));
                }
                rest = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_picture_has_a_size() {
        let picture =
            b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x0b\x08\0\x78\0\xa0\x01\x01\x11\0\xff\xda\0\x02data\xff\xd9";
        assert_eq!(jpeg_size(picture), Some((160, 120)));
        for cut in 0..22 {
            assert_eq!(jpeg_size(&picture[..cut]), None, "{cut}");
        }
        for other in [&b""[..], b"\xff\xd8\xff\xd9", b"<html>", b"\xff\xd8\xff\xda\0\x02", b"\xff\xd8\xff\xe0\0\0\xff"]
        {
            assert_eq!(jpeg_size(other), None, "{other:?}");
        }
    }
}
