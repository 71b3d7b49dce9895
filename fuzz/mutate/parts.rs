//! Inputs that are a row of parts, each with its own length or mark: PEM blocks, messages, answers, boxes, two files.

use super::random::Random;
use super::{bytes, container, der, moves};

/// Parts that go, come twice or change places, and parts that are changed inside.
fn edited(mut parts: Vec<Vec<u8>>, random: &mut Random, inside: fn(&[u8], &mut Random) -> Vec<u8>) -> Vec<Vec<u8>> {
    for _ in 0..1 + random.below(3) {
        let at = random.below(parts.len());
        let Some(part) = parts.get_mut(at) else { break };
        if random.below(3) > 0 {
            *part = inside(part, random);
            continue;
        }
        let other = parts.clone();
        let edit = moves::Edit::of(random.below(7), random.below(64), random.below(64));
        moves::apply(&edit, &mut parts, &other);
    }
    parts
}

/// Blocks of PEM, and the text between them.
pub fn pem(input: &[u8], random: &mut Random) -> Vec<u8> {
    let (mut parts, mut rest) = (Vec::new(), input);
    while !rest.is_empty() {
        let next = rest[1..].windows(11).position(|w| w == b"-----BEGIN ").map_or(rest.len(), |at| at + 1);
        let (part, after) = rest.split_at(next);
        parts.push(part.to_vec());
        rest = after;
    }
    edited(parts, random, |part, random| match random.below(3) {
        0 => bytes(part, random),
        1 => relabelled(part, random),
        _ => der(part, random),
    })
    .concat()
}

/// Another word in the lines that begin and end a block.
fn relabelled(part: &[u8], random: &mut Random) -> Vec<u8> {
    const LABELS: [&str; 8] = [
        "CERTIFICATE",
        "TRUSTED CERTIFICATE",
        "X509 CERTIFICATE",
        "PKCS7",
        "CMS",
        "PRIVATE KEY",
        "X509 CRL",
        "CERTIFICATE REQUEST",
    ];
    let text = String::from_utf8_lossy(part).into_owned();
    let Some(label) = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split("-----").next()) else {
        return part.to_vec();
    };
    let new = LABELS[random.below(LABELS.len())];
    // in both lines, or in the first alone
    let times = 1 + random.below(2);
    text.replacen(&format!(" {label}-----"), &format!(" {new}-----"), times).into_bytes()
}

/// The parts of an input whose lengths stand in it: `head` says how long a part's head is, and what follows it.
fn by_length(mut input: &[u8], head: usize, length: fn(&[u8]) -> usize) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while !input.is_empty() {
        let n = input.get(..head).map_or(input.len(), |h| head.saturating_add(length(h)));
        let (part, rest) = input.split_at(n.clamp(1, input.len()));
        parts.push(part.to_vec());
        input = rest;
    }
    parts
}

fn number(digits: &[u8]) -> usize {
    digits.iter().fold(0, |n: usize, d| n << 8 | usize::from(*d))
}

/// Messages of a kind, a length of four bytes and a body.
pub fn messages(input: &[u8], random: &mut Random) -> Vec<u8> {
    let parts = by_length(input, 5, |head| number(&head[1..]));
    let parts = edited(parts, random, |part, random| {
        let (head, body) = part.split_at(part.len().min(5));
        let body = if body.starts_with(b"\x89VVEIL") { container(body, random) } else { bytes(body, random) };
        let kind = if random.below(8) == 0 { random.below(12) as u8 } else { head.first().copied().unwrap_or(0) };
        let length = if random.below(12) == 0 { u32::MAX >> random.below(32) } else { body.len() as u32 };
        [&[kind], &length.to_be_bytes()[..], &body].concat()
    });
    parts.concat()
}

/// Answers after their length in two bytes.
pub fn answers(input: &[u8], random: &mut Random) -> Vec<u8> {
    let parts = by_length(input, 2, number);
    let parts = edited(parts, random, |part, random| {
        let body = lines(part.get(2..).unwrap_or_default(), random);
        let body = &body[..body.len().min(u16::MAX.into())];
        [&(body.len() as u16).to_be_bytes()[..], body].concat()
    });
    parts.concat()
}

/// Lines that go, come twice or change places; numbers in them at their edges.
fn lines(text: &[u8], random: &mut Random) -> Vec<u8> {
    if text.first() == Some(&b'$') || random.below(3) == 0 {
        return bytes(text, random);
    }
    let parts = text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let parts = edited(parts, random, |line, random| {
        const NUMBERS: [&str; 8] = ["0", "-1", "1", "255", "65536", "4294967295", "99999999999999999999", ""];
        let Some(at) = line.iter().position(u8::is_ascii_digit).filter(|_| random.below(3) > 0) else {
            return bytes(line, random);
        };
        let end = line[at..].iter().position(|b| !b.is_ascii_digit()).map_or(line.len(), |n| at + n);
        [&line[..at], NUMBERS[random.below(NUMBERS.len())].as_bytes(), &line[end..]].concat()
    });
    parts.concat()
}

/// Boxes of ISO/IEC 14496-12, which lie in one another; the length of each is right again.
pub fn boxes(input: &[u8], random: &mut Random) -> Vec<u8> {
    let parts = by_length(input, 8, |head| number(&head[..4]).saturating_sub(8));
    if parts.len() == 1 && parts[0].get(4..8).is_none_or(|kind| !kind.iter().all(u8::is_ascii_alphanumeric)) {
        return bytes(input, random);
    }
    edited(parts, random, |part, random| {
        let (head, body) = part.split_at(part.len().min(8));
        let body = match head.get(4..8) {
            Some(b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"moof" | b"traf" | b"edts" | b"mvex") => {
                boxes(body, random)
            }
            _ => bytes(body, random),
        };
        let length = (head.len() + body.len()) as u32;
        [&length.to_be_bytes()[..], head.get(4..).unwrap_or_default(), &body].concat()
    })
    .concat()
}

/// Two containers, the first after its length in four bytes.
pub fn two(input: &[u8], random: &mut Random) -> Vec<u8> {
    let (length, rest) = input.split_at(input.len().min(4));
    let (first, second) = rest.split_at(number(length).min(rest.len()));
    let (mut first, mut second) = (first.to_vec(), second.to_vec());
    match random.below(5) {
        0 => std::mem::swap(&mut first, &mut second),
        1 => second.clone_from(&first),
        2 => first = container(&first, random),
        3 => second = container(&second, random),
        _ => {
            first = container(&first, random);
            second = container(&second, random);
        }
    }
    [&(first.len() as u32).to_be_bytes()[..], &first, &second].concat()
}
