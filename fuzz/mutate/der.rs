//! Certificates, lists and messages with other elements; every length around them is right again.

use super::random::Random;
use super::tlv::{elements, tlv};

/// Elements are not looked for further in than this.
const DEEP: usize = 24;

/// DER with one element changed, taken away or repeated; PEM, where it is PEM.
pub fn edited(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    if let Ok((label, der)) = der::pem::decode_vec(bytes) {
        let pem = der::pem::encode_string(label, der::pem::LineEnding::LF, &edited(&der, random));
        return pem.map_or_else(|_| super::bytes(bytes, random), String::into_bytes);
    }
    let count = count(bytes, 0);
    if count == 0 {
        return super::bytes(bytes, random);
    }
    let mut at = random.below(count);
    rewritten(bytes, &mut at, 0, random)
}

/// Whether there are elements in an element's value: by its tag, or in what is an OCTET STRING or BIT STRING.
fn inner(tag: u8, value: &[u8]) -> Option<usize> {
    let skipped = usize::from(tag == 3);
    let whole = || {
        let inside = value.get(skipped..)?;
        let length: usize = elements(inside).into_iter().map(|e| tlv(e).len()).sum();
        (length == inside.len() && length > 2).then_some(skipped)
    };
    if tag & 0x20 != 0 { Some(0) } else { matches!(tag, 3 | 4).then(whole).flatten() }
}

fn count(der: &[u8], depth: usize) -> usize {
    if depth > DEEP {
        return 0;
    }
    let inside = |(tag, value): (u8, &[u8])| inner(tag, value).map_or(0, |from| count(&value[from..], depth + 1));
    elements(der).into_iter().map(|e| 1 + inside(e)).sum()
}

/// The elements, the one of number `at` changed.
fn rewritten(der: &[u8], at: &mut usize, depth: usize, random: &mut Random) -> Vec<u8> {
    if depth > DEEP {
        return der.to_vec();
    }
    let all = elements(der);
    let mut out = Vec::new();
    for (n, (tag, value)) in all.iter().enumerate() {
        if *at == 0 {
            *at = usize::MAX;
            out.extend(changed(*tag, value, all.get(n + 1).copied(), random));
            continue;
        }
        *at -= 1;
        match inner(*tag, value) {
            Some(from) => {
                let inside = rewritten(&value[from..], at, depth + 1, random);
                out.extend(tlv((*tag, &[&value[..from], &inside].concat())));
            }
            None => out.extend(tlv((*tag, value))),
        }
    }
    out
}

fn changed(tag: u8, value: &[u8], next: Option<(u8, &[u8])>, random: &mut Random) -> Vec<u8> {
    let same = tlv((tag, value));
    match random.below(9) {
        0 => Vec::new(),
        1 => same.repeat(2),
        2 => [next.map(tlv).unwrap_or_default(), same].concat(),
        3 => tlv((random.below(256) as u8, value)),
        4 => tlv((tag, &[])),
        5 => tlv((tag, &same)),
        6 => tlv((tag, &value.repeat(1 + random.below(8)))),
        7 => tlv((tag, &[&[0xff; 9][..random.below(10)], value].concat())),
        _ => tlv((tag, &super::bytes(value, random))),
    }
}
