//! How each pixel of the empty scene looks.
//!
//! A pixel has a few modes: colours that it was seen to have, each with a weight. A mode follows the pixel's median by
//! steps of one level, so a few odd pictures do not move it. What is foreground, or near it, is never learned.

use super::reduce::Small;
use super::settings::Sensitivity;

/// Modes of a pixel.
const MODES: usize = 3;
/// Weight from which a mode counts as background.
const KNOWN: u16 = 6;
/// Weight of a mode that has always been right.
const FULL: u16 = 96;
/// One row in this many is updated in a picture once learning is over.
const ROWS: usize = 4;
/// Updates between two steps by which unused modes are forgotten.
const FORGET: u32 = 12;
/// Noise of a pixel, at most.
const NOISIEST: u8 = 32;
/// Levels within which a colour belongs to a mode, at least.
const NEAR: u8 = 10;

#[derive(Debug)]
struct Mode {
    colour: [Vec<u8>; 3],
    weight: Vec<u16>,
    /// 255 where the mode is not background (yet), else 0.
    unknown: Vec<u8>,
    /// Times the pixel came back to this mode while learning.
    runs: Vec<u8>,
}

/// The background of a scene at half size.
#[derive(Debug)]
pub(crate) struct Model {
    width: usize,
    modes: [Mode; MODES],
    /// Four times the pixel's usual deviation from its mode, in luma and in doubled chroma.
    noise: [Vec<u8>; 2],
    /// Mode of the pixel in the picture before, while learning.
    last: Vec<u8>,
    pictures: u32,
}

