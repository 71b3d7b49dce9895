//! DER, element by element.

/// Tag and value.
pub type Element<'a> = (u8, &'a [u8]);

/// The elements of a value in DER; what is not one at its end is left out.
pub fn elements(mut der: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let (length, rest) = match first {
            0..=127 => (usize::from(*first), rest),
            _ => {
                let Some((digits, rest)) = rest.split_at_checked(usize::from(first & 127)) else { break };
                (digits.iter().fold(0, |n: usize, d| n.wrapping_shl(8) | usize::from(*d)), rest)
            }
        };
        let Some((value, rest)) = rest.split_at_checked(length) else { break };
        found.push((*tag, value));
        der = rest;
    }
    found
}

/// An element with its length.
pub fn tlv((tag, value): Element<'_>) -> Vec<u8> {
    let mut out = vec![tag];
    match value.len() {
        short @ 0..=127 => out.push(short as u8),
        long => {
            let digits = long.to_be_bytes();
            let digits = &digits[digits.iter().take_while(|d| **d == 0).count()..];
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(value);
    out
}
