//! The keys record: a key session, who can open it, who was left out.

use super::error::Fault;
use super::field_reader::{Fields, put_text16, put_u16};
use super::header::{HEADER_LEN, build};
use super::limits;
use super::record_type::RecordType;
use super::slot::{self, SlotContent};
use super::time;

/// Longest subject or file name of a certificate left out, in bytes.
const NAME: usize = 1024;
/// Bytes of the body before the list of certificates left out and after it, without the slots.
const FIXED: usize = 4 + 8 + 32 + 2 + 32 + 4;
/// Bytes of an entry of that list without its name.
const LEFT_OUT_FIXED: usize = 1 + 32 + 8 + 2;
/// Most reasons that version 1 knows for leaving a certificate out.
const REASONS: u8 = 12;

/// A certificate that the session is not sealed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// 1 expired, 2 not yet valid, 3 revoked, 4 key usage, 5 weak key, 6 unsupported key, 7 a CA, 8 duplicate key, 9 no
    /// chain, 10 unreadable, 11 removed, 12 no revocation list that can be used.
    pub reason: u8,
    /// SHA-256 of the certificate, zeros when it could not be read.
    pub fingerprint: [u8; 32],
    /// UTC ns, if known.
    pub not_after_ns: Option<i64>,
    /// Subject, or file name.
    pub name: String,
}

/// What a slot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// Zeros.
    Empty,
    /// Neither empty nor whole: a write was interrupted.
    Torn,
    /// Whole.
    Whole(SlotContent),
}

/// The keys record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Session number, 0 first.
    pub session: u32,
    /// Number of the session's first epoch, where its key chain begins.
    pub first_epoch: u64,
    /// Commitment to the session secret.
    pub commitment: [u8; 32],
    /// Certificates that were not used, and why.
    pub left_out: Vec<LeftOut>,
    /// HMAC with a key that only those have who can open the session before, over everything above; zeros in session 0.
    /// See [`Keys::with_bond`].
    pub bond: [u8; 32],
    slots: [Vec<u8>; 2],
    states: [SlotState; 2],
}

impl Keys {
    /// A record as it is first written: `content` in slot 0, slot 1 empty. `room` is the least slot size in bytes;
    /// slots are made larger when twice the content needs it. The bond is zeros.
    pub fn new(
        session: u32,
        first_epoch: u64,
        commitment: [u8; 32],
        left_out: Vec<LeftOut>,
        content: SlotContent,
        room: u32,
    ) -> Result<Self, Fault> {
        let size = content.slot_size(room)?;
        let slots = [content.to_slot(size)?, vec![0; size as usize]];
        Ok(Keys {
            session,
            first_epoch,
            commitment,
            left_out,
            bond: [0; 32],
            slots,
            states: [SlotState::Whole(content), SlotState::Empty],
        })
    }

