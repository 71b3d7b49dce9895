//! Cells: what is hidden is hidden as a whole cell.
//!
//! Cells are squares of the least side. What is large is shown more coarsely: its cells share one value in squares of
//! twice, four times ... the side. Masks of several pictures can be joined, and every pixel belongs to one cell.

use super::block_hold::BlockHold;
use super::settings::Method;
use crate::media::{Picture, Plane};

/// How hidden cells are replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub method: Method,
    /// Levels by which the luma of neighbours that have one mean differs.
    pub highlight: u8,
}

/// The least cells of a picture: 0 is shown, `n` belongs to a hidden cell of `least << (n - 1)` pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cells {
    least: usize,
    width: usize,
    height: usize,
    across: usize,
    level: Vec<u8>,
}

impl Cells {
    /// Nothing hidden in a picture of `width` by `height` pixels.
    pub fn none(width: usize, height: usize, least: usize) -> Self {
        let (across, down) = (width.div_ceil(least), height.div_ceil(least));
        Self { least, width, height, across, level: vec![0; across * down] }
    }

    /// Everything hidden; the squares that share a value are a twelfth of the height or more.
    pub fn whole(width: usize, height: usize, least: usize) -> Self {
        let mut all = Self::none(width, height, least);
        let level = all.level_for(height.div_ceil(24));
        all.level.fill(level);
        all
    }

    /// The level whose cells have a side of `side` or more.
    pub fn level_for(&self, side: usize) -> u8 {
        let mut level = 1;
        while self.least << (level - 1) < side && self.least << (level - 1) < self.width.max(self.height) {
            level += 1;
        }
        level
    }

    /// Hides the least cells that the rectangle of pixels touches.
    pub fn mark(&mut self, x: std::ops::Range<usize>, y: std::ops::Range<usize>, level: u8) {
        let (x1, y1) = (x.end.min(self.width), y.end.min(self.height));
        if x.start >= x1 || y.start >= y1 {
            return;
        }
        for cy in y.start / self.least..=(y1 - 1) / self.least {
            let row = &mut self.level[cy * self.across..][..self.across];
            for l in &mut row[x.start / self.least..=(x1 - 1) / self.least] {
                *l = (*l).max(level);
            }
        }
    }

    /// Hides what `other`, cells of an equal picture, hides.
    pub fn join(&mut self, other: &Self) {
        for (l, &o) in self.level.iter_mut().zip(&other.level) {
            *l = (*l).max(o);
        }
    }

    /// Shows what `other`, cells of an equal picture, has hidden.
    pub fn except(&mut self, other: &Self) {
        for (l, &o) in self.level.iter_mut().zip(&other.level) {
            *l = if o > 0 { 0 } else { *l };
        }
    }

    /// Sets each least cell by its pixels: `Some(level)` replaces it.
    pub fn each(&mut self, mut f: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>) -> Option<u8>) {
        for (i, level) in self.level.iter_mut().enumerate() {
            let (x, y) = (i % self.across * self.least, i / self.across * self.least);
            let to = f(x..(x + self.least).min(self.width), y..(y + self.least).min(self.height));
            *level = to.unwrap_or(*level);
        }
    }

    /// Whether they are of a picture of this size.
    pub fn fits(&self, width: usize, height: usize) -> bool {
        (self.width, self.height) == (width, height)
    }

    /// Least cells in a row, and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.across, self.level.len() / self.across.max(1))
    }

    /// Whether a least cell is hidden.
    pub fn is_hidden(&self, x: usize, y: usize) -> bool {
        self.level[y * self.across + x] > 0
    }

    /// The upper left pixel of a least cell; of those past the last ones, the picture's edge.
    pub fn corner(&self, x: usize, y: usize) -> (usize, usize) {
        ((x * self.least).min(self.width), (y * self.least).min(self.height))
    }

    /// Share of the picture's least cells that are hidden.
    pub fn share(&self) -> f32 {
        self.level.iter().filter(|&&l| l > 0).count() as f32 / self.level.len().max(1) as f32
    }

    /// The hidden least cells, as pixels, each with a number for the square of two by two cells of its level that it
    /// shares its value with: what is hidden keeps to the silhouette, what it shows is as coarse as its level says.
    fn hidden(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (i, &level) in self.level.iter().enumerate().filter(|&(_, &level)| level > 0) {
            let (cx, cy) = (i % self.across, i / self.across);
            let n = 1 << (level - 1);
            let (x, y) = (cx * self.least, cy * self.least);
            let square = (cy / (2 * n)) * self.across.div_ceil(2) + cx / (2 * n);
            let x = [x, (x + self.least).min(self.width)];
            let y = [y, (y + self.least).min(self.height)];
            let odd = (cx / n + cy / n) % 2 == 1;
            cells.push(Cell { level: level.into(), square, odd, reach: (self.least * n).div_ceil(2), x, y });
        }
        cells
    }

    /// Replaces every sample of the hidden cells in all planes. `held` knows the means of the picture before.
    pub fn replace(&self, picture: &mut Picture, look: Look, held: &mut BlockHold) {
        let method = look.method;
        let white = if picture.full_range { 255 } else { 235 };
        let flat = match method {
            Method::Solid => Some([128; 3]),
            Method::Colourise { colour } => Some(ycbcr(colour, picture.full_range)),
            Method::Pixelate | Method::Blur => None,
        };
        let cells = self.hidden();
        let squares = self.level.len() + self.across + 1;
        held.next_picture();
        let mut here = cells.clone();
        for (p, plane) in picture.planes.iter_mut().enumerate() {
            // Pixels a sample, across and down: 1, 2 or 4.
            let (sx, sy) = (self.width.div_ceil(plane.width), self.height.div_ceil(plane.height));
            for (to, cell) in here.iter_mut().zip(&cells) {
                to.x = [cell.x[0] / sx, cell.x[1].div_ceil(sx).min(plane.width)];
                to.y = [cell.y[0] / sy, cell.y[1].div_ceil(sy).min(plane.height)];
            }
            match flat {
                Some(flat) => here.iter().for_each(|cell| fill(plane, cell, flat[p])),
                None => pixelate(plane, &here, squares, |level, square, mean| held.value([p, level, square], mean)),
            }
            if flat.is_none() && p == 0 {
                here.iter().for_each(|cell| highlight(plane, cell, look.highlight, white));
            }
            if method == Method::Blur {
                blur(plane, &here);
            }
        }
    }
}

