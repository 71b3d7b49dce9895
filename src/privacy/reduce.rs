//! Pictures of half the size or so: what the model looks at.

use crate::media::{Picture, Plane};

/// Luma and chroma at half the picture's width and height, or at [`scale_of`] of it, smoothed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Small {
    pub width: usize,
    pub height: usize,
    /// Y, Cb, Cr, `width * height` samples each.
    pub planes: [Vec<u8>; 3],
}

/// Pixels of a picture of this width for one of the model, across and down: people far away are small in small
/// pictures, and large ones need not be looked at so finely.
pub(super) fn scale_of(width: usize) -> usize {
    match width {
        0..=400 => 1,
        401..=2400 => 2,
        _ => 4,
    }
}

/// Working memory of [`Reducer::reduce`].
#[derive(Debug, Default)]
pub(crate) struct Reducer {
    scratch: Vec<u8>,
}

impl Reducer {
    /// Scales down by [`scale_of`] and smooths; `out` is resized as needed.
    pub fn reduce(&mut self, picture: &Picture, out: &mut Small) {
        let by = scale_of(picture.width());
        let (w, h) = (picture.width().div_ceil(by), picture.height().div_ceil(by));
        (out.width, out.height) = (w, h);
        for (plane, out) in picture.planes.iter().zip(&mut out.planes) {
            out.resize(w * h, 0);
            self.scratch.resize(w * h, 0);
            scale(plane, w, h, &mut self.scratch);
            smooth(&self.scratch, w, h, out);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn scale(plane: &Plane, w: usize, h: usize, out: &mut [u8]) {
    if (plane.width, plane.height) == (w, h) {
        out.copy_from_slice(&plane.data);
    } else if plane.width.div_ceil(2) == w && plane.height.div_ceil(2) == h && plane.height > 1 && plane.width > 1 {
        for (y, row) in out.chunks_exact_mut(w).enumerate() {
            let a = &plane.data[2 * y * plane.width..][..plane.width];
            let below = (2 * y + 1).min(plane.height - 1);
            let b = &plane.data[below * plane.width..][..plane.width];
            for ((o, a), b) in row.iter_mut().zip(a.chunks_exact(2)).zip(b.chunks_exact(2)) {
                *o = ((u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]) + 2) >> 2) as u8;
            }
            if plane.width % 2 == 1 {
                row[w - 1] = u8::midpoint(a[plane.width - 1], b[plane.width - 1]);
            }
        }
    } else {
        // Rarer subsamplings (4:2:2, 4:1:1): the mean of what a half-size sample covers, or its nearest.
        for y in 0..h {
            let (y0, y1) = span(y, h, plane.height);
            for x in 0..w {
                let (x0, x1) = span(x, w, plane.width);
                let mut sum = 0u32;
                for yy in y0..y1 {
                    sum += plane.data[yy * plane.width..][x0..x1].iter().map(|&v| u32::from(v)).sum::<u32>();
                }
                let n = ((x1 - x0) * (y1 - y0)) as u32;
                out[y * w + x] = ((sum + n / 2) / n) as u8;
            }
        }
    }
}

/// The samples of `from` that sample `i` of `to` covers, at least one.
fn span(i: usize, to: usize, from: usize) -> (usize, usize) {
    let start = (i * from / to).min(from - 1);
    (start, ((i + 1) * from / to).clamp(start + 1, from))
}

/// Binomial 3x3.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn smooth(src: &[u8], w: usize, h: usize, out: &mut [u8]) {
    let mut column = vec![0u16; w + 2];
    for y in 0..h {
        let above = &src[y.saturating_sub(1) * w..][..w];
        let here = &src[y * w..][..w];
        let below = &src[(y + 1).min(h - 1) * w..][..w];
        for (((c, &a), &b), &d) in column[1..].iter_mut().zip(above).zip(here).zip(below) {
            *c = u16::from(a) + 2 * u16::from(b) + u16::from(d);
        }
        column[0] = column[1];
        column[w + 1] = column[w];
        let row = &mut out[y * w..][..w];
        for (((o, &a), &b), &c) in row.iter_mut().zip(&column).zip(&column[1..]).zip(&column[2..]) {
            *o = ((a + 2 * b + c + 8) >> 4) as u8;
        }
    }
}

