//! Each picture is evidence: which looks does it agree with, and where does it speak for them?
//!
//! No closures and few iterators here: they would not take the instruction set of the function around them.

use super::looks::{FINE, LOOKS, Looks, MOST, NEW, NOISIEST, evidence};
use super::reduce::Small;
use super::simd::{LANES, Lanes, apart, equal, from_bits, load, pick, reaches, step, store};

/// A difference as large as the tolerance, in sixteenths of it.
pub(super) const TOLERANCE: u8 = 16;
/// Differences count up to this.
pub(super) const FARTHEST: u8 = 48;
/// Evidence that a look needs which somebody was found to have.
const PERSON: u8 = evidence(30);

/// What a picture is worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth {
    /// Evidence below and from [`FINE`] on.
    pub ticks: [u8; 2],
    /// Whether proven looks follow what is seen now.
    pub follows: bool,
    /// Evidence that a look needs, where none is proven and where another one is.
    pub needs: [u8; 2],
}

/// How long ago something was seen at each pixel, in ticks, and what may not teach.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub moved: &'a [u8],
    pub boxed: &'a [u8],
    /// 255 where the scene sways.
    pub sways: &'a [u8],
}

#[inline(always)]
fn load3(planes: &[Vec<u8>; 3], at: usize) -> [Lanes; 3] {
    [load(&planes[0], at), load(&planes[1], at), load(&planes[2], at)]
}

/// A difference in sixteenths of the tolerance.
#[inline(always)]
fn ratio(difference: u8, inverse: u8) -> u8 {
    ((u16::from(difference) * u16::from(inverse)) >> 6).min(FARTHEST as u16) as u8
}

/// Takes one row of a picture, from pixel `start` on; `closed` are pixels that teach nothing. Into `far` goes how far
/// each pixel is from its nearest proven look, in sixteenths of the tolerance.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn take(
    looks: &mut Looks,
    image: &Small,
    row: std::ops::Range<usize>,
    closed: &[u64],
    around: Around<'_>,
    worth: Worth,
    far: &mut [u8],
) {
    let mut i = row.start;
    while i < row.end {
        let x = i - row.start;
        let behind = if row.end - i < LANES { u32::MAX << (row.end - i) } else { 0 };
        let word = if x / 64 < closed.len() { closed[x / 64] } else { 0 };
        take_lanes(looks, image, i, [!behind, !(word >> (x % 64)) as u32 & !behind], around, worth, far);
        i += LANES;
    }
}

