//! Mutation that knows what it changes: a container's records, a slot's list, a certificate's elements. What would be
//! refused at the first look is made right again (lengths, hashes, MACs, bonds, the tags of frames, signatures), as
//! somebody could who has the secret of the test vectors: so the checks after it have something to do.
//!
//! | file | idea |
//! |---|---|
//! | `records` | a container taken to pieces, its frames opened |
//! | `moves` | records that go, come twice, change places |
//! | `fields` | numbers at their edges, parts that grow and shrink |
//! | `slots` | lists of recipients |
//! | `walk` | the key schedule along a stream |
//! | `repair` | what is made right again |
//! | `der`, `tlv` | certificates and messages |
//! | `parts` | inputs that are a row of parts |
#![allow(dead_code, reason = "each fuzz target uses its own part")]

mod der;
mod fields;
mod moves;
mod parts;
#[path = "../../tests/support/random.rs"]
mod random;
mod records;
mod repair;
mod slots;
mod tlv;
mod walk;

use std::sync::LazyLock;

pub use parts::{answers, boxes, messages, pem, two};
pub use random::Random;

use super::seeds;

/// A changed input. The numbers decide what is changed.
pub type Mutator = fn(&[u8], &mut Random) -> Vec<u8>;

/// Where other records come from.
static OTHERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(seeds::containers);

/// A container with other records, other fields, other bytes.
pub fn container(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut pieces = records::opened(records::take_apart(bytes));
    let other = records::opened(records::take_apart(&OTHERS[random.below(OTHERS.len())]));
    for _ in 0..1 + random.below(3) {
        if random.below(5) < 2 {
            let edit = moves::Edit::of(random.below(9), random.below(64), random.below(64));
            moves::apply(&edit, &mut pieces, &other);
        } else {
            fields::edit(&mut pieces, random);
        }
    }
    repair::put_together(pieces, &repair::Repair::some(random))
}

/// A container as it is, with everything made right in it that can be.
pub fn repaired(bytes: &[u8]) -> Vec<u8> {
    let all = repair::Repair { proofs: true, numbers: true, but: None };
    repair::put_together(records::opened(records::take_apart(bytes)), &all)
}

/// What only an attacker without the secret can write: both slots of a keys record.
pub fn slots(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut pair = bytes.to_vec();
    pair.resize(2 * slots::SIZE, 0);
    let other = OTHERS[random.below(OTHERS.len())].as_slice();
    for _ in 0..1 + random.below(2) {
        let (first, second) = pair.split_at_mut(slots::SIZE);
        match random.below(8) {
            0 => first.swap_with_slice(second),
            1 => first.copy_from_slice(second),
            n => {
                let slot = if n % 2 == 0 { first } else { second };
                let changed = slots::edited(slot, random).or_else(|| slots::of(other));
                if let Some(changed) = changed.filter(|c| c.len() == slot.len()) {
                    slot.copy_from_slice(&changed);
                }
            }
        }
    }
    pair
}

/// DER, or PEM, with other elements.
pub fn der(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    der::edited(bytes, random)
}

/// For inputs in which nothing must fit to anything: bytes changed, cut off, repeated.
pub fn bytes(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(4) {
        let (at, n) = (random.below(bytes.len()), 1 + random.below(24));
        let end = (at + n).min(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 if at < end => {
                let from = random.below(bytes.len());
                let part = bytes[from..(from + 8 * n).min(bytes.len())].to_vec();
                bytes.splice(at..end, part);
            }
            4 if at < end => bytes[at..end].fill([0, 0xff, 0x80][n % 3]),
            _ if at < end => bytes[at] ^= 1 << (n % 8),
            _ => {}
        }
    }
    bytes
}
