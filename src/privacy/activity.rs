//! Where something moves: what changed within a fifth of a second, and how long ago that was.

use std::collections::VecDeque;

use super::looks::Looks;
use super::mask::Mask;
use super::reduce::Small;
use super::simd::{LANES, apart, load, reaches, to_bits};

/// Microseconds between the pictures that are compared.
const SPAN: i64 = 200_000;
/// Pictures that are kept, at most, however fast they come.
const MOST: usize = 16;
/// How far from what moves nothing is evidence, at half size: least and most.
const REACH: [usize; 2] = [2, 14];

/// The pictures of the last fifth of a second.
#[derive(Debug)]
pub(super) struct Activity {
    past: VecDeque<(i64, Small)>,
    spare: Vec<Small>,
    moved: Mask,
    /// Ticks since something moved near a pixel.
    pub age: Vec<u8>,
}

impl Activity {
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self { past: VecDeque::new(), spare: Vec::new(), moved: Mask::new(width, height), age: vec![255; n] }
    }

    /// What moves in a picture of `at` microseconds, which is `ticks` after the one before. People are about `tall`
    /// pixels tall.
    pub fn look(&mut self, now: &Small, looks: &Looks, at: i64, ticks: u8, tall: usize) -> &Mask {
        while self.past.len() > 1 && self.past.get(1).is_some_and(|(t, _)| at - t >= SPAN) || self.past.len() > MOST {
            self.spare.extend(self.past.pop_front().map(|(_, small)| small));
        }
        match self.past.front() {
            Some((_, before)) => changed(now, before, looks, &mut self.moved),
            None => self.moved.clear(),
        }
        let mut kept = self.spare.pop().unwrap_or_default();
        (kept.width, kept.height) = (now.width, now.height);
        kept.planes.iter_mut().zip(&now.planes).for_each(|(to, from)| to.clone_from(from));
        self.past.push_back((at, kept));
        self.moved = self.moved.open_2x2();
        let reach = (tall / 20).clamp(REACH[0], REACH[1]);
        grow_old(&mut self.age, &self.moved.dilate(reach, reach), ticks);
        &self.moved
    }
}

/// Adds `ticks` to the ages of all pixels, and sets those of a mask to 0.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn grow_old(age: &mut [u8], new: &Mask, ticks: u8) {
    if ticks > 0 {
        for a in age.iter_mut() {
            *a = a.saturating_add(ticks);
        }
    }
    for y in 0..new.height {
        for (i, &word) in new.row(y).iter().enumerate().filter(|&(_, &word)| word != 0) {
            let from = y * new.width + i * 64;
            let n = (new.width - i * 64).min(64);
            for (x, a) in age[from..from + n].iter_mut().enumerate() {
                *a = if word >> x & 1 == 1 { 0 } else { *a };
            }
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
#[allow(clippy::needless_range_loop, reason = "iterators would not be inlined with the instruction set around them")]
fn changed(now: &Small, before: &Small, looks: &Looks, out: &mut Mask) {
    let w = now.width;
    for y in 0..now.height {
        let row = y * w;
        let mut x = 0;
        while x < w {
            let at = row + x;
            let (ty, tc) = (load(&looks.tolerance[0], at), load(&looks.tolerance[1], at));
            let (y0, y1) = (load(&now.planes[0], at), load(&before.planes[0], at));
            let (u0, u1) = (load(&now.planes[1], at), load(&before.planes[1], at));
            let (v0, v1) = (load(&now.planes[2], at), load(&before.planes[2], at));
            let mut is = [0; LANES];
            for i in 0..LANES {
                let chroma = apart(u0[i], u1[i]).max(apart(v0[i], v1[i]));
                is[i] = !reaches(ty[i], apart(y0[i], y1[i])) | !reaches(tc[i], chroma);
            }
            let inside = if w - x < LANES { !(u32::MAX << (w - x)) } else { u32::MAX };
            let word = y * out.stride + x / 64;
            if x % 64 == 0 {
                out.words[word] = 0;
            }
            out.words[word] |= u64::from(to_bits(&is) & inside) << (x % 64);
            x += LANES;
        }
    }
}
