//! Light that changes in a part of the scene: clouds, a lamp. It is smooth, so it is known from what is around.
//!
//! Each block of the picture has a gain against the scene that is known, and a tint, the medians of its pixels' where
//! nobody is. They are smoothed over their neighbours and follow slowly, so that nobody is taken for a shadow.

use super::mask::Mask;
use super::reduce::Small;

/// Gain of a block that is as bright as it was learned.
const SAME: i32 = 1024;
/// Blocks across the picture.
const ACROSS: usize = 20;
/// Least side of a block, in pixels of half size.
const LEAST_SIDE: usize = 8;
/// Pixels of a block that must say something.
const ENOUGH: usize = 12;
/// Levels over black from which a pixel's ratio says something.
const BRIGHT: u8 = 12;
/// Change of a gain in a tick, at most.
const STEP: i32 = 16;
/// Gains of less are left alone.
const STEADY: i32 = 8;
/// Tints are in parts of a level of this many.
const TINT: i32 = 64;
/// Change of a tint in a tick, at most.
const TINT_STEP: i32 = 32;
/// The least and the largest gain.
const GAINS: [i32; 2] = [384, 2560];

/// The gains of one scene's blocks.
#[derive(Debug)]
pub(super) struct LocalLight {
    side: usize,
    across: usize,
    down: usize,
    gains: Vec<i32>,
    /// Of Cb and Cr.
    tints: [Vec<i32>; 2],
    samples: Vec<i32>,
}

impl LocalLight {
    pub fn new(width: usize, height: usize) -> Self {
        let side = (width / ACROSS).max(LEAST_SIDE);
        let (across, down) = (width.div_ceil(side).max(1), height.div_ceil(side).max(1));
        Self {
            side,
            across,
            down,
            gains: vec![SAME; across * down],
            tints: [vec![0; across * down], vec![0; across * down]],
            samples: Vec::new(),
        }
    }

    /// Takes in the light of a picture, `ticks` after the one before; `closed` pixels may be somebody's, those that are
    /// not `known` say nothing.
    pub fn follow(&mut self, now: &Small, usual: &[Vec<u8>; 3], known: &Mask, closed: &Mask, black: u8, ticks: u8) {
        if ticks == 0 {
            return;
        }
        let mut seen = [const { Vec::new() }; 3];
        for block in 0..self.gains.len() {
            let near = self.gains[block];
            let open: Vec<(usize, i32)> = self
                .pixels(block, known)
                .filter(|&(x, y, _)| known.get(x, y) && !closed.get(x, y))
                .filter_map(|(_, _, i)| {
                    let was = usual[0][i].saturating_sub(black);
                    let ratio = i32::from(now.planes[0][i].saturating_sub(black)) * SAME / i32::from(was.max(1));
                    let says = (BRIGHT..220).contains(&was) && (near * 5 / 8..near * 8 / 5).contains(&ratio);
                    says.then_some((i, ratio))
                })
                .collect();
            let gain = self.median(open.iter().map(|&(_, ratio)| ratio));
            seen[0].push(gain);
            let gain = gain.unwrap_or(near).max(1);
            for p in 1..3 {
                let off = open.iter().map(|&(i, _)| {
                    let (is, was) = (i32::from(now.planes[p][i]) - 128, i32::from(usual[p][i]) - 128);
                    is * TINT * SAME / gain - was * TINT
                });
                let off = self.median(off);
                seen[p].push(off);
            }
        }
        let (across, down, ticks) = (self.across, self.down, i32::from(ticks));
        let [gains, cb, cr] = seen;
        for (gain, goal) in self.gains.iter_mut().zip(smoothed(&gains, SAME, across, down)) {
            *gain = (*gain + (goal - *gain).clamp(-STEP * ticks, STEP * ticks)).clamp(GAINS[0], GAINS[1]);
        }
        for (tints, seen) in self.tints.iter_mut().zip([cb, cr]) {
            for (tint, goal) in tints.iter_mut().zip(smoothed(&seen, 0, across, down)) {
                *tint += (goal - *tint).clamp(-TINT_STEP * ticks, TINT_STEP * ticks);
            }
        }
    }