#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "iterators would not be inlined with the instruction set around them")]
fn take_lanes(
    looks: &mut Looks,
    image: &Small,
    at: usize,
    bits: [u32; 2],
    around: Around<'_>,
    worth: Worth,
    out: &mut [u8],
) {
    let colour = load3(&image.planes, at);
    let (inside, teaches) = (from_bits(bits[0]), from_bits(bits[1]));
    let inverse = [load(&looks.inverse[0], at), load(&looks.inverse[1], at)];
    let mut noise = [load(&looks.noise[0], at), load(&looks.noise[1], at)];
    let (moved, boxed, sways) = (load(around.moved, at), load(around.boxed, at), load(around.sways, at));
    let (mut which, mut returns) = (load(&looks.which, at), load(&looks.returns, at));
    let all = &mut looks.looks;
    let mut colours = [load3(&all[0].colour, at), load3(&all[1].colour, at), load3(&all[2].colour, at)];
    let mut seen = [load(&all[0].seen, at), load(&all[1].seen, at), load(&all[2].seen, at)];
    let mut proven = [load(&all[0].proven, at), load(&all[1].proven, at), load(&all[2].proven, at)];
    let mut person = [load(&all[0].person, at), load(&all[1].person, at), load(&all[2].person, at)];
    // where nothing else is ever proven, what is next to somebody teaches nothing
    let everywhere = reaches(MOST, worth.needs[1]);
    let follows = if worth.follows { 255 } else { 0 };
    let mut nearest = [0; LANES];
    for i in 0..LANES {
        let (mut far, mut off) = ([0; LOOKS], [[0; 2]; LOOKS]);
        for k in 0..LOOKS {
            let c = &colours[k];
            off[k] = [apart(colour[0][i], c[0][i]), apart(colour[1][i], c[1][i]).max(apart(colour[2][i], c[2][i]))];
            far[k] = ratio(off[k][0], inverse[0][i]).max(ratio(off[k][1], inverse[1][i])) | equal(seen[k][i], 0);
        }
        let least = far[0].min(far[1]).min(far[2]);
        nearest[i] = (far[0] | !proven[0][i]).min(far[1] | !proven[1][i]).min(far[2] | !proven[2][i]);
        let known = proven[0][i] | proven[1][i] | proven[2][i];
        let hit = reaches(TOLERANCE, least);
        let sway = sways[i] & reaches(boxed[i], 48);
        let free = (teaches[i] | everywhere) & inside[i] & ((reaches(moved[i], 3) & reaches(boxed[i], 7)) | sway);
        let follow = teaches[i] & reaches(boxed[i], 2);
        let mut strength = [0; LOOKS];
        for k in 0..LOOKS {
            strength[k] = (seen[k][i] >> 1) | (proven[k][i] & 128);
        }
        let weakest = strength[0].min(strength[1]).min(strength[2]);
        // what is proven makes room only where nobody is
        let room = inside[i] & (!reaches(weakest, 128) | free);
        let need = pick(known & !sway, worth.needs[1], worth.needs[0]);
        let (mut left, mut spread, mut now) = (inside[i], [0; 2], LOOKS as u8);
        for k in 0..LOOKS {
            let is = left & pick(hit, equal(far[k], least), equal(strength[k], weakest) & room);
            left &= !is;
            let (agrees, fresh) = (is & hit, is & !hit);
            let moving = agrees & follow & (follows | !proven[k][i]);
            for p in 0..3 {
                colours[k][p][i] = pick(fresh, colour[p][i], step(colours[k][p][i], colour[p][i], moving));
            }
            let more = pick(reaches(seen[k][i], FINE), worth.ticks[1], worth.ticks[0]) & agrees & free;
            seen[k][i] = pick(fresh, 1, seen[k][i].saturating_add(more).min(MOST));
            let enough = agrees & free & reaches(seen[k][i], need) & (!person[k][i] | reaches(seen[k][i], PERSON));
            proven[k][i] = (proven[k][i] | enough) & !fresh;
            person[k][i] &= !fresh & !(agrees & reaches(seen[k][i], PERSON));
            for p in 0..2 {
                spread[p] |= off[k][p] & agrees;
            }
            // a look that is new counts as another one in the next picture, too
            now = pick(is, k as u8 | (fresh & NEW), now);
        }
        let came = hit & !equal(now, which[i]) & !equal(which[i], LOOKS as u8);
        returns[i] = returns[i].saturating_add(came & inside[i] & 1);
        which[i] = pick(inside[i], now, which[i]);
        let learns = if worth.ticks[0] > 0 { hit & free & teaches[i] } else { 0 };
        for p in 0..2 {
            let four = (spread[p].min(NOISIEST / 4) * 4).min(NOISIEST);
            noise[p][i] = step(noise[p][i], four, learns);
        }
    }
    store(&nearest, out, at);
    store(&which, &mut looks.which, at);
    store(&returns, &mut looks.returns, at);
    let all = &mut looks.looks;
    for p in 0..2 {
        store(&noise[p], &mut looks.noise[p], at);
    }
    for k in 0..LOOKS {
        for p in 0..3 {
            store(&colours[k][p], &mut all[k].colour[p], at);
        }
        store(&seen[k], &mut all[k].seen, at);
        store(&proven[k], &mut all[k].proven, at);
        store(&person[k], &mut all[k].person, at);
    }
}
