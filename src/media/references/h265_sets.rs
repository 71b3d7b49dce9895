//! Parameter sets of H.265, as far as reference pictures need them (7.3.2.2, 7.3.2.3, 7.3.7).

use super::super::picture_limits::Asked;
use super::bits::Bits;

/// Maximum of num_short_term_ref_pic_sets and of num_long_term_ref_pics_sps (7.4.3.2.1).
const MAX_SETS: u32 = 64;
const MAX_LONG_TERM: u32 = 32;
/// Pictures of a set (A.4.2).
const MAX_PICTURES: u32 = 16;
/// log2_max_pic_order_cnt_lsb is at most 16.
const MAX_LOG2_ORDER: u32 = 16;

/// Where a reference picture is, from the one that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) order: i32,
    /// By this picture; else only by later ones.
    pub(super) used: bool,
}

/// A sequence parameter set.
pub(super) struct Sequence {
    pub(super) id: u32,
    pub(super) asked: Asked,
    pub(super) separate_planes: bool,
    pub(super) log2_max_order: u32,
    pub(super) sets: Vec<Vec<Delta>>,
    pub(super) long_term: bool,
    /// Low bits of the count; used by the picture that names it.
    pub(super) long_term_sets: Vec<(i32, bool)>,
}

impl Sequence {
    pub(super) fn read(bits: &mut Bits, most: u32) -> Option<Self> {
        bits.skip(4)?;
        let layers = bits.take(3)?;
        bits.flag()?;
        profile(bits, layers)?;
        let id = bits.ue_to(most)?;
        let separate_planes = bits.ue_to(3)? == 3 && bits.flag()?;
        let (width, height) = (bits.ue()?, bits.ue()?);
        if bits.flag()? {
            for _ in 0..4 {
                bits.ue()?;
            }
        }
        bits.ue()?; // bit depths
        bits.ue()?;
        let log2_max_order = bits.ue_to(MAX_LOG2_ORDER - 4)? + 4;
        let each = bits.flag()?;
        let mut kept = 0;
        for _ in 0..if each { layers + 1 } else { 1 } {
            // max_dec_pic_buffering_minus1, and two of no interest
            kept = bits.ue()?.saturating_add(1).max(kept);
            bits.ue()?;
            bits.ue()?;
        }
        for _ in 0..6 {
            bits.ue()?; // sizes of blocks, depths of their trees
        }
        if bits.flag()? && bits.flag()? {
            scaling_lists(bits)?;
        }
        bits.skip(2)?;
        if bits.flag()? {
            bits.skip(8)?; // PCM samples
            bits.ue()?;
            bits.ue()?;
            bits.flag()?;
        }
        let count = bits.ue_to(MAX_SETS)?;
        let mut sets = Vec::new();
        for _ in 0..count {
            let set = deltas(bits, &sets, false)?;
            sets.push(set);
        }
        let long_term = bits.flag()?;
        let mut long_term_sets = Vec::new();
        if long_term {
            for _ in 0..bits.ue_to(MAX_LONG_TERM)? {
                long_term_sets.push((i32::try_from(bits.take(log2_max_order)?).ok()?, bits.flag()?));
            }
        }
        let asked = Asked { width, height, kept };
        Some(Sequence { id, asked, separate_planes, log2_max_order, sets, long_term, long_term_sets })
    }
}

/// A picture parameter set.
pub(super) struct Picture {
    pub(super) id: u32,
    pub(super) sequence: u32,
    pub(super) output_flag: bool,
    pub(super) extra_bits: usize,
}

impl Picture {
    pub(super) fn read(bits: &mut Bits, most: u32, most_sequence: u32) -> Option<Self> {
        let (id, sequence) = (bits.ue_to(most)?, bits.ue_to(most_sequence)?);
        bits.flag()?; // dependent_slice_segments_enabled_flag: a dependent segment is never a picture's first
        Some(Picture { id, sequence, output_flag: bits.flag()?, extra_bits: bits.take(3)? as usize })
    }
}

/// profile_tier_level (7.3.3)
fn profile(bits: &mut Bits, layers: u32) -> Option<()> {
    bits.skip(96)?;
    let mut present = Vec::new();
    for _ in 0..layers {
        present.push((bits.flag()?, bits.flag()?));
    }
    if layers > 0 {
        bits.skip(2 * (8 - layers as usize))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some(())
}

/// scaling_list_data (7.3.4)
fn scaling_lists(bits: &mut Bits) -> Option<()> {
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.flag()? {
                bits.ue()?;
                continue;
            }
            if size > 1 {
                bits.se()?;
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.se()?;
            }
        }
    }
    Some(())
}

/// st_ref_pic_set (7.3.7), the one after `sets`, in their sequence or in a slice: earlier pictures, nearest first, then
/// later ones.
pub(super) fn deltas(bits: &mut Bits, sets: &[Vec<Delta>], in_slice: bool) -> Option<Vec<Delta>> {
    if !sets.is_empty() && bits.flag()? {
        let back = if in_slice { bits.ue()? as usize + 1 } else { 1 };
        return predicted(bits, sets.get(sets.len().checked_sub(back)?)?);
    }
    let (earlier, later) = (bits.ue_to(MAX_PICTURES)?, bits.ue_to(MAX_PICTURES)?);
    let mut set = Vec::new();
    for (count, sign) in [(earlier, -1), (later, 1)] {
        let mut order = 0_i32;
        for _ in 0..count {
            order = order.checked_add(sign * i32::try_from(bits.ue_to(0x7fff)? + 1).ok()?)?;
            set.push(Delta { order, used: bits.flag()? });
        }
    }
    Some(set)
}

/// A set that is given by its difference from another (7-61, 7-62).
fn predicted(bits: &mut Bits, from: &[Delta]) -> Option<Vec<Delta>> {
    let negative = bits.flag()?;
    let size = i32::try_from(bits.ue_to(0x7fff)? + 1).ok()?;
    let shift = if negative { -size } else { size };
    // for each picture of the other set, and last for the other picture itself
    let mut moved = Vec::new();
    for order in from.iter().map(|d| d.order).chain([0]) {
        let used = bits.flag()?;
        if used || bits.flag()? {
            moved.push(Delta { order: order.checked_add(shift)?, used });
        }
    }
    let mut earlier: Vec<Delta> = moved.iter().copied().filter(|d| d.order < 0).collect();
    let mut later: Vec<Delta> = moved.into_iter().filter(|d| d.order > 0).collect();
    earlier.sort_by_key(|d| -d.order);
    later.sort_by_key(|d| d.order);
    earlier.extend(later);
    (earlier.len() <= MAX_PICTURES as usize).then_some(earlier)
}
