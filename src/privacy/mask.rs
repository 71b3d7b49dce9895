//! Masks of pixels, one bit each.

/// A mask; bits past the end of a row are always 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mask {
    pub width: usize,
    pub height: usize,
    /// Words in a row; the lowest bit is the leftmost pixel.
    pub stride: usize,
    pub words: Vec<u64>,
}

impl Mask {
    /// A mask of nothing.
    pub fn new(width: usize, height: usize) -> Self {
        let stride = width.div_ceil(64);
        Self { width, height, stride, words: vec![0; stride * height] }
    }

    pub fn row(&self, y: usize) -> &[u64] {
        &self.words[y * self.stride..][..self.stride]
    }

    pub fn row_mut(&mut self, y: usize) -> &mut [u64] {
        &mut self.words[y * self.stride..][..self.stride]
    }

    pub fn get(&self, x: usize, y: usize) -> bool {
        self.words[y * self.stride + x / 64] >> (x % 64) & 1 == 1
    }

    /// Pixels in it.
    pub fn area(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Adds what `other`, a mask of the same size, has.
    pub fn join(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// What both have.
    pub fn and(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
        self
    }

    /// Pixels `x.start..x.end` of a row become `value`.
    pub fn fill(&mut self, y: usize, x: std::ops::Range<usize>, value: bool) {
        let row = self.row_mut(y);
        each_word(x, |i, bits| if value { row[i] |= bits } else { row[i] &= !bits });
    }

    /// Whether any of the pixels `x.start..x.end` of a row is in it.
    pub fn any(&self, y: usize, x: std::ops::Range<usize>) -> bool {
        let (row, mut any) = (self.row(y), 0);
        each_word(x, |i, bits| any |= row[i] & bits);
        any != 0
    }

    /// How many of the pixels `x.start..x.end` of a row are in it.
    pub fn count(&self, y: usize, x: std::ops::Range<usize>) -> usize {
        let (row, mut n) = (self.row(y), 0);
        each_word(x, |i, bits| n += (row[i] & bits).count_ones() as usize);
        n
    }

    /// What it does not have.
    pub fn inverse(&self) -> Self {
        let mut out = Self { words: self.words.iter().map(|w| !w).collect(), ..*self };
        out.trim();
        out
    }

    /// With all pixels of the `2 * rx + 1` by `2 * ry + 1` around each.
    pub fn dilate(&self, rx: usize, ry: usize) -> Self {
        let mut out = self.spread(rx, ry, |a, b| a | b, 0);
        out.trim();
        out
    }

    /// Only pixels whose `2 * rx + 1` by `2 * ry + 1` around (inside the picture) are all in it.
    pub fn erode(&self, rx: usize, ry: usize) -> Self {
        // Outside the picture is all ones for this: nothing is lost there.
        let mut full = self.clone();
        let behind = self.behind();
        full.words.iter_mut().skip(self.stride - 1).step_by(self.stride).for_each(|w| *w |= behind);
        let mut out = full.spread(rx, ry, |a, b| a & b, u64::MAX);
        out.trim();
        out
    }

    /// Without what no square of 2 by 2 pixels fits into.
    pub fn open_2x2(&self) -> Self {
        let mut out = Self::new(self.width, self.height);
        for y in 1..self.height {
            let (a, b) = (self.row(y - 1), self.row(y));
            let both = |i: usize| a.get(i).zip(b.get(i)).map_or(0, |(a, b)| a & b);
            let mut before = 0;
            for i in 0..self.stride {
                let here = both(i);
                let left = here & (here << 1 | before >> 63);
                // The left pixel of the square that begins in the last bit belongs to the next word's first.
                let next = here >> 63 & both(i + 1) & 1;
                let square = left | left >> 1 | next << 63;
                before = here;
                out.words[(y - 1) * self.stride + i] |= square;
                out.words[y * self.stride + i] |= square;
            }
        }
        out
    }

    /// Bits of a row's last word that are past its end.
    fn behind(&self) -> u64 {
        if self.width.is_multiple_of(64) { 0 } else { u64::MAX << (self.width % 64) }
    }

    fn trim(&mut self) {
        let (behind, stride) = (self.behind(), self.stride);
        self.words.iter_mut().skip(stride - 1).step_by(stride).for_each(|w| *w &= !behind);
    }

    fn spread(&self, rx: usize, ry: usize, join: impl Fn(u64, u64) -> u64, outside: u64) -> Self {
        let mut wide = self.clone();
        for y in 0..self.height {
            for _ in 0..rx {
                let row = wide.row_mut(y);
                let mut before = outside;
                for i in 0..row.len() {
                    let (here, next) = (row[i], row.get(i + 1).copied().unwrap_or(outside));
                    row[i] = join(here, join(here << 1 | before >> 63, here >> 1 | next << 63));
                    before = here;
                }
            }
        }
        let mut out = wide.clone();
        for y in 0..self.height {
            for other in y.saturating_sub(ry)..(y + ry + 1).min(self.height) {
                out.row_mut(y).iter_mut().zip(wide.row(other)).for_each(|(a, &b)| *a = join(*a, b));
            }
        }
        out
    }
}

/// Calls `f` with the words that hold the bits of a range, and the bits in each.
fn each_word(x: std::ops::Range<usize>, mut f: impl FnMut(usize, u64)) {
    let mut at = x.start;
    while at < x.end {
        let (i, from) = (at / 64, at % 64);
        let n = (64 - from).min(x.end - at);
        f(i, (u64::MAX >> (64 - n)) << from);
        at += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(w: usize, h: usize, on: impl Fn(usize, usize) -> bool) -> Mask {
        let mut mask = Mask::new(w, h);
        for y in 0..h {
            (0..w).filter(|&x| on(x, y)).for_each(|x| mask.fill(y, x..x + 1, true));
        }
        mask
    }

    fn around(w: usize, h: usize, x: usize, y: usize, rx: usize, ry: usize) -> impl Iterator<Item = (usize, usize)> {
        let rows = y.saturating_sub(ry)..(y + ry + 1).min(h);
        rows.flat_map(move |y| (x.saturating_sub(rx)..(x + rx + 1).min(w)).map(move |x| (x, y)))
    }

    #[test]
    fn words_say_the_same_as_pixel_by_pixel() {
        let (w, h) = (131, 9);
        let dice = |x: usize, y: usize| (x * 7919 + y * 104_729 + x * x * 31) % 11;
        for least in [1, 3, 9] {
            let m = mask(w, h, |x, y| dice(x, y) >= least);
            let on = |x: usize, y: usize| m.get(x, y);
            let dilated = mask(w, h, |x, y| around(w, h, x, y, 3, 2).any(|(x, y)| on(x, y)));
            assert_eq!(m.dilate(3, 2), dilated);
            let eroded = mask(w, h, |x, y| around(w, h, x, y, 2, 1).all(|(x, y)| on(x, y)));
            assert_eq!(m.erode(2, 1), eroded);
            let square = |x: usize, y: usize| {
                x + 1 < w
                    && y + 1 < h
                    && around(w, h, x + 1, y + 1, 1, 1)
                        .filter(|&(a, b)| a <= x + 1 && b <= y + 1)
                        .all(|(x, y)| on(x, y))
            };
            let opened = mask(w, h, |x, y| {
                [(0, 0), (1, 0), (0, 1), (1, 1)].iter().any(|&(a, b)| x >= a && y >= b && square(x - a, y - b))
            });
            assert_eq!(m.open_2x2(), opened);
            assert_eq!(m.inverse().inverse(), m);
            assert_eq!(m.area() + m.inverse().area(), w * h);
        }
    }
}
