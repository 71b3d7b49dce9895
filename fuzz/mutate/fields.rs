//! Numbers at their edges, parts that grow and shrink.

use super::random::Random;
use super::records::Piece;
use super::slots;

/// Where numbers stand in a record of a type, from its beginning, and how many bytes they have.
fn numbers(kind: u8) -> &'static [(usize, usize)] {
    match kind {
        1 => &[(24, 1), (25, 1), (26, 2), (28, 8), (36, 8), (44, 2)],
        2 => &[(8, 4), (12, 8), (52, 2), (54, 1), (86, 4)],
        3 => &[(8, 4), (12, 8), (20, 8), (28, 8)],
        4 => &[(2, 2), (8, 4), (12, 8), (20, 8), (28, 8), (36, 4)],
        5 => &[(8, 8), (16, 1), (17, 2), (20, 4), (24, 2), (26, 4), (30, 8), (38, 8)],
        6 => &[(40, 8), (48, 8), (56, 4)],
        7 => &[(8, 4), (12, 8), (20, 8), (28, 8), (36, 8)],
        8 => &[(8, 1), (9, 2), (12, 4)],
        _ => &[],
    }
}

/// Changes one thing in one piece.
pub fn edit(pieces: &mut [Piece], random: &mut Random) {
    let at = random.below(pieces.len());
    let Some(piece) = pieces.get_mut(at) else { return };
    let kind = piece.kind().unwrap_or(0);
    let bytes = &mut piece.bytes;
    match random.below(12) {
        // type, flags
        0 => set(bytes, random.below(2), 1, random),
        1..=5 if !numbers(kind).is_empty() => {
            let (at, width) = numbers(kind)[random.below(numbers(kind).len())];
            set(bytes, at, width, random);
        }
        6 if kind == 2 => slot(bytes, random),
        6 | 7 => resize(bytes, random),
        8 => *bytes = [&bytes[..bytes.len().min(8)], &super::bytes(&bytes[bytes.len().min(8)..], random)].concat(),
        _ => {
            let (at, width) = (8 + random.below(bytes.len().saturating_sub(8)), [1, 2, 4, 8][random.below(4)]);
            set(bytes, at, width, random);
        }
    }
}

/// Another number: at an edge, or near to what it was.
fn set(bytes: &mut [u8], at: usize, width: usize, random: &mut Random) {
    let Some(field) = bytes.get_mut(at..at + width) else { return };
    let old = field.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let top = 1u64 << (8 * width - 1);
    let new = match random.below(11) {
        0 => 0,
        1 => 1,
        2 => u64::MAX,
        3 => u64::MAX - 1,
        4 => top,
        5 => top - 1,
        6 => old.wrapping_add(1),
        7 => old.wrapping_sub(1),
        8 => old.wrapping_mul(2),
        9 => old ^ 1 << random.below(8 * width),
        _ => random.below(1 << 16) as u64,
    };
    field.copy_from_slice(&new.to_be_bytes()[8 - width..]);
}

/// One of the slots of a keys record.
fn slot(record: &mut [u8], random: &mut Random) {
    let Some(half) = record.len().checked_sub(2 * slots::SIZE) else { return };
    let slot = &mut record[half + slots::SIZE * random.below(2)..][..slots::SIZE];
    if let Some(new) = slots::edited(slot, random) {
        slot.copy_from_slice(&new);
    }
}

/// A part with its length before it becomes longer or shorter; where there is none, the record does.
fn resize(record: &mut Vec<u8>, random: &mut Random) {
    let prefixes: Vec<_> = (8..record.len().saturating_sub(4))
        .filter_map(|at| {
            let n = u32::from_be_bytes(record[at..at + 4].try_into().ok()?) as usize;
            (n > 0 && at + 4 + n <= record.len()).then_some((at, n))
        })
        .collect();
    let by = 1 + random.below(40);
    let Some((at, n)) = prefixes.get(random.below(prefixes.len())).copied() else {
        let at = random.below(record.len() + 1);
        record.splice(at..at, std::iter::repeat_n(0, by));
        return;
    };
    let (begin, end) = (at + 4, at + 4 + n);
    let new = if random.below(2) == 0 {
        record.drain(end - by.min(n)..end);
        n - by.min(n)
    } else {
        let more: Vec<u8> = record[begin..end].iter().copied().cycle().take(by).collect();
        record.splice(end..end, more);
        n + by
    };
    record[at..begin].copy_from_slice(&(new as u32).to_be_bytes());
}
