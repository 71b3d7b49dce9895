//! The looks of each pixel of a scene, plane by plane.

/// Modes of a pixel.
pub(super) const MODES: usize = 3;
/// Weight from which a mode counts as background.
pub(super) const KNOWN: u8 = 6;
/// Weight of a mode that has always been right.
pub(super) const FULL: u8 = 96;
/// Noise of a pixel, at most.
pub(super) const NOISIEST: u8 = 32;
/// Levels within which a colour belongs to a mode, at least.
pub(super) const NEAR: u8 = 10;

/// One of the colours that pixels were seen to have, with its weight.
#[derive(Debug)]
pub(super) struct Mode {
    pub colour: [Vec<u8>; 3],
    pub weight: Vec<u8>,
    /// 255 where the mode is not background (yet), else 0.
    pub unknown: Vec<u8>,
    /// Times the pixel came back to this mode while learning.
    pub runs: Vec<u8>,
}

/// All pixels of a scene.
#[derive(Debug)]
pub(super) struct Pixels {
    pub modes: [Mode; MODES],
    /// Four times the pixel's usual deviation from its mode, in luma and in doubled chroma.
    pub noise: [Vec<u8>; 2],
    /// Mode of the pixel in the picture before, while learning.
    pub last: Vec<u8>,
}

impl Pixels {
    /// `n` pixels of which nothing is known.
    pub fn new(n: usize) -> Self {
        Pixels {
            modes: std::array::from_fn(|_| Mode {
                colour: std::array::from_fn(|_| vec![0; n]),
                weight: vec![0; n],
                unknown: vec![255; n],
                runs: vec![0; n],
            }),
            noise: [vec![8; n], vec![8; n]],
            last: vec![255; n],
        }
    }

    /// Lets two modes of a pixel change places.
    pub fn swap(&mut self, i: usize, a: usize, b: usize) {
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
