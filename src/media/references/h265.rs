//! Reference pictures of H.265 that never came: each slice names all that it may use (8.3.1, 8.3.2).

use super::super::picture_limits::Asked;
use super::bits::Bits;
use super::h265_sets::{Delta, Picture, Sequence, deltas};

/// Parameter set ids go up to 15 and 63.
const MAX_SPS: u32 = 15;
const MAX_PPS: u32 = 63;
/// No more pictures are named by a slice (A.4.2).
const MAX_PICTURES: u32 = 16;

/// Types of NAL units (table 7-1).
const SPS: u8 = 33;
const PPS: u8 = 34;
const END_OF_SEQUENCE: u8 = 36;
const END_OF_STREAM: u8 = 37;

/// How a picture relates to the ones before it.
pub(super) enum Lean {
    /// Needs no other.
    Alone,
    /// Uses one that did not come, and is shown before the last one that stands alone.
    Leading,
    /// Uses one that did not come.
    Trailing,
}

/// Follows picture order counts from picture to picture.
#[derive(Default)]
pub(super) struct PictureOrder {
    sequences: Vec<Sequence>,
    pictures: Vec<Picture>,
    /// Counts of the pictures that are there to lean on; none before the first that stands alone.
    kept: Option<Vec<i32>>,
    /// Count of the last picture of the lowest temporal layer that others lean on.
    anchor: i32,
    /// The next picture that stands alone begins anew.
    anew: bool,
    /// Pictures that lead the last one that stood alone cannot be decoded, and are not.
    leading_dropped: bool,
}

impl PictureOrder {
    /// What the sequences that are known ask for.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked> {
        self.sequences.iter().map(|s| s.asked)
    }

    /// Takes the NAL units in decoding order. None for what is no picture, and for a picture that has all it needs of
    /// others.
    pub(super) fn unit(&mut self, unit: &[u8]) -> Option<Lean> {
        let (header, payload) = unit.split_first_chunk::<2>()?;
        let [kind, layer, temporal] = [header[0] >> 1 & 63, (header[0] & 1) << 5 | header[1] >> 3, header[1] & 7];
        if layer != 0 {
            return None;
        }
        let mut bits = Bits::new(payload);
        match kind {
            SPS => {
                if let Some(s) = Sequence::read(&mut bits, MAX_SPS) {
                    self.sequences.retain(|known| known.id != s.id);
                    self.sequences.push(s);
                }
            }
            PPS => {
                if let Some(p) = Picture::read(&mut bits, MAX_PPS, MAX_SPS) {
                    self.pictures.retain(|known| known.id != p.id);
                    self.pictures.push(p);
                }
            }
            END_OF_SEQUENCE | END_OF_STREAM => self.anew = true,
            0..=9 | 16..=21 => return self.slice(kind, temporal == 1, &mut bits),
            _ => {}
        }
        None
    }

    /// slice_segment_header (7.3.6.1), as far as the pictures that it names.
    fn slice(&mut self, kind: u8, lowest_layer: bool, bits: &mut Bits) -> Option<Lean> {
        if !bits.flag()? {
            // only the first segment of a picture is read
            return None;
        }
        let alone = (16..=21).contains(&kind);
        if alone {
            bits.flag()?;
        }
        let id = bits.ue_to(MAX_PPS)?;
        let picture = self.pictures.iter().find(|known| known.id == id)?;
        let sequence = self.sequences.iter().find(|known| known.id == picture.sequence)?;
        bits.skip(picture.extra_bits)?;
        bits.ue()?; // slice_type
        if picture.output_flag {
            bits.flag()?;
        }
        if sequence.separate_planes {
            bits.take(2)?;
        }
        let (mut order, mut named) = (0, Vec::new());
        // an IDR picture has count 0 and names nothing
        if !matches!(kind, 19 | 20) {
            let low = i32::try_from(bits.take(sequence.log2_max_order)?).ok()?;
            let begins = alone && (kind != 21 || self.anew || self.kept.is_none());
            order = low.wrapping_add(if begins { 0 } else { high(low, self.anchor, 1 << sequence.log2_max_order) });
            named = named_by(bits, sequence, order)?;
        }
        if alone {
            self.leading_dropped = kind != 21 || self.anew || self.kept.is_none();
            self.anew = false;
            if self.leading_dropped {
                self.kept = Some(Vec::new());
            }
        } else if matches!(kind, 8 | 9) && self.leading_dropped {
            return None;
        }
        // leading and sub-layer non-reference pictures are no anchors
        if lowest_layer && !(6..=9).contains(&kind) && !(kind <= 14 && kind.is_multiple_of(2)) {
            self.anchor = order;
        }
        let kept = self.kept.as_mut()?;
        let there = |n: &Named| kept.iter().any(|k| n.is(*k));
        let leading = (6..=9).contains(&kind);
        let missing = named.iter().any(|n| n.used && !there(n));
        kept.retain(|k| named.iter().any(|n| n.is(*k)));
        kept.push(order);
        match (alone, missing) {
            (true, _) => Some(Lean::Alone),
            (false, true) => Some(if leading { Lean::Leading } else { Lean::Trailing }),
            (false, false) => None,
        }
    }
}