/// A hidden cell: its samples are `x[0]..x[1]` by `y[0]..y[1]`.
#[derive(Clone, Copy, Debug)]
struct Cell {
    level: usize,
    square: usize,
    /// Its place on the chequer board.
    odd: bool,
    /// Half the side of a cell of its level.
    reach: usize,
    x: [usize; 2],
    y: [usize; 2],
}

/// Fills each cell with a value for the mean of all hidden cells of its level in its square, times 256. An edge of
/// somebody that happens to lie between two cells would show between their own means.
fn pixelate(plane: &mut Plane, cells: &[Cell], squares: usize, mut value: impl FnMut(usize, usize, u32) -> u8) {
    let top = cells.iter().map(|c| c.level).max().unwrap_or(0);
    for level in 1..=top {
        let cells = cells.iter().filter(|c| c.level == level);
        let mut sums = vec![(0u64, 0u64); squares];
        for cell in cells.clone() {
            let (sum, n) = &mut sums[cell.square];
            for y in cell.y[0]..cell.y[1] {
                let row = &plane.data[y * plane.width..][cell.x[0]..cell.x[1]];
                *sum += u64::from(row.iter().map(|&v| u32::from(v)).sum::<u32>());
                *n += row.len() as u64;
            }
        }
        let mut values = vec![None; squares];
        for cell in cells {
            let (sum, n) = sums[cell.square];
            let mean = || (sum * 256 / n.max(1)) as u32;
            let value = *values[cell.square].get_or_insert_with(|| value(level, cell.square, mean()));
            fill(plane, cell, value);
        }
    }
}

/// Makes a cell darker or brighter by half of `by` levels, as on a chequer board, so that people see what is hidden.
fn highlight(plane: &mut Plane, cell: &Cell, by: u8, white: u8) {
    let Some(&value) = plane.data.get(cell.y[0] * plane.width + cell.x[0]).filter(|_| by > 0) else { return };
    let value = if cell.odd {
        value.saturating_add(by.div_ceil(2)).min(white.max(value))
    } else {
        value.saturating_sub(by / 2)
    };
    fill(plane, cell, value);
}

fn fill(plane: &mut Plane, cell: &Cell, value: u8) {
    for y in cell.y[0]..cell.y[1] {
        plane.data[y * plane.width..][cell.x[0]..cell.x[1]].fill(value);
    }
}

/// Lets the flat cells run into each other: two means over the cell's side, of hidden samples only.
fn blur(plane: &mut Plane, cells: &[Cell]) {
    let (w, h) = (plane.width, plane.height);
    let mut hidden = Plane::filled(w, h, 0);
    for cell in cells {
        fill(&mut hidden, cell, 1);
    }
    for pass in 0..2 {
        let source = plane.data.clone();
        for &Cell { x: [x0, x1], y: [y0, y1], reach, .. } in cells {
            for y in y0..y1 {
                for x in x0..x1 {
                    let (mut sum, mut n) = (0u32, 0u32);
                    let mut add = |i: usize| {
                        sum += u32::from(source[i]) * u32::from(hidden.data[i]);
                        n += u32::from(hidden.data[i]);
                    };
                    if pass == 0 {
                        (x.saturating_sub(reach)..(x + reach + 1).min(w)).for_each(|x| add(y * w + x));
                    } else {
                        (y.saturating_sub(reach)..(y + reach + 1).min(h)).for_each(|y| add(y * w + x));
                    }
                    plane.data[y * w + x] = ((sum + n / 2) / n.max(1)) as u8;
                }
            }
        }
    }
}

/// BT.601, as cameras use for what they do not say otherwise.
fn ycbcr([r, g, b]: [u8; 3], full_range: bool) -> [u8; 3] {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    let y = (299 * r + 587 * g + 114 * b + 500) / 1000;
    let (cb, cr) = ((b - y) * 564 / 1000, (r - y) * 713 / 1000);
    let (y, cb, cr) = if full_range { (y, cb, cr) } else { (16 + y * 219 / 255, cb * 224 / 255, cr * 224 / 255) };
    [y, 128 + cb, 128 + cr].map(|v| v.clamp(0, 255) as u8)
}
