//! How each pixel of the empty scene looks.
//!
//! A pixel has a few modes: colours that it was seen to have, each with a weight. A mode follows the pixel's median by
//! steps of one level, so a few odd pictures do not move it. What is foreground, or near it, is never learned.

use super::lesson::{Lesson, distance, teach};
use super::mask::Mask;
use super::pixels::{FULL, KNOWN, MODES, NEAR, Pixels};
use super::reduce::Small;

/// One row in this many is updated in a picture once learning is over.
const ROWS: usize = 4;
/// Updates between two steps by which unused modes are forgotten.
const FORGET: u32 = 12;
/// Weights are halved after this number of learned pictures, and every other picture is left out from then on: all of a
/// long learning time counts the same.
const COUNTED: u32 = 240;

/// The background of a scene at half size.
#[derive(Debug)]
pub(crate) struct Model {
    width: usize,
    height: usize,
    pixels: Pixels,
    /// Pictures seen since the start.
    pictures: u32,
    /// Pictures that the weights of learning count, and the step from one to the next.
    counted: u32,
    step: u32,
}

impl Model {
    /// A model that knows nothing of a scene of this (half) size.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: Pixels::new(width * height), pictures: 0, counted: 0, step: 1 }
    }

    /// Takes a picture of the empty scene for all that is to be learned; its noise is not known from one picture.
    pub fn know(&mut self, empty: &Small) {
        *self = Self::new(empty.width, empty.height);
        let mode = &mut self.pixels.modes[0];
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
        &self.pixels.modes[0].colour
    }

    /// Levels by which each pixel differs from its nearest known mode, beyond the pixel's noise.
    pub fn distance(&self, image: &Small, out: &mut Vec<u8>) {
        out.resize(self.width * self.height, 0);
        distance(&self.pixels.modes, &self.pixels.noise, &image.planes, out);
    }

    /// Levels by which a pixel's noise may make it differ.
    pub fn tolerance(&self, i: usize) -> u8 {
        NEAR.max(self.pixels.noise[0][i]).max(self.pixels.noise[1][i])
    }

    /// Learns a picture as a whole; the scene may not be empty yet.
    pub fn learn(&mut self, image: &Small) {
        self.pictures += 1;
        if !(self.pictures - 1).is_multiple_of(self.step) {
            return;
        }
        self.counted += 1;
        teach(&mut self.pixels, image, 0..self.width * self.height, &[], Lesson::Learn);
        if self.counted == COUNTED {
            self.counted /= 2;
            self.step *= 2;
            self.pixels.modes.iter_mut().flat_map(|m| &mut m.weight).for_each(|w| *w -= *w / 2);
        }
    }

    /// Learning is over: keeps what was seen most, or again and again, and forgets who only passed by.
    pub fn settle(&mut self) {
        let total = self.counted.max(1);
        for i in 0..self.pixels.last.len() {
            let heaviest = (0..MODES).max_by_key(|&k| (self.pixels.modes[k].weight[i], MODES - k)).unwrap_or(0);
            self.pixels.swap(i, 0, heaviest);
            for (k, mode) in self.pixels.modes.iter_mut().enumerate() {
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
            teach(&mut self.pixels, image, row..row + self.width, closed.row(y), Lesson::Update { forget });
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
                self.pixels.modes.iter_mut().for_each(|m| m.colour[0][i] = scaled[usize::from(m.colour[0][i])]);
            }
        }
    }

    /// From now on the pixel looks so, and never looked otherwise.
    pub fn replace(&mut self, i: usize, colour: [u8; 3]) {
        for (k, mode) in self.pixels.modes.iter_mut().enumerate() {
            if k == 0 {
                mode.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
            }
            (mode.weight[i], mode.unknown[i]) = if k == 0 { (FULL, 0) } else { (0, 255) };
        }
    }

    /// The pixel may look so, too.
    pub fn admit(&mut self, i: usize, colour: [u8; 3]) {
        let weakest = (0..MODES).min_by_key(|&k| (self.pixels.modes[k].weight[i], k)).unwrap_or(0);
        let mode = &mut self.pixels.modes[weakest];
        mode.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
        (mode.weight[i], mode.unknown[i]) = (FULL / 2, 0);
    }
}
