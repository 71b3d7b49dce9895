//! Pictures of half the size: what the model looks at.

use crate::media::{Picture, Plane};

/// Luma and chroma at half the picture's width and height, smoothed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Small {
    pub width: usize,
    pub height: usize,
    /// Y, Cb, Cr, `width * height` samples each.
    pub planes: [Vec<u8>; 3],
}

/// Working memory of [`Reducer::reduce`].
#[derive(Debug, Default)]
pub(crate) struct Reducer {
    scratch: Vec<u8>,
}

impl Reducer {
    /// Halves and smooths; `out` is resized as needed.
    pub fn reduce(&mut self, picture: &Picture, out: &mut Small) {
        let (w, h) = (picture.width().div_ceil(2), picture.height().div_ceil(2));
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
    /// The picture moved back by (`dx`, `dy`) sixteenths of a pixel: `to` at a place is what was there plus the
    /// displacement. Beyond the edge it goes on as it ends.
    pub fn moved(&self, dx: i32, dy: i32, to: &mut Small) {
        (to.width, to.height) = (self.width, self.height);
        let mut rows = [Vec::new(), Vec::new()];
        for (from, to) in self.planes.iter().zip(&mut to.planes) {
            to.resize(from.len(), 0);
            let mut ready = [usize::MAX; 2];
            for (y, out) in to.chunks_exact_mut(self.width).enumerate() {
                let place = y as i32 * 16 + dy;
                let row = |y: i32| (y.clamp(0, self.height as i32 - 1)) as usize;
                let need = [row(place >> 4), row((place >> 4) + 1)];
                if ready[1] == need[0] {
                    rows.swap(0, 1);
                    ready.swap(0, 1);
                }
                for k in 0..2 {
                    if ready[k] != need[k] {
                        slide(&from[need[k] * self.width..][..self.width], dx, &mut rows[k]);
                        ready[k] = need[k];
                    }
                }
                mix(&rows[0], &rows[1], (place & 15) as u16, out);
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

/// A row moved back by `dx` sixteenths, in sixteenths of levels.
fn slide(row: &[u8], dx: i32, out: &mut Vec<u16>) {
    let last = row.len() as i32 - 1;
    let (whole, part) = (dx >> 4, (dx & 15) as u16);
    let at = |x: i32| u16::from(row[x.clamp(0, last) as usize]);
    out.clear();
    out.resize(row.len(), 0);
    // Only the ends need care; the middle is one loop without conditions.
    let start = (-whole).clamp(0, last + 1) as usize;
    let end = (last - whole).clamp(start as i32, last + 1) as usize;
    let from = &row[(start as i32 + whole).clamp(0, last) as usize..];
    for ((o, &a), &b) in out[start..end].iter_mut().zip(from).zip(&from[1.min(from.len())..]) {
        *o = u16::from(a) * (16 - part) + u16::from(b) * part;
    }
    for x in (0..start).chain(end..row.len()) {
        let x0 = x as i32 + whole;
        out[x] = at(x0) * (16 - part) + at(x0 + 1) * part;
    }
}

fn mix(a: &[u16], b: &[u16], part: u16, out: &mut [u8]) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = ((a * (16 - part) + b * part + 128) >> 8) as u8;
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
        small(0, 0).moved(32, 16, &mut out);
        for y in 0..h - 1 {
            assert_eq!(out.planes[0][y * w..][..w - 2], small(2, 1).planes[0][y * w..][..w - 2]);
        }
        small(2, 0).moved(-32, 0, &mut out);
        assert_eq!(out.planes[1][2..w], small(0, 0).planes[1][2..w]);
        small(0, 0).moved(8, 0, &mut out);
        assert_eq!((out.planes[2][0], out.planes[2][1]), (2, 6));
    }
}