impl Model {
    /// A model that knows nothing of a scene of this (half) size.
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self {
            width,
            modes: std::array::from_fn(|_| Mode {
                colour: std::array::from_fn(|_| vec![0; n]),
                weight: vec![0; n],
                unknown: vec![255; n],
                runs: vec![0; n],
            }),
            noise: [vec![8; n], vec![8; n]],
            last: vec![255; n],
            pictures: 0,
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

    /// Luma of the most usual look of the scene.
    pub fn usual(&self) -> &[u8] {
        &self.modes[0].colour[0]
    }

    /// Levels by which each pixel differs from its nearest known mode, beyond the pixel's noise.
    pub fn distance(&self, image: &Small, out: &mut Vec<u8>) {
        out.clear();
        out.resize(image.planes[0].len(), 255);
        for mode in &self.modes {
            nearest(image, mode, &self.noise, out);
        }
    }

    /// Writes 1 to `low` and `high` where the distance exceeds the thresholds. For `low` it is enough that the distance is
    /// nearly there on average around the pixel: noise is not, somebody in pale clothes is.
    pub fn classify(&self, distance: &[u8], by: &Sensitivity, low: &mut Vec<u8>, high: &mut Vec<u8>) {
        let w = self.width;
        low.clear();
        high.clear();
        low.resize(distance.len(), 0);
        high.resize(distance.len(), 0);
        for (h, &d) in high.iter_mut().zip(distance) {
            *h = u8::from(d > by.high);
        }
        let most = by.low.saturating_add(by.low / 2);
        let enough = 9 * u16::from(by.low);
        let last = (distance.len() / w).saturating_sub(1);
        let mut column = vec![0u16; w + 2];
        for (y, low) in low.chunks_exact_mut(w).enumerate() {
            let row = |y: usize| &distance[y * w..][..w];
            let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(last)));
            for (((c, &a), &b), &d) in column[1..].iter_mut().zip(above).zip(here).zip(below) {
                *c = u16::from(a.min(most)) + u16::from(b.min(most)) + u16::from(d.min(most));
            }
            column[0] = column[1];
            column[w + 1] = column[w];
            for ((((l, &d), &a), &b), &c) in low.iter_mut().zip(here).zip(&column).zip(&column[1..]).zip(&column[2..]) {
                *l = u8::from(d > by.low) | u8::from(a + b + c > enough);
            }
        }
    }

    /// Learns a picture as a whole; the scene may not be empty yet.
    pub fn learn(&mut self, image: &Small) {
        self.pictures += 1;
        for i in 0..image.planes[0].len() {
            let (k, _) = self.teach(image, i, 0);
            let mode = &mut self.modes[k];
            if usize::from(self.last[i]) != k {
                mode.runs[i] = mode.runs[i].saturating_add(1);
                self.last[i] = k as u8;
            }
        }
    }

    /// Learning is over: keeps what was seen most, or again and again, and forgets who only passed by.
    pub fn settle(&mut self) {
        let total = self.pictures.max(1);
        for i in 0..self.last.len() {
            let heaviest = (0..MODES).max_by_key(|&k| (self.modes[k].weight[i], MODES - k)).unwrap_or(0);
            self.swap(i, 0, heaviest);
            for (k, mode) in self.modes.iter_mut().enumerate() {
                let seen = u32::from(mode.weight[i]);
                let keep = k == 0 || seen * 100 >= total * 40 || (seen * 100 >= total * 10 && mode.runs[i] >= 3);
                mode.weight[i] = if keep { ((seen * u32::from(FULL) / total) as u16).clamp(KNOWN, FULL) } else { 0 };
                mode.unknown[i] = if keep { 0 } else { 255 };
            }
        }
    }

    /// Learns a picture where `closed` is 0.
    pub fn update(&mut self, image: &Small, closed: &[u8]) {
        self.pictures = self.pictures.wrapping_add(1);
        let phase = self.pictures as usize % ROWS;
        let forget = u16::from((self.pictures / ROWS as u32).is_multiple_of(FORGET));
        for (y, closed) in closed.chunks_exact(self.width).enumerate().skip(phase).step_by(ROWS) {
            for (x, &closed) in closed.iter().enumerate() {
                if closed == 0 {
                    let i = y * self.width + x;
                    let (k, _) = self.teach(image, i, forget);
                    let mode = &mut self.modes[k];
                    if mode.weight[i] >= KNOWN {
                        mode.unknown[i] = 0;
                    }
                    if k > 0 && mode.weight[i] > self.modes[0].weight[i] {
                        self.swap(i, 0, k);
                    }
                }
            }
        }
    }

    /// Teaches pixel `i`; gives the mode that it has now and the distance to what that was.
    fn teach(&mut self, image: &Small, i: usize, forget: u16) -> (usize, u8) {
        let colour: [u8; 3] = std::array::from_fn(|p| image.planes[p][i]);
        let (mut best, mut least) = (0, 255);
        for (k, mode) in self.modes.iter().enumerate() {
            if mode.weight[i] > 0 {
                let d = apart(colour, std::array::from_fn(|p| mode.colour[p][i]));
                if d < least {
                    (best, least) = (k, d);
                }
            }
        }
        if least <= NEAR.max(self.noise[0][i]).max(self.noise[1][i]) {
            let mode = &mut self.modes[best];
            let off = parts(colour, std::array::from_fn(|p| mode.colour[p][i]));
            for (plane, &c) in mode.colour.iter_mut().zip(&colour) {
                let v = &mut plane[i];
                *v = if c > *v { *v + 1 } else { *v - u8::from(c < *v) };
            }
            mode.weight[i] = mode.weight[i].saturating_add(1);
            for (noise, off) in self.noise.iter_mut().zip(off) {
                let (spread, v) = (off.saturating_mul(4).min(NOISIEST), &mut noise[i]);
                *v = if spread > *v { *v + 1 } else { *v - u8::from(spread < *v) };
            }
        } else {
            let weakest = (0..MODES).min_by_key(|&k| (self.modes[k].weight[i], k)).unwrap_or(0);
            let mode = &mut self.modes[weakest];
            for (plane, &c) in mode.colour.iter_mut().zip(&colour) {
                plane[i] = c;
            }
            (mode.weight[i], mode.unknown[i], mode.runs[i]) = (1, 255, 0);
            best = weakest;
        }
        if forget > 0 {
            for (k, mode) in self.modes.iter_mut().enumerate() {
                mode.weight[i] = mode.weight[i].min(FULL);
                if k != best && mode.weight[i] > 0 {
                    mode.weight[i] -= 1;
                    if mode.weight[i] == 0 {
                        mode.unknown[i] = 255;
                    }
                }
            }
        }
        (best, least)
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

/// Levels between two colours in luma and in chroma, which counts double since it spreads over fewer levels.
fn parts(a: [u8; 3], b: [u8; 3]) -> [u8; 2] {
    let chroma = a[1].abs_diff(b[1]).max(a[2].abs_diff(b[2]));
    [a[0].abs_diff(b[0]), chroma.saturating_add(chroma)]
}

fn apart(a: [u8; 3], b: [u8; 3]) -> u8 {
    let [luma, chroma] = parts(a, b);
    luma.max(chroma)
}

fn nearest(image: &Small, mode: &Mode, noise: &[Vec<u8>; 2], out: &mut [u8]) {
    let n = out.len();
    let [y, cb, cr] = image.planes.each_ref().map(|p| &p[..n]);
    let [my, mcb, mcr] = mode.colour.each_ref().map(|p| &p[..n]);
    let [ny, nc] = noise.each_ref().map(|p| &p[..n]);
    let unknown = &mode.unknown[..n];
    for i in 0..n {
        let [luma, chroma] = parts([y[i], cb[i], cr[i]], [my[i], mcb[i], mcr[i]]);
        let d = luma.saturating_sub(ny[i]).max(chroma.saturating_sub(nc[i])) | unknown[i];
        out[i] = out[i].min(d);
    }
}