/// High bits of a picture order count (8.3.1).
fn high(low: i32, anchor: i32, modulus: i32) -> i32 {
    let anchor_low = anchor & (modulus - 1);
    let anchor_high = anchor.wrapping_sub(anchor_low);
    if low < anchor_low && anchor_low - low >= modulus / 2 {
        anchor_high.wrapping_add(modulus)
    } else if low > anchor_low && low - anchor_low > modulus / 2 {
        anchor_high.wrapping_sub(modulus)
    } else {
        anchor_high
    }
}

/// A picture that a slice names.
struct Named {
    /// Its count, or the low bits of it.
    order: i32,
    mask: i32,
    /// This picture may use it; else only later ones.
    used: bool,
}

impl Named {
    fn is(&self, order: i32) -> bool {
        order & self.mask == self.order & self.mask
    }
}

/// The reference picture set of a slice (8.3.2).
fn named_by(bits: &mut Bits, sequence: &Sequence, order: i32) -> Option<Vec<Named>> {
    let sets = &sequence.sets;
    let set: Vec<Delta> = if bits.flag()? {
        let index = bits.take(bits_for(sets.len()))?;
        sets.get(usize::try_from(index).ok()?)?.clone()
    } else {
        deltas(bits, sets, true)?
    };
    let mut named: Vec<Named> =
        set.iter().map(|d| Named { order: order.wrapping_add(d.order), mask: -1, used: d.used }).collect();
    if sequence.long_term {
        let modulus = 1_i32 << sequence.log2_max_order;
        let known = sequence.long_term_sets.len();
        let from_sequence = if known > 0 { bits.ue_to(MAX_PICTURES)? } else { 0 };
        let count = from_sequence + bits.ue_to(MAX_PICTURES)?;
        let mut cycles = 0_i32;
        for n in 0..count {
            let (low, used) = if n < from_sequence {
                let index = bits.take(bits_for(known))?;
                *sequence.long_term_sets.get(usize::try_from(index).ok()?)?
            } else {
                (i32::try_from(bits.take(sequence.log2_max_order)?).ok()?, bits.flag()?)
            };
            if n == 0 || n == from_sequence {
                cycles = 0;
            }
            named.push(if bits.flag()? {
                cycles = cycles.wrapping_add(i32::try_from(bits.ue()?).ok()?);
                let base = order.wrapping_sub(cycles.wrapping_mul(modulus)).wrapping_sub(order & (modulus - 1));
                Named { order: base.wrapping_add(low), mask: -1, used }
            } else {
                Named { order: low, mask: modulus - 1, used }
            });
        }
    }
    Some(named)
}

/// Bits that tell one of `count`.
fn bits_for(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}
