//! BER-TLV (ISO/IEC 7816-4, 5.2.2) as cards speak it: tags of one to three bytes, definite lengths of up to 65535
//! bytes.

use zeroize::Zeroizing;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its tag, all bytes of it.
    pub tag: u32,
    /// Its value.
    pub value: &'a [u8],
}

/// The first element and what follows it; `None` when there is no whole one.
pub fn split(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(*first);
    if first & 0x1f == 0x1f {
        for more in 0.. {
            let (next, after) = rest.split_first()?;
            (tag, rest) = (tag << 8 | u32::from(*next), after);
            match next & 0x80 {
                0 => break,
                _ if more == 1 => return None,
                _ => {}
            }
        }
    }
    let (first, after) = rest.split_first()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81 => after.split_first().map(|(n, after)| (usize::from(*n), after))?,
        0x82 => {
            let (n, after) = after.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*n)), after)
        }
        _ => return None,
    };
    let (value, after) = after.split_at_checked(length)?;
    Some((Element { tag, value }, after))
}

/// The value of the first element with this tag; `None` when there is none before the end, or before something that is
/// no element.
pub fn find(tag: u32, mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some((element, rest)) = split(bytes) {
        if element.tag == tag {
            return Some(element.value);
        }
        bytes = rest;
    }
    None
}

/// An element with a tag of one byte. Values of more than 65535 bytes, which no card takes, are cut there.
pub fn element(tag: u8, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let value = value.get(..0xffff).unwrap_or(value);
    let length = (value.len() as u16).to_be_bytes();
    let mut out = Zeroizing::new(Vec::with_capacity(value.len() + 4));
    out.push(tag);
    match value.len() {
        0..=0x7f => out.push(length[1]),
        0x80..=0xff => out.extend_from_slice(&[0x81, length[1]]),
        _ => out.extend_from_slice(&[0x82, length[0], length[1]]),
    }
    out.extend_from_slice(value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let value = vec![7; length];
            let bytes = element(0x53, &value);
            assert_eq!(split(&bytes), Some((Element { tag: 0x53, value: &value }, &[][..])));
            assert_eq!(split(&bytes[..bytes.len() - 1]), None, "{length}, cut");
        }
    }

    #[test]
    fn long_tags_and_wrong_lengths() {
        let key = [0x7f, 0x49, 3, 0x86, 1, 4];
        assert_eq!(find(0x7f49, &key).and_then(|inner| find(0x86, inner)), Some(&[4][..]));
        assert_eq!(find(0x86, &[0x81, 1, 9, 0x86, 2, 5, 6]), Some(&[5, 6][..]));
        for wrong in [
            &[][..],
            &[0x53],
            &[0x53, 1],
            &[0x53, 0x80, 0, 0],
            &[0x53, 0x83, 0, 0, 0],
            &[0x53, 0x82, 1],
            &[0x1f, 0x81, 0x81, 1, 0],
            &[0x1f],
        ] {
            assert_eq!(split(wrong), None, "{wrong:?}");
        }
    }
}