    /// Reads the body of a keys record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let (session, first_epoch, commitment) = (f.u32()?, f.u64()?, f.array()?);
        let n = f.u16()? as usize;
        if n > limits::LEFT_OUT {
            return Err(Fault::ListTooLong);
        }
        let left_out = (0..n).map(|_| parse_left_out(&mut f)).collect::<Result<_, _>>()?;
        let (bond, size) = (f.array()?, f.u32()?);
        if !limits::SLOT.contains(&size) || (session == 0 && bond != [0; 32]) {
            return Err(Fault::Value);
        }
        let slots = [f.bytes(size as usize)?.to_vec(), f.bytes(size as usize)?.to_vec()];
        f.finish()?;
        let states = [state(&slots[0])?, state(&slots[1])?];
        match (&states[0], &states[1]) {
            (SlotState::Whole(_), _) | (_, SlotState::Whole(_)) => {}
            _ => return Err(Fault::NoSlot),
        }
        Ok(Keys { session, first_epoch, commitment, left_out, bond, slots, states })
    }

    /// The whole record, header and body.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        build(RecordType::Keys, 0, |out| {
            self.put_head(out)?;
            self.slots.iter().for_each(|s| out.extend_from_slice(s));
            Ok(())
        })
    }

    /// Writes the body up to the slots.
    fn put_head(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.put_bound(out)?;
        out.extend_from_slice(&self.bond);
        out.extend_from_slice(&self.slot_size().to_be_bytes());
        Ok(())
    }

    /// Writes the body up to the bond.
    fn put_bound(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.extend_from_slice(&self.session.to_be_bytes());
        out.extend_from_slice(&self.first_epoch.to_be_bytes());
        out.extend_from_slice(&self.commitment);
        if self.left_out.len() > limits::LEFT_OUT {
            return Err(Fault::ListTooLong);
        }
        put_u16(out, self.left_out.len())?;
        for l in &self.left_out {
            if l.reason == 0 || l.reason > REASONS {
                return Err(Fault::Value);
            }
            out.push(l.reason);
            out.extend_from_slice(&l.fingerprint);
            out.extend_from_slice(&time::to_bytes(l.not_after_ns));
            put_text16(out, &l.name, NAME)?;
        }
        Ok(())
    }

    /// What the bond covers: the body before it. Who can open the session is none of it, so that it can be changed.
    pub fn bond_text(&self) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        self.put_bound(&mut text)?;
        Ok(text)
    }

    /// The record with its bond to the session before; `mac` makes it of the bytes that it covers. The MACs of the
    /// slots cover the bond: they are made after it.
    pub fn with_bond(mut self, mac: impl FnOnce(&[u8]) -> [u8; 32]) -> Result<Self, Fault> {
        self.bond = mac(&self.bond_text()?);
        Ok(self)
    }

    /// What the signature of whoever writes `content` into a slot of `size` bytes covers of this record: the body
    /// before the slots, the generation, and the content before the signature.
    pub fn signed_text(&self, content: &SlotContent, size: u32) -> Result<Vec<u8>, Fault> {
        let mut text = self.bond_text()?;
        text.extend_from_slice(&self.bond);
        text.extend_from_slice(&size.to_be_bytes());
        text.extend_from_slice(&content.generation.to_be_bytes());
        text.extend_from_slice(&content.signed_part()?);
        Ok(text)
    }

    /// What the MAC of slot 0 or 1 covers: the body before the slots, the slot's generation, and its content before the
    /// MAC. `None` when the slot is not whole.
    pub fn mac_text(&self, slot: usize) -> Option<Vec<u8>> {
        let (SlotState::Whole(_), Some(raw)) = (self.states.get(slot)?, self.slots.get(slot)) else { return None };
        let mut text = Vec::new();
        self.put_head(&mut text).ok()?;
        let (generation, content) = slot::covered_by_mac(raw)?;
        text.extend_from_slice(generation);
        text.extend_from_slice(content);
        Some(text)
    }

    /// The record with the right MAC in the slot that counts; `mac` makes it of the bytes that it covers.
    pub fn with_mac(mut self, mac: impl FnOnce(&[u8]) -> [u8; 32]) -> Result<Self, Fault> {
        let slot = self.current_slot();
        let text = self.mac_text(slot).ok_or(Fault::NoSlot)?;
        let size = self.slot_size();
        if let (SlotState::Whole(content), Some(raw)) = (&mut self.states[slot], self.slots.get_mut(slot)) {
            content.mac = mac(&text);
            *raw = content.to_slot(size)?;
        }
        Ok(self)
    }

    /// The bytes of slot 0 or 1.
    pub fn raw_slot(&self, slot: usize) -> &[u8] {
        &self.slots[slot.min(1)]
    }

    /// The whole slot with the highest generation: who can open the session now.
    pub fn current(&self) -> &SlotContent {
        match &self.states[self.current_slot()] {
            SlotState::Whole(content) => content,
            // parse and new both refuse a record without a whole slot
            _ => unreachable!("a keys record has a whole slot"),
        }
    }

    /// Whether both slots are whole and have one generation, which no writer makes: one is somebody's copy. The first
    /// one counts then, and whichever opens is taken.
    pub fn is_tied(&self) -> bool {
        matches!(&self.states, [SlotState::Whole(a), SlotState::Whole(b)] if a.generation == b.generation)
    }

    /// The number of the slot that counts, 0 or 1.
    pub fn current_slot(&self) -> usize {
        let generation = |i: usize| match &self.states[i] {
            SlotState::Whole(c) => c.generation,
            _ => 0,
        };
        usize::from(generation(1) > generation(0))
    }

    /// Size of a slot in bytes.
    pub fn slot_size(&self) -> u32 {
        self.slots[0].len() as u32
    }

    /// Where slot 0 or 1 begins, in bytes from the beginning of the whole record: the slots stand at its end.
    pub fn slot_offset(&self, slot: usize) -> u64 {
        let names: usize = self.left_out.iter().map(|l| LEFT_OUT_FIXED + l.name.len()).sum();
        (HEADER_LEN + FIXED + names + slot.min(1) * self.slots[0].len()) as u64
    }

    /// Length of the whole record, header and body, in bytes.
    pub fn record_len(&self) -> u64 {
        self.slot_offset(1) + u64::from(self.slot_size())
    }

    /// The record with other recipients: `content` in the slot that does not count now, the other one empty, both with
    /// `size` bytes. Everything else stays. Errors: [`Fault::TooLong`] when the content does not fit, and
    /// [`Fault::Value`] when its generation is not above the one that counts, or no slot has that size.
    pub fn rewrapped(&self, content: SlotContent, size: u32) -> Result<Self, Fault> {
        if content.generation <= self.current().generation || !limits::SLOT.contains(&size) {
            return Err(Fault::Value);
        }
        let whole = (content.to_slot(size)?, SlotState::Whole(content));
        let empty = (vec![0; size as usize], SlotState::Empty);
        let (a, b) = if self.current_slot() == 0 { (empty, whole) } else { (whole, empty) };
        Ok(Keys { slots: [a.0, b.0], states: [a.1, b.1], left_out: self.left_out.clone(), ..*self })
    }

    /// The record with the slot that does not count emptied.
    pub fn settled(self) -> Self {
        let old = 1 - self.current_slot();
        self.emptied(old)
    }

    /// The record with the slot that counts emptied, so that the other one does; `None` when that one is not whole.
    pub fn put_back(self) -> Option<Self> {
        let new = self.current_slot();
        matches!(self.states[1 - new], SlotState::Whole(_)).then(|| self.emptied(new))
    }

    fn emptied(mut self, slot: usize) -> Self {
        self.slots[slot].fill(0);
        self.states[slot] = SlotState::Empty;
        self
    }

    /// Both slots.
    pub fn slots(&self) -> [&SlotState; 2] {
        [&self.states[0], &self.states[1]]
    }
}

fn state(raw: &[u8]) -> Result<SlotState, Fault> {
    if raw.iter().all(|b| *b == 0) {
        return Ok(SlotState::Empty);
    }
    Ok(slot::read(raw)?.map_or(SlotState::Torn, SlotState::Whole))
}

fn parse_left_out(f: &mut Fields<'_>) -> Result<LeftOut, Fault> {
    let reason = f.u8()?;
    if reason == 0 || reason > REASONS {
        return Err(Fault::Value);
    }
    let (fingerprint, not_after_ns) = (f.array()?, f.time()?);
    let len = f.u16()? as usize;
    if len > NAME {
        return Err(Fault::ListTooLong);
    }
    Ok(LeftOut { reason, fingerprint, not_after_ns, name: f.text(len)? })
}
