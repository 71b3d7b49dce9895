//! How each pixel of the empty scene looks.
//!
//! A pixel has a few modes: colours that it was seen to have, each with a weight. A mode follows the pixel's median by
//! steps of one level, so a few odd pictures do not move it. What is foreground, or near it, is never learned.

use super::lanes::{LANES, Lanes, apart, equal, from_bits, load, pick, reaches, step, store};
use super::mask::Mask;
use super::reduce::Small;

/// Modes of a pixel.
const MODES: usize = 3;
/// Weight from which a mode counts as background.
const KNOWN: u8 = 6;
/// Weight of a mode that has always been right.
const FULL: u8 = 96;
/// One row in this many is updated in a picture once learning is over.
const ROWS: usize = 4;
/// Updates between two steps by which unused modes are forgotten.
const FORGET: u32 = 12;
/// Noise of a pixel, at most.
const NOISIEST: u8 = 32;
/// Levels within which a colour belongs to a mode, at least.
const NEAR: u8 = 10;
/// Weights are halved when so many pictures were learned, and every other picture is left out from then on: all of a long
/// learning time counts the same.
const COUNTED: u32 = 240;

#[derive(Debug)]
struct Mode {
    colour: [Vec<u8>; 3],
    weight: Vec<u8>,
    /// 255 where the mode is not background (yet), else 0.
    unknown: Vec<u8>,
    /// Times the pixel came back to this mode while learning.
    runs: Vec<u8>,
}

/// The background of a scene at half size.
#[derive(Debug)]
pub(crate) struct Model {
    width: usize,
    height: usize,
    modes: [Mode; MODES],
    /// Four times the pixel's usual deviation from its mode, in luma and in doubled chroma.
    noise: [Vec<u8>; 2],
    /// Mode of the pixel in the picture before, while learning.
    last: Vec<u8>,
    /// Pictures seen since the start.
    pictures: u32,
    /// Pictures that the weights of learning count, and the step from one to the next.
    counted: u32,
    step: u32,
}

/// What is done with a picture besides teaching it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lesson {
    Learn,
    Update { forget: bool },
}

