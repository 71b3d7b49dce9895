//! What the model does with many pixels at once: it compares and it learns.
//!
//! No closures and few iterators here: they would not take the instruction set of the function around them.

use super::pixels::{FULL, KNOWN, MODES, Mode, NEAR, NOISIEST, Pixels};
use super::reduce::Small;
use super::simd::{LANES, Lanes, apart, equal, from_bits, load, pick, reaches, step, store};

/// What is done with a picture besides teaching it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lesson {
    Learn,
    Update { forget: bool },
}

#[inline(always)]
fn load3(planes: &[Vec<u8>; 3], at: usize) -> [Lanes; 3] {
    [load(&planes[0], at), load(&planes[1], at), load(&planes[2], at)]
}

/// Levels between two colours in luma and in chroma, which counts double since it spreads over fewer levels.
#[inline(always)]
fn parts(i: usize, a: &[Lanes; 3], b: &[Lanes; 3]) -> [u8; 2] {
    let chroma = apart(a[1][i], b[1][i]).max(apart(a[2][i], b[2][i]));
    [apart(a[0][i], b[0][i]), chroma.saturating_add(chroma)]
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn distance(modes: &[Mode; MODES], noise: &[Vec<u8>; 2], image: &[Vec<u8>; 3], out: &mut [u8]) {
    let mut at = 0;
    while at < out.len() {
        let colour = load3(image, at);
        let (luma_noise, chroma_noise) = (load(&noise[0], at), load(&noise[1], at));
        let mut least = [255; LANES];
        for mode in modes {
            let unknown = load(&mode.unknown, at);
            // Most pixels have one mode only.
            if unknown == [255; LANES] {
                continue;
            }
            let look = load3(&mode.colour, at);
            for i in 0..LANES {
                let [luma, chroma] = parts(i, &colour, &look);
                let off = luma.saturating_sub(luma_noise[i]).max(chroma.saturating_sub(chroma_noise[i]));
                least[i] = least[i].min(off | unknown[i]);
            }
        }
        store(&least, out, at);
        at += LANES;
    }
}

/// Teaches pixels `at`, which are a row or all: those of row `closed` are left out.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn teach(pixels: &mut Pixels, image: &Small, at: std::ops::Range<usize>, closed: &[u64], lesson: Lesson) {
    let mut i = at.start;
    while i < at.end {
        let x = i - at.start;
        // Lanes past the end are closed, too.
        let behind = if at.end - i < LANES { u32::MAX << (at.end - i) } else { 0 };
        let word = if x / 64 < closed.len() { closed[x / 64] } else { 0 };
        let bits = behind | (word >> (x % 64)) as u32;
        if bits != u32::MAX {
            teach_lanes(pixels, image, i, &from_bits(!bits), lesson);
        }
        i += LANES;
    }
}

#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "iterators would not be inlined with the instruction set around them")]
fn teach_lanes(pixels: &mut Pixels, image: &Small, at: usize, open: &Lanes, lesson: Lesson) {
    let colour = load3(&image.planes, at);
    let modes = &mut pixels.modes;
    let mut looks = [load3(&modes[0].colour, at), load3(&modes[1].colour, at), load3(&modes[2].colour, at)];
    let mut weights = [load(&modes[0].weight, at), load(&modes[1].weight, at), load(&modes[2].weight, at)];
    let mut unknown = [load(&modes[0].unknown, at), load(&modes[1].unknown, at), load(&modes[2].unknown, at)];
    let mut noise = [load(&pixels.noise[0], at), load(&pixels.noise[1], at)];
    let mut chosen = [[0; LANES]; MODES];
    let mut anew = [0; LANES];
    for i in 0..LANES {
        let off = [parts(i, &colour, &looks[0]), parts(i, &colour, &looks[1]), parts(i, &colour, &looks[2])];
        let mut far = [0; MODES];
        for k in 0..MODES {
            far[k] = off[k][0].max(off[k][1]) | equal(weights[k][i], 0);
        }
        let least = far[0].min(far[1]).min(far[2]);
        let lightest = weights[0][i].min(weights[1][i]).min(weights[2][i]);
        let hit = reaches(NEAR.max(noise[0][i]).max(noise[1][i]), least);
        // The first of the nearest where it is near, else the first of the weakest.
        let (mut free, mut spread) = (open[i], [0; 2]);
        for k in 0..MODES {
            let is = pick(hit, equal(far[k], least), equal(weights[k][i], lightest)) & free;
            free &= !is;
            chosen[k][i] = is;
            let (follow, fresh) = (is & hit, is & !hit);
            for p in 0..3 {
                looks[k][p][i] = pick(fresh, colour[p][i], step(looks[k][p][i], colour[p][i], follow));
            }
            weights[k][i] = pick(fresh, 1, weights[k][i].saturating_add(follow & 1));
            unknown[k][i] |= fresh;
            for p in 0..2 {
                spread[p] |= off[k][p] & follow;
            }
        }
        anew[i] = open[i] & !hit;
        for p in 0..2 {
            let four = (spread[p].min(NOISIEST / 4) * 4).min(NOISIEST);
            noise[p][i] = step(noise[p][i], four, hit & open[i]);
        }
    }
    store(&noise[0], &mut pixels.noise[0], at);
    store(&noise[1], &mut pixels.noise[1], at);
    match lesson {
        Lesson::Learn => {
            let before = load(&pixels.last, at);
            let mut last = before;
            for k in 0..MODES {
                let mut runs = load(&modes[k].runs, at);
                for i in 0..LANES {
                    let came = chosen[k][i] & !equal(before[i], k as u8);
                    runs[i] = pick(chosen[k][i] & anew[i], 0, runs[i]).saturating_add(came & 1);
                    last[i] = pick(chosen[k][i], k as u8, last[i]);
                }
                store(&runs, &mut modes[k].runs, at);
            }
            store(&last, &mut pixels.last, at);
        }
        Lesson::Update { forget } => {
            let forget = if forget { 255 } else { 0 };
            for i in 0..LANES {
                for k in 0..MODES {
                    let fade = forget & open[i];
                    let weight = pick(fade, weights[k][i].min(FULL), weights[k][i]);
                    weights[k][i] = weight.saturating_sub(fade & !chosen[k][i] & 1);
                    unknown[k][i] |= equal(weights[k][i], 0);
                    unknown[k][i] &= !(chosen[k][i] & reaches(weights[k][i], KNOWN));
                }
                // What is seen most comes first. Only the mode that was chosen can have come to weigh more.
                for k in 1..MODES {
                    let more = open[i] & !reaches(weights[0][i], weights[k][i]);
                    for p in 0..3 {
                        (looks[0][p][i], looks[k][p][i]) = turned(more, looks[0][p][i], looks[k][p][i]);
                    }
                    (weights[0][i], weights[k][i]) = turned(more, weights[0][i], weights[k][i]);
                    (unknown[0][i], unknown[k][i]) = turned(more, unknown[0][i], unknown[k][i]);
                }
            }
        }
    }
    for k in 0..MODES {
        for p in 0..3 {
            store(&looks[k][p], &mut modes[k].colour[p], at);
        }
        store(&weights[k], &mut modes[k].weight, at);
        store(&unknown[k], &mut modes[k].unknown, at);
    }
}

/// Changes places where `more`.
#[inline(always)]
fn turned(more: u8, a: u8, b: u8) -> (u8, u8) {
    (pick(more, b, a), pick(more, a, b))
}
