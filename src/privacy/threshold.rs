//! From distances to masks.

use super::evidence::{FARTHEST, TOLERANCE};
use super::looks::Looks;
use super::mask::Mask;
use super::model::Compared;
use super::reduce::Small;
use super::simd::{LANES, load, reaches, to_bits};

/// A distance from which a pixel differs by itself: half more than the tolerance.
const ALONE: u8 = TOLERANCE + TOLERANCE / 2;
/// Sum of the distances around a pixel from which it differs with them: each nearly the tolerance.
const TOGETHER: u16 = 9 * TOLERANCE as u16 * 4 / 5;

/// Takes back distances that a pixel next door explains: the camera trembles, and an edge lies a pixel away.
pub(super) fn forgive_edges(compared: &mut Compared, now: &Small, looks: &Looks, usual: &[Vec<u8>; 3]) {
    let (w, h) = (now.width, now.height);
    for y in 0..h {
        for x in 0..w {
            let i = y * w + x;
            if compared.far[i] <= TOLERANCE * 4 / 5 || compared.far[i] == 255 {
                continue;
            }
            let (mut low, mut high) = (255, 0);
            for yy in y.saturating_sub(1)..(y + 2).min(h) {
                let row = &usual[0][yy * w..][x.saturating_sub(1)..(x + 2).min(w)];
                for &v in row {
                    (low, high) = (low.min(v), high.max(v));
                }
            }
            let luma = now.planes[0][i];
            let off = u32::from(low.saturating_sub(luma).max(luma.saturating_sub(high)));
            let chroma = |p: usize| u32::from(now.planes[p][i].abs_diff(usual[p][i]));
            let part = |d: u32, p: usize| d * 16 / u32::from(looks.tolerance[p][i]).max(1);
            let far = part(off, 0).max(part(chroma(1).max(chroma(2)), 1) * 2 / 3);
            compared.far[i] = compared.far[i].min((far * 13 / 10).min(254) as u8);
        }
    }
}

/// Sets `low` where a known pixel differs from what is proven, by itself or with those around it: noise does not,
/// somebody in pale clothes does. `high` is where it differs clearly.
#[multiversion::multiversion(targets("x86_64+avx2"))]
#[allow(clippy::needless_range_loop, reason = "iterators would not be inlined with the instruction set around them")]
pub(super) fn classify(compared: &Compared, low: &mut Mask, high: &mut Mask) {
    let (w, h) = (low.width, low.height);
    let mut sums = vec![0u16; w + 2];
    let mut around = vec![0u8; w];
    for y in 0..h {
        let row = |y: usize| &compared.far[y * w..][..w];
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(h - 1)));
        for (((s, a), b), c) in sums[1..=w].iter_mut().zip(above).zip(here).zip(below) {
            // a pixel of which nothing is known says nothing of those beside it
            let of = |v: u8| u16::from(if v == 255 { 0 } else { v.min(FARTHEST) });
            *s = of(*a) + of(*b) + of(*c);
        }
        (sums[0], sums[w + 1]) = (sums[1], sums[w]);
        for (((o, a), b), c) in around.iter_mut().zip(&sums).zip(&sums[1..]).zip(&sums[2..]) {
            *o = if a + b + c >= TOGETHER { 255 } else { 0 };
        }
        let mut x = 0;
        while x < w {
            let (d, together) = (load(here, x), load(&around, x));
            let (mut is_low, mut is_high) = ([0; LANES], [0; LANES]);
            for i in 0..LANES {
                let known = !reaches(d[i], 255);
                is_low[i] = known & (together[i] | reaches(d[i], ALONE + 1));
                is_high[i] = known & reaches(d[i], ALONE + 1);
            }
            let inside = if w - x < LANES { !(u32::MAX << (w - x)) } else { u32::MAX };
            let word = y * low.stride + x / 64;
            if x % 64 == 0 {
                (low.words[word], high.words[word]) = (0, 0);
            }
            low.words[word] |= u64::from(to_bits(&is_low) & inside) << (x % 64);
            high.words[word] |= u64::from(to_bits(&is_high) & inside) << (x % 64);
            x += LANES;
        }
    }
}
