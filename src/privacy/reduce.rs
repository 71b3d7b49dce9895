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
    /// Divides brightness and colour by `gain` (256 is 1), as if the light had not changed. `black` is the luma of black.
    pub fn even_out(&mut self, gain: u32, black: u8) {
        let gain = gain.max(1) as i32;
        let table = |zero: i32| -> [u8; 256] {
            std::array::from_fn(|v| {
                let from = (v as i32 - zero) * 256;
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
