//! Lists of recipients: the slots of a keys record.

use vidveil::format::{Keys, SlotContent, SlotState, sha256};

use super::random::Random;
use super::records::take_apart;
use super::walk::number;

/// Bytes of a slot in the vectors.
pub const SIZE: usize = 4096;
/// Bytes of a slot before its content, and of its hash.
const HEAD: usize = 12;
const HASH: usize = 32;

/// Makes a slot's MAC right, and its hash; `mac` makes it of the generation and the content before it.
pub fn prove(slot: &mut [u8], mac: impl FnOnce(&[u8]) -> [u8; 32]) {
    let end = HEAD + number::<4>(slot, 8).unwrap_or(0) as usize;
    if let Some(covered) = slot.get(HEAD..end.saturating_sub(32)).filter(|_| end + HASH <= slot.len()) {
        let mac = mac(&[&slot[..8], covered].concat());
        slot[end - 32..end].copy_from_slice(&mac);
    }
    rehash(slot);
}

/// Makes a slot's hash right.
fn rehash(slot: &mut [u8]) {
    if let Some(at) = slot.len().checked_sub(HASH) {
        let hash = sha256(&slot[..at]);
        slot[at..].copy_from_slice(&hash);
    }
}

/// What stands in a slot, where that is well-formed.
fn content(slot: &[u8]) -> Option<SlotContent> {
    let mut slot = slot.to_vec();
    rehash(&mut slot);
    // session 0, nobody left out, no bond
    let mut body = vec![0; 4 + 8 + 32 + 2 + 32];
    body.extend_from_slice(&(slot.len() as u32).to_be_bytes());
    body.extend_from_slice(&slot);
    body.resize(body.len() + slot.len(), 0);
    match Keys::parse(&body).ok()?.slots()[0] {
        SlotState::Whole(content) => Some(content.clone()),
        SlotState::Empty | SlotState::Torn => None,
    }
}

/// The first slot of a container.
pub fn of(container: &[u8]) -> Option<Vec<u8>> {
    let pieces = take_apart(container);
    let keys = pieces.iter().find(|p| p.kind() == Some(2))?;
    Some(Keys::parse(&keys.bytes[8..]).ok()?.raw_slot(0).to_vec())
}

/// A slot with another list: `None` where it has none, or the list would not fit.
pub fn edited(slot: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut list = content(slot)?;
    let at = random.below(list.messages.len());
    let again = list.messages.get(at)?.clone();
    let several = list.messages.len() > 1;
    let message = list.messages.get_mut(at)?;
    let who = random.below(message.recipients.len());
    match random.below(12) {
        0 => list.generation = [0, 1, 2, u64::MAX, list.generation.wrapping_add(1)][random.below(5)],
        1 => list.written_ns = [i64::MIN, i64::MAX, 0, -1][random.below(4)],
        2 => list.messages.push(again),
        3 => list.messages.insert(0, again),
        4 if several => drop(list.messages.remove(at)),
        5 => message.recipients.push(again.recipients.get(who)?.clone()),
        6 if message.recipients.len() > 1 => drop(message.recipients.remove(who)),
        7 => message.recipients.reverse(),
        8 => *message.recipients.get_mut(who)? = super::der::edited(again.recipients.get(who)?, random),
        9 => message.cms = super::der::edited(&again.cms, random),
        10 => message.cms = super::bytes(&again.cms, random),
        _ => list.mac[random.below(32)] ^= 1 << random.below(8),
    }
    list.to_slot(u32::try_from(slot.len()).ok()?).ok()
}
