//! The looks of each pixel of a scene, and how much speaks for each that it is the empty scene's.

use super::mask::Mask;

/// Looks that are kept of a pixel.
pub(super) const LOOKS: usize = 3;
/// A pixel's noise, at most.
pub(super) const NOISIEST: u8 = 28;
/// Evidence of one second, below [`FINE`].
pub(super) const SECOND: u8 = 16;
/// Evidence up to this counts sixteenths of a second, from there on halves of a second: minutes fit into a byte.
pub(super) const FINE: u8 = 64;
/// The most evidence.
pub(super) const MOST: u8 = 176;

/// Mark of a look that was new in the picture before.
pub(super) const NEW: u8 = 128;

/// Evidence of so many seconds.
pub(super) const fn evidence(seconds: u8) -> u8 {
    if seconds < FINE / SECOND { seconds * SECOND } else { FINE + (seconds - FINE / SECOND) * 2 }
}

/// One of the colours that pixels were seen to have.
#[derive(Debug)]
pub(super) struct Look {
    pub colour: [Vec<u8>; 3],
    /// Evidence that the empty scene looks so; 0 where there is no such look.
    pub seen: Vec<u8>,
    /// 255 where the look is proven to be the empty scene's, else 0.
    pub proven: Vec<u8>,
    /// 255 where somebody was found who looks so, else 0.
    pub person: Vec<u8>,
}

/// All pixels of a scene.
#[derive(Debug)]
pub(super) struct Looks {
    pub looks: [Look; LOOKS],
    /// Four times the pixel's usual deviation from its look, in luma and in chroma.
    pub noise: [Vec<u8>; 2],
    /// Levels by which a pixel of a look may differ from it, in luma and in chroma.
    pub tolerance: [Vec<u8>; 2],
    /// 1024 by the tolerance.
    pub inverse: [Vec<u8>; 2],
    /// The look of the pixel in the picture before, with [`NEW`] where it was new; [`LOOKS`] where it had none of them.
    pub which: Vec<u8>,
    /// How often the pixel came back to a look of its own since that was last asked.
    pub returns: Vec<u8>,
}

impl Looks {
    /// `n` pixels of which nothing is known.
    pub fn new(n: usize) -> Self {
        Looks {
            looks: std::array::from_fn(|_| Look {
                colour: std::array::from_fn(|_| vec![0; n]),
                seen: vec![0; n],
                proven: vec![0; n],
                person: vec![0; n],
            }),
            noise: [vec![6; n], vec![4; n]],
            tolerance: [vec![8; n], vec![6; n]],
            inverse: [vec![128; n], vec![170; n]],
            which: vec![LOOKS as u8; n],
            returns: vec![0; n],
        }
    }

    /// The look that a pixel has now, as far as it has one.
    pub fn now(&self, i: usize) -> usize {
        usize::from(self.which[i] & !NEW)
    }

    /// The look of a pixel that most speaks for.
    pub fn strongest(&self, i: usize) -> usize {
        (0..LOOKS).max_by_key(|&k| (self.looks[k].proven[i], self.looks[k].seen[i], LOOKS - k)).unwrap_or(0)
    }

    /// From now on the pixel looks so, and never looked otherwise.
    pub fn replace(&mut self, i: usize, colour: [u8; 3]) {
        for (k, look) in self.looks.iter_mut().enumerate() {
            if k == 0 {
                look.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
            }
            (look.seen[i], look.proven[i], look.person[i]) = if k == 0 { (MOST, 255, 0) } else { (0, 0, 0) };
        }
        self.which[i] = 0;
    }

    /// The pixel may look so, too.
    pub fn admit(&mut self, i: usize, colour: [u8; 3]) {
        let weakest = (0..LOOKS).min_by_key(|&k| (self.looks[k].proven[i], self.looks[k].seen[i], k)).unwrap_or(0);
        let look = &mut self.looks[weakest];
        look.colour.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
        (look.seen[i], look.proven[i], look.person[i]) = (evidence(30), 255, 0);
    }

    /// A look that was not seen for long counts less and less; `odd` every second time. The last one that is proven
    /// stays so: who stands before it, for however long, does not become the scene.
    pub fn fade(&mut self, odd: bool) {
        for i in 0..self.which.len() {
            let mut proven = self.looks.iter().filter(|look| look.proven[i] != 0).count();
            for look in &mut self.looks {
                let seen = look.seen[i];
                let less = if seen >= FINE { (seen - 56) / 11 } else { seen / 11 + u8::from(odd) };
                let least = if look.proven[i] != 0 && proven == 1 { 2 } else { 1 };
                look.seen[i] = seen.saturating_sub(less).max(seen.min(least));
                if look.proven[i] != 0 && look.seen[i] <= 1 {
                    look.proven[i] = 0;
                    proven -= 1;
                }
            }
        }
    }

    /// Looks that have less than two thirds of the evidence of a pixel's strongest are not proven any more.
    pub fn keep_most(&mut self) {
        let ticks =
            |seen: u8| u32::from(if seen < FINE { seen } else { FINE }) + 8 * u32::from(seen.saturating_sub(FINE));
        for i in 0..self.which.len() {
            let most = self.looks.iter().map(|look| ticks(look.seen[i])).max().unwrap_or(0);
            for look in self.looks.iter_mut().filter(|look| ticks(look.seen[i]) * 3 < most * 2) {
                look.proven[i] = 0;
            }
        }
    }

    /// The pixels that have a look proven to be the empty scene's, into a mask of their size.
    pub fn known(&self, known: &mut Mask) {
        let w = known.width;
        known.clear();
        for y in 0..known.height {
            let row = |k: usize| &self.looks[k].proven[y * w..][..w];
            let words = known.row_mut(y);
            for (x, ((a, b), c)) in row(0).iter().zip(row(1)).zip(row(2)).enumerate() {
                words[x / 64] |= u64::from((a | b | c) & 1) << (x % 64);
            }
        }
    }
}