    /// Every fourth pixel of a block, as on a chequer board: column, row and index.
    fn pixels(&self, block: usize, size: &Mask) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let (x, y, side) = (block % self.across * self.side, block / self.across * self.side, self.side);
        let (width, bottom, right) = (size.width, (y + side).min(size.height), (x + side).min(size.width));
        (y..bottom).step_by(2).flat_map(move |y| (x + y / 2 % 2..right).step_by(2).map(move |x| (x, y, y * width + x)))
    }

    /// The middle one, where there are enough.
    fn median(&mut self, values: impl Iterator<Item = i32>) -> Option<i32> {
        self.samples.clear();
        self.samples.extend(values);
        let middle = self.samples.len() / 2;
        (self.samples.len() >= ENOUGH).then(|| *self.samples.select_nth_unstable(middle).1)
    }

    /// Divides brightness and colour by the gains and takes the tints away, as if the light had not changed.
    pub fn even_out(&self, now: &mut Small, black: u8) {
        let tinted = self.tints.iter().flatten().any(|t| t.abs() > TINT / 2);
        if !tinted && self.gains.iter().all(|g| (g - SAME).abs() <= STEADY) {
            return;
        }
        let inverse: Vec<i32> = self.gains.iter().map(|g| SAME * SAME / g).collect();
        let (mut by, mut less) = (vec![SAME; now.width], vec![0; now.width]);
        for y in 0..now.height {
            self.interpolate(&inverse, y, &mut by);
            for (p, plane) in now.planes.iter_mut().enumerate() {
                let zero = if p == 0 { i32::from(black) } else { 128 };
                match p.checked_sub(1).and_then(|p| self.tints.get(p)) {
                    Some(tints) => self.interpolate(tints, y, &mut less),
                    None => less.fill(0),
                }
                scale(&mut plane[y * now.width..][..now.width], &by, &less, zero);
            }
        }
    }

    /// The values of blocks at the pixels of row `y`, bilinear between the blocks' middles.
    fn interpolate(&self, values: &[i32], y: usize, row: &mut [i32]) {
        let (y0, y1, fy) = between(y, self.side, self.down);
        let column = |bx: usize| {
            let (a, b) = (values[y0 * self.across + bx], values[y1 * self.across + bx]);
            a + (b - a) * fy / 256
        };
        let columns: Vec<i32> = (0..self.across).map(column).collect();
        for (x, v) in row.iter_mut().enumerate() {
            let (x0, x1, fx) = between(x, self.side, self.across);
            *v = columns[x0] + (columns[x1] - columns[x0]) * fx / 256;
        }
    }
}

/// The blocks that a pixel lies between, and how far it is from the first, in 256ths.
fn between(at: usize, side: usize, blocks: usize) -> (usize, usize, i32) {
    let from = (at as i32 * 2 + 1 - side as i32).max(0) as usize;
    let first = (from / (2 * side)).min(blocks - 1);
    ((first), (first + 1).min(blocks - 1), ((from % (2 * side)) * 256 / (2 * side)) as i32)
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn scale(samples: &mut [u8], by: &[i32], less: &[i32], zero: i32) {
    for ((v, by), less) in samples.iter_mut().zip(by).zip(less) {
        let scaled = (i32::from(*v) - zero) * by - less * (SAME / TINT);
        *v = (zero + ((scaled + SAME / 2) >> 10)).clamp(0, 255) as u8;
    }
}

/// Values of blocks, each the median of those around it, then their weighted mean; blocks that say nothing take their
/// neighbours' word, and where nobody says anything it goes back to `usual`.
fn smoothed(seen: &[Option<i32>], usual: i32, across: usize, down: usize) -> Vec<i32> {
    let around = |b: usize, reach: usize| {
        let (x, y) = (b % across, b / across);
        (y.saturating_sub(reach)..(y + reach + 1).min(down)).flat_map(move |yy| {
            (x.saturating_sub(reach)..(x + reach + 1).min(across))
                .map(move |xx| (yy * across + xx, xx.abs_diff(x).max(yy.abs_diff(y))))
        })
    };
    let median: Vec<Option<i32>> = (0..seen.len())
        .map(|b| {
            let mut near: Vec<i32> = around(b, 1).filter_map(|(i, _)| seen[i]).collect();
            let middle = near.len() / 2;
            (near.len() >= 3).then(|| *near.select_nth_unstable(middle).1)
        })
        .collect();
    (0..seen.len())
        .map(|b| {
            let (mut sum, mut weight) = (usual, 1);
            for (i, far) in around(b, 2) {
                let w = [16, 8, 2][far];
                sum += median[i].map_or(0, |v| (v) * w);
                weight += median[i].map_or(0, |_| w);
            }
            sum / weight
        })
        .collect()
}
