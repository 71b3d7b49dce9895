//! Loops over many samples at once, written so that the compiler makes vector instructions of them.
//!
//! Samples are loaded into arrays of a fixed length, which cannot overlap, one loop without branches does the
//! arithmetic, and the arrays are stored. Everything is inlined, so it takes the instruction set of the function that
//! it is used in.

/// Samples that are worked on together.
pub(crate) const LANES: usize = 32;

/// Samples of eight bits. Conditions are samples too: 255 is true, 0 is false.
pub(crate) type Lanes = [u8; LANES];

/// The samples from `at`; 0 past the end.
#[inline(always)]
pub(crate) fn load(from: &[u8], at: usize) -> Lanes {
    match from.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(all) => *all,
        None => load_end(from, at),
    }
}

/// Writes the samples from `at` on, up to the end.
#[inline(always)]
pub(crate) fn store(lanes: &Lanes, to: &mut [u8], at: usize) {
    match to.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        Some(all) => *all = *lanes,
        None => store_end(lanes, to, at),
    }
}

// Apart, or every load and store would become a copy of unknown length.
#[cold]
#[inline(never)]
fn load_end(from: &[u8], at: usize) -> Lanes {
    let mut lanes = [0; LANES];
    lanes.iter_mut().zip(from.get(at..).unwrap_or_default()).for_each(|(lane, &v)| *lane = v);
    lanes
}

#[cold]
#[inline(never)]
fn store_end(lanes: &Lanes, to: &mut [u8], at: usize) {
    to.get_mut(at..).unwrap_or_default().iter_mut().zip(lanes).for_each(|(v, &lane)| *v = lane);
}

/// Levels between two samples. `u8::abs_diff` is made for sums and would be widened to 32 bits.
#[inline(always)]
pub(crate) fn apart(a: u8, b: u8) -> u8 {
    a.max(b) - a.min(b)
}

#[inline(always)]
pub(crate) fn equal(a: u8, b: u8) -> u8 {
    if a == b { 255 } else { 0 }
}

/// Whether `a` is as large as `b` or larger.
#[inline(always)]
pub(crate) fn reaches(a: u8, b: u8) -> u8 {
    if a >= b { 255 } else { 0 }
}

/// `yes` where the condition is true, else `no`.
#[inline(always)]
pub(crate) fn pick(condition: u8, yes: u8, no: u8) -> u8 {
    (condition & yes) | (!condition & no)
}

/// One level towards `goal` where `moving`.
#[inline(always)]
pub(crate) fn step(from: u8, goal: u8, moving: u8) -> u8 {
    let up = moving & reaches(goal, from) & 1;
    let down = moving & reaches(from, goal) & 1;
    from.wrapping_add(up).wrapping_sub(down)
}

/// One bit for each lane: its highest.
#[inline(always)]
pub(crate) fn to_bits(lanes: &Lanes) -> u32 {
    let mut bits = 0;
    for (i, eight) in lanes.as_chunks::<8>().0.iter().enumerate() {
        let high = (u64::from_le_bytes(*eight) >> 7) & 0x0101_0101_0101_0101;
        bits |= ((high.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32) << (8 * i);
    }
    bits
}

/// 255 in each lane whose bit is set.
#[inline(always)]
pub(crate) fn from_bits(bits: u32) -> Lanes {
    let mut out = [0; LANES];
    for (eight, byte) in out.as_chunks_mut::<8>().0.iter_mut().zip(bits.to_le_bytes()) {
        // Each byte of the word keeps the bit that is its own.
        *eight = ((u64::from(byte) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201).to_le_bytes();
    }
    for lane in &mut out {
        *lane = !equal(*lane, 0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_become_bits_and_back_and_end_where_the_samples_end() {
        let some = 0xA000_8421;
        assert_eq!(to_bits(&from_bits(some)), some);
        let mut out = [0; 40];
        store(&[5; LANES], &mut out, 32);
        assert_eq!(load(&out, 32)[..9], [5, 5, 5, 5, 5, 5, 5, 5, 0]);
        assert_eq!(load(&out, 99), [0; LANES]);
    }

    #[test]
    fn steps_are_of_one_level() {
        assert_eq!([step(7, 9, 255), step(7, 3, 255), step(7, 7, 255), step(7, 9, 0)], [8, 6, 7, 7]);
        assert_eq!([step(255, 255, 255), step(0, 0, 255), step(0, 255, 255)], [255, 0, 1]);
        assert_eq!([pick(255, 3, 4), pick(0, 3, 4), apart(3, 10), apart(10, 3)], [3, 4, 7, 7]);
    }
}