impl Model {
    /// A model that knows nothing of a scene of this (half) size.
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self {
            width,
            height,
            modes: std::array::from_fn(|_| Mode {
                colour: std::array::from_fn(|_| vec![0; n]),
                weight: vec![0; n],
                unknown: vec![255; n],
                runs: vec![0; n],
            }),
            noise: [vec![8; n], vec![8; n]],
            last: vec![255; n],
            pictures: 0,
            counted: 0,
            step: 1,
        }
    }

    /// Takes a picture of the empty scene for all that is to be learned; its noise is not known from one picture.
    pub fn know(&mut self, empty: &Small) {
        *self = Self::new(empty.width, empty.height);
        let mode = &mut self.modes[0];
        for (known, plane) in mode.colour.iter_mut().zip(&empty.planes) {
            known.copy_from_slice(plane);
        }
        mode.weight.fill(FULL);
        mode.unknown.fill(0);
    }

    /// Pictures learned from since the start.
    pub fn pictures(&self) -> u32 {
        self.pictures
    }

    /// The most usual look of the scene: luma and both chroma planes.
    pub fn usual(&self) -> &[Vec<u8>; 3] {
        &self.modes[0].colour
    }

    /// Levels by which each pixel differs from its nearest known mode, beyond the pixel's noise.
    pub fn distance(&self, image: &Small, out: &mut Vec<u8>) {
        out.resize(self.width * self.height, 0);
        distance(&self.modes, &self.noise, &image.planes, out);
    }

    /// Levels by which a pixel's noise may make it differ.
    pub fn tolerance(&self, i: usize) -> u8 {
        NEAR.max(self.noise[0][i]).max(self.noise[1][i])
    }

    /// Learns a picture as a whole; the scene may not be empty yet.
    pub fn learn(&mut self, image: &Small) {
        self.pictures += 1;
        if !(self.pictures - 1).is_multiple_of(self.step) {
            return;
        }
        self.counted += 1;
        teach(self, image, 0..self.width * self.height, &[], Lesson::Learn);
        if self.counted == COUNTED {
            self.counted /= 2;
            self.step *= 2;
            self.modes.iter_mut().flat_map(|m| &mut m.weight).for_each(|w| *w -= *w / 2);
        }
    }

    /// Learning is over: keeps what was seen most, or again and again, and forgets who only passed by.
    pub fn settle(&mut self) {
        let total = self.counted.max(1);
        for i in 0..self.last.len() {
            let heaviest = (0..MODES).max_by_key(|&k| (self.modes[k].weight[i], MODES - k)).unwrap_or(0);
            self.swap(i, 0, heaviest);
            for (k, mode) in self.modes.iter_mut().enumerate() {
                let seen = u32::from(mode.weight[i]);
                let keep = k == 0 || seen * 100 >= total * 40 || (seen * 100 >= total * 10 && mode.runs[i] >= 3);
                mode.weight[i] = if keep { ((seen * u32::from(FULL) / total) as u8).clamp(KNOWN, FULL) } else { 0 };
                mode.unknown[i] = if keep { 0 } else { 255 };
            }
        }
    }

    /// Learns a picture where nothing is `closed`.
    pub fn update(&mut self, image: &Small, closed: &Mask) {
        self.pictures = self.pictures.wrapping_add(1);
        let phase = self.pictures as usize % ROWS;
        let forget = (self.pictures / ROWS as u32).is_multiple_of(FORGET);
        for y in (phase..self.height).step_by(ROWS) {
            let row = y * self.width;
            teach(self, image, row..row + self.width, closed.row(y), Lesson::Update { forget });
        }
    }

    /// Multiplies the brightness of all looks of the pixels of a mask by `to.0 / to.1`.
    pub fn brighten(&mut self, pixels: &Mask, to: (u64, u64), black: u8) {
        let scaled: [u8; 256] = std::array::from_fn(|v| {
            let over = (v as u64).saturating_sub(black.into());
            (u64::from(black.min(v as u8)) + (over * to.0 + to.1 / 2) / to.1.max(1)).min(255) as u8
        });
        for y in 0..pixels.height {
            for x in (0..pixels.width).filter(|&x| pixels.get(x, y)) {
                let i = y * self.width + x;
                self.modes.iter_mut().for_each(|m| m.colour[0][i] = scaled[usize::from(m.colour[0][i])]);
            }
        }
    }

    /// From now on the pixel looks so, and never looked otherwise.
    pub fn replace(&mut self, i: usize, colour: [u8; 3]) {
        for (k, mode) in self.modes.iter_mut().enumerate() {
            if k == 0 {
                mode.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
            }
            (mode.weight[i], mode.unknown[i]) = if k == 0 { (FULL, 0) } else { (0, 255) };
        }
    }

    /// The pixel may look so, too.
    pub fn admit(&mut self, i: usize, colour: [u8; 3]) {
        let weakest = (0..MODES).min_by_key(|&k| (self.modes[k].weight[i], k)).unwrap_or(0);
        let mode = &mut self.modes[weakest];
        mode.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
        (mode.weight[i], mode.unknown[i]) = (FULL / 2, 0);
    }

    fn swap(&mut self, i: usize, a: usize, b: usize) {
        if a == b {
            return;
        }
        let (low, high) = self.modes.split_at_mut(a.max(b));
        let (a, b) = (&mut low[a.min(b)], &mut high[0]);
        for (a, b) in a.colour.iter_mut().zip(&mut b.colour) {
            std::mem::swap(&mut a[i], &mut b[i]);
        }
        std::mem::swap(&mut a.weight[i], &mut b.weight[i]);
        std::mem::swap(&mut a.unknown[i], &mut b.unknown[i]);
        std::mem::swap(&mut a.runs[i], &mut b.runs[i]);
    }
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

// No closures in these: they would not take the instruction set of the function around them.

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn distance(modes: &[Mode; MODES], noise: &[Vec<u8>; 2], image: &[Vec<u8>; 3], out: &mut [u8]) {
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

/// Teaches the pixels `at`, which are a row or all: those of row `closed` are left out.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn teach(model: &mut Model, image: &Small, at: std::ops::Range<usize>, closed: &[u64], lesson: Lesson) {
    let mut i = at.start;
    while i < at.end {
        let x = i - at.start;
        // Lanes behind the end are closed, too.
        let behind = if at.end - i < LANES { u32::MAX << (at.end - i) } else { 0 };
        let word = if x / 64 < closed.len() { closed[x / 64] } else { 0 };
        let bits = behind | (word >> (x % 64)) as u32;
        if bits != u32::MAX {
            teach_lanes(model, image, i, &from_bits(!bits), lesson);
        }
        i += LANES;
    }
}

#[inline(always)]
fn teach_lanes(model: &mut Model, image: &Small, at: usize, open: &Lanes, lesson: Lesson) {
    let colour = load3(&image.planes, at);
    let modes = &mut model.modes;
    let mut looks = [load3(&modes[0].colour, at), load3(&modes[1].colour, at), load3(&modes[2].colour, at)];
    let mut weights = [load(&modes[0].weight, at), load(&modes[1].weight, at), load(&modes[2].weight, at)];
    let mut unknown = [load(&modes[0].unknown, at), load(&modes[1].unknown, at), load(&modes[2].unknown, at)];
    let mut noise = [load(&model.noise[0], at), load(&model.noise[1], at)];
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
    store(&noise[0], &mut model.noise[0], at);
    store(&noise[1], &mut model.noise[1], at);
    match lesson {
        Lesson::Learn => {
            let before = load(&model.last, at);
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
            store(&last, &mut model.last, at);
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
