//! Reference pictures of H.264 that never came: `frame_num` has a gap (7.4.3, 8.2.5.2).

use super::super::picture_limits::Asked;
use super::bits::Bits;

/// Parameter set ids go up to 31 and 255.
const MAX_SPS: u32 = 31;
const MAX_PPS: u32 = 255;
/// Profiles whose sequence parameter sets give the chroma format (7.3.2.1.1).
const HIGH: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// What a sequence parameter set says of `frame_num`.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    id: u32,
    log2_max_frame_num: u32,
    separate_planes: bool,
    gaps_allowed: bool,
    /// Pictures may be fields.
    fields: bool,
    asked: Option<Asked>,
}

/// One field of a frame, as a slice of it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::media) struct Field {
    number: u32,
    bottom: bool,
    idr: bool,
}

impl Field {
    /// Whether the two are a frame (7.4.1.2.4, 3.30): only the first may be an IDR picture.
    pub(in crate::media) fn is_completed_by(self, second: Field) -> bool {
        self.number == second.number && self.bottom != second.bottom && !second.idr
    }

    /// Whether both slices are of the same field.
    pub(in crate::media) fn is_same(self, other: Field) -> bool {
        self.number == other.number && self.bottom == other.bottom
    }
}

/// Follows `frame_num` from slice to slice.
#[derive(Default)]
pub(super) struct FrameNumbers {
    sequences: Vec<Sequence>,
    /// Id of a picture parameter set, id of its sequence's.
    pictures: Vec<(u32, u32)>,
    /// Of the last reference picture; none before the first one of all.
    last: Option<u32>,
}

impl FrameNumbers {
    /// What the sequences that are known ask for.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked> {
        self.sequences.iter().filter_map(|s| s.asked)
    }

    /// Takes the NAL units in decoding order. True when a picture that others may lean on is missing before this one.
    pub(super) fn unit(&mut self, unit: &[u8]) -> bool {
        let Some((header, payload)) = unit.split_first() else { return false };
        let reference = header >> 5 & 3 != 0;
        match header & 31 {
            7 => {
                if let Some(s) = sequence(&mut Bits::new(payload)) {
                    self.sequences.retain(|known| known.id != s.id);
                    self.sequences.push(s);
                }
                false
            }
            8 => {
                let mut bits = Bits::new(payload);
                if let (Some(id), Some(of)) = (bits.ue_to(MAX_PPS), bits.ue_to(MAX_SPS)) {
                    self.pictures.retain(|known| known.0 != id);
                    self.pictures.push((id, of));
                }
                false
            }
            kind @ (1 | 2 | 5) => self.slice(kind == 5, reference, payload).unwrap_or(false),
            _ => false,
        }
    }

    /// The field that a slice is of; `None` for what is no slice, or one of a whole frame.
    pub(super) fn field(&self, unit: &[u8]) -> Option<Field> {
        let (header, payload) = unit.split_first()?;
        let kind = header & 31;
        if !matches!(kind, 1 | 2 | 5) {
            return None;
        }
        let mut bits = Bits::new(payload);
        let (sequence, number) = self.frame_number(&mut bits)?;
        let field = sequence.fields && bits.flag()?;
        Some(Field { number, bottom: field && bits.flag()?, idr: kind == 5 }).filter(|_| field)
    }

    /// Whether pictures of some sequence that is known may be fields.
    pub(super) fn has_fields(&self) -> bool {
        self.sequences.iter().any(|s| s.fields)
    }

    /// slice_header (7.3.3) up to `frame_num`.
    fn frame_number(&self, bits: &mut Bits) -> Option<(Sequence, u32)> {
        bits.ue()?; // first_mb_in_slice
        bits.ue()?; // slice_type
        let picture = bits.ue_to(MAX_PPS)?;
        let (_, of) = self.pictures.iter().find(|known| known.0 == picture)?;
        let sequence = *self.sequences.iter().find(|known| known.id == *of)?;
        if sequence.separate_planes {
            bits.take(2)?;
        }
        Some((sequence, bits.take(sequence.log2_max_frame_num)?))
    }

    fn slice(&mut self, idr: bool, reference: bool, payload: &[u8]) -> Option<bool> {
        let (sequence, number) = self.frame_number(&mut Bits::new(payload))?;
        let missing = !idr
            && !sequence.gaps_allowed
            && self
                .last
                .is_some_and(|last| number != last && number != (last + 1) % (1 << sequence.log2_max_frame_num));
        if reference || missing {
            self.last = Some(number);
        }
        Some(missing)
    }
}

/// seq_parameter_set_data (7.3.2.1.1), as far as it is needed.
fn sequence(bits: &mut Bits) -> Option<Sequence> {
    let profile = bits.take(8)?;
    bits.skip(16)?;
    let id = bits.ue_to(MAX_SPS)?;
    let mut separate_planes = false;
    if HIGH.contains(&profile) {
        let chroma = bits.ue_to(3)?;
        separate_planes = chroma == 3 && bits.flag()?;
        bits.ue()?;
        bits.ue()?;
        bits.flag()?;
        if bits.flag()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.flag()? {
                    scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let log2_max_frame_num = bits.ue_to(12)? + 4;
    match bits.ue_to(2)? {
        0 => drop(bits.ue()?),
        1 => {
            bits.flag()?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue_to(255)? {
                bits.se()?;
            }
        }
        _ => {}
    }
    let kept = bits.ue()?;
    let gaps_allowed = bits.flag()?;
    let (asked, fields) = size(bits, kept).unzip();
    Some(Sequence { id, log2_max_frame_num, separate_planes, gaps_allowed, fields: fields.unwrap_or(false), asked })
}

/// The size in whole macroblocks, after max_num_ref_frames (7-13 and on), and whether pictures may be fields.
fn size(bits: &mut Bits, kept: u32) -> Option<(Asked, bool)> {
    let across = bits.ue()?.saturating_add(1);
    let down = bits.ue()?.saturating_add(1);
    let fields = !bits.flag()?;
    let down = if fields { down.saturating_mul(2) } else { down };
    Some((Asked { width: across.saturating_mul(16), height: down.saturating_mul(16), kept }, fields))
}

/// scaling_list (7.3.2.1.1.1)
fn scaling_list(bits: &mut Bits, size: usize) -> Option<()> {
    let (mut last, mut next) = (8_i32, 8);
    for _ in 0..size {
        if next != 0 {
            next = last.wrapping_add(bits.se()?) & 255;
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}