impl Small {
    /// The picture as the model has it: each place of `to` takes what is `off` to the right and below, in pixels.
    /// Beyond the edge it goes on as it ends.
    pub fn moved(&self, off: impl Fn(f64, f64) -> (f64, f64), to: &mut Small) {
        (to.width, to.height) = (self.width, self.height);
        to.planes.iter_mut().zip(&self.planes).for_each(|(to, from)| to.resize(from.len(), 0));
        for y in 0..self.height {
            for x in (0..self.width).step_by(PIECE) {
                let n = PIECE.min(self.width - x);
                // a piece of a row is moved as its middle is
                let (dx, dy) = off((x + n / 2) as f64, y as f64);
                let (dx, dy) = ((dx * 16.0).round() as i32, (dy * 16.0).round() as i32);
                for (from, to) in self.planes.iter().zip(&mut to.planes) {
                    let out = &mut to[y * self.width + x..][..n];
                    slide(from, (self.width, self.height), (x as i32, y as i32), (dx, dy), out);
                }
            }
        }
    }

    /// Divides brightness and colour by `gain` (1024 is 1), as if the light had not changed. `black` is the luma of
    /// black.
    pub fn even_out(&mut self, gain: u32, black: u8) {
        let gain = gain.max(1) as i32;
        let table = |zero: i32| -> [u8; 256] {
            std::array::from_fn(|v| {
                let from = (v as i32 - zero) * 1024;
                let half = if from < 0 { -gain / 2 } else { gain / 2 };
                (zero + (from + half) / gain).clamp(0, 255) as u8
            })
        };
        let (luma, chroma) = (table(black.into()), table(128));
        for (plane, table) in self.planes.iter_mut().zip([&luma, &chroma, &chroma]) {
            for v in plane.iter_mut() {
                *v = table[usize::from(*v)];
            }
        }
    }
}

/// Pixels of a row that are moved together.
const PIECE: usize = 32;

/// Pixels from `at` on, taken from `off` sixteenths to the right and below.
fn slide(from: &[u8], (w, h): (usize, usize), at: (i32, i32), off: (i32, i32), out: &mut [u8]) {
    let (x, y) = (at.0 + (off.0 >> 4), at.1 + (off.1 >> 4));
    let (fx, fy) = ((off.0 & 15) as u16, (off.1 & 15) as u16);
    let row = |y: i32| &from[y.clamp(0, h as i32 - 1) as usize * w..][..w];
    let (a, b) = (row(y), row(y + 1));
    let mix = |a0: u8, a1: u8, b0: u8, b1: u8| {
        let (a, b) = (u16::from(a0) * (16 - fx) + u16::from(a1) * fx, u16::from(b0) * (16 - fx) + u16::from(b1) * fx);
        ((a * (16 - fy) + b * fy + 128) >> 8) as u8
    };
    let inside = usize::try_from(x).ok().filter(|x| x + out.len() < w);
    if let Some(x) = inside {
        let (a, b) = (&a[x..][..=out.len()], &b[x..][..=out.len()]);
        for (i, o) in out.iter_mut().enumerate() {
            *o = mix(a[i], a[i + 1], b[i], b[i + 1]);
        }
        return;
    }
    let last = w as i32 - 1;
    for (i, o) in out.iter_mut().enumerate() {
        let (x0, x1) = ((x + i as i32).clamp(0, last) as usize, (x + i as i32 + 1).clamp(0, last) as usize);
        *o = mix(a[x0], a[x1], b[x0], b[x1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_back_takes_the_picture_to_where_it_was() {
        let (w, h) = (40, 12);
        let plane =
            |dx: usize, dy: usize| (0..w * h).map(|i| ((i % w + dx) * 4 + (i / w + dy) * 3) as u8).collect::<Vec<u8>>();
        let small = |dx, dy| Small { width: w, height: h, planes: std::array::from_fn(|_| plane(dx, dy)) };
        let mut out = Small::default();
        small(0, 0).moved(|_, _| (2.0, 1.0), &mut out);
        for y in 0..h - 1 {
            assert_eq!(out.planes[0][y * w..][..w - 2], small(2, 1).planes[0][y * w..][..w - 2]);
        }
        small(2, 0).moved(|_, _| (-2.0, 0.0), &mut out);
        assert_eq!(out.planes[1][2..w], small(0, 0).planes[1][2..w]);
        small(0, 0).moved(|_, _| (0.5, 0.0), &mut out);
        assert_eq!((out.planes[2][0], out.planes[2][1]), (2, 6));
    }
}
