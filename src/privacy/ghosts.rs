//! What stays: who stands still stays hidden, and only what is proven to be the empty scene is learned.
//!
//! Somebody who was there while the background was learned leaves a ghost: the scene behind, once they have walked on,
//! differs from what was learned. That nothing moves there proves nothing, for people can stand still for long. The
//! outline does: around somebody the picture has an edge where the background has none, around a ghost it is the other
//! way round.

use super::mask::Mask;
use super::model::Model;
use super::reduce::Small;
use super::runs::Parts;
use super::soft_light::lit;

/// Time between two looks, in microseconds.
const EVERY: i64 = 500_000;
/// Looks for which a place must have been the same before it is asked whether it is a ghost.
const SAME: u16 = 20;
/// Pixels at half size on either side of an outline that are compared.
const REACH: usize = 3;
/// Levels by which one edge must be stronger than the other.
const CLEAR: u8 = 12;

/// How long the pixels of the foreground have looked as they do.
#[derive(Debug)]
pub(crate) struct Ghosts {
    colour: [Vec<u8>; 3],
    /// Looks, one each [`EVERY`].
    same: Vec<u16>,
    waited: i64,
}

impl Ghosts {
    /// Nothing seen yet, at this (half) size.
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self { colour: std::array::from_fn(|_| vec![0; n]), same: vec![0; n], waited: 0 }
    }

    /// Looks at the foreground, `step` microseconds after the picture before; teaches the model what is the empty
    /// scene. What is `taken` is somebody for sure. With `lights`, the luma of black, patches of other light are shown
    /// again; without a detector that objects, somebody pale might be taken for one.
    #[allow(clippy::too_many_arguments, reason = "they are one picture's")]
    pub fn look(
        &mut self,
        now: &Small,
        foreground: &Mask,
        taken: &Mask,
        model: &mut Model,
        step: i64,
        absorb_ms: Option<u32>,
        lights: Option<u8>,
    ) {
        self.waited += step;
        if self.waited < EVERY {
            return;
        }
        self.waited = 0;
        self.count(now, foreground, model);
        let absorbed = absorb_ms.map(|ms| (i64::from(ms) * 1000 / EVERY).clamp(1, u16::MAX.into()) as u16);
        let parts = Parts::of(foreground, true);
        let w = foreground.width;
        let (mut same, mut old) = (vec![0; parts.len()], vec![0; parts.len()]);
        let mut closed = vec![false; parts.len()];
        for run in &parts.runs {
            closed[run.part] |= taken.any(run.y, run.start..run.end);
            for &n in &self.same[run.y * w..][run.start..run.end] {
                same[run.part] += usize::from(n >= SAME);
                old[run.part] += usize::from(absorbed.is_some_and(|a| n >= a));
            }
        }
        // Nine of ten pixels decide: the rim flickers.
        let most = |n: usize, part: usize| n * 10 >= parts.area[part] * 9;
        for part in (0..parts.len()).filter(|&p| !closed[p]) {
            let lit = lights
                .and_then(|black| lit(now, model.usual(), foreground, &parts, part, black, |i| model.tolerance(i)));
            if let Some(lit) = lit {
                for run in parts.runs.iter().filter(|r| r.part == part) {
                    for x in (run.start..run.end).filter(|&x| lit.get(x, run.y)) {
                        let i = run.y * w + x;
                        model.replace(i, now.planes.each_ref().map(|p| p[i]));
                    }
                }
                continue;
            }
            let ghost = most(same[part], part) && is_ghost(now, model.usual(), foreground, &parts, part);
            if !ghost && !most(old[part], part) {
                continue;
            }
            for run in parts.runs.iter().filter(|r| r.part == part) {
                for i in run.y * w + run.start..run.y * w + run.end {
                    let colour = now.planes.each_ref().map(|p| p[i]);
                    if ghost { model.replace(i, colour) } else { model.admit(i, colour) }
                }
            }
        }
    }

    /// Counts for each pixel of the foreground the looks since it became another.
    fn count(&mut self, now: &Small, foreground: &Mask, model: &Model) {
        let mut at = 0;
        for y in 0..foreground.height {
            for (i, &word) in foreground.row(y).iter().enumerate() {
                let n = (foreground.width - i * 64).min(64);
                if word == 0 {
                    self.same[at..at + n].fill(0);
                } else {
                    (at..at + n).for_each(|p| self.count_pixel(p, word >> (p - at) & 1 == 1, now, model));
                }
                at += n;
            }
        }
    }

    fn count_pixel(&mut self, i: usize, foreground: bool, now: &Small, model: &Model) {
        if !foreground {
            self.same[i] = 0;
            return;
        }
        let off = apart([0, 1, 2].map(|p| now.planes[p][i]), [0, 1, 2].map(|p| self.colour[p][i]));
        if self.same[i] > 0 && off <= model.tolerance(i) {
            self.same[i] = self.same[i].saturating_add(1);
        } else {
            // One odd look among many is noise.
            self.same[i] /= 2;
            if self.same[i] == 0 {
                self.same[i] = 1;
                self.colour.iter_mut().zip(&now.planes).for_each(|(to, from)| to[i] = from[i]);
            }
        }
    }
}

/// Levels between two colours; chroma counts double.
fn apart(a: [u8; 3], b: [u8; 3]) -> u8 {
    let chroma = a[1].abs_diff(b[1]).max(a[2].abs_diff(b[2]));
    a[0].abs_diff(b[0]).max(chroma.saturating_add(chroma))
}

/// Whether the outline of a part is an edge of the background rather than of the picture.
fn is_ghost(now: &Small, usual: &[Vec<u8>; 3], mask: &Mask, parts: &Parts, part: usize) -> bool {
    let (w, h) = (mask.width, mask.height);
    let (mut all, mut gone, mut there) = (0usize, 0usize, 0usize);
    let mut compare = |inside: usize, outside: usize| {
        let edge =
            |planes: &[Vec<u8>; 3]| apart([0, 1, 2].map(|p| planes[p][inside]), [0, 1, 2].map(|p| planes[p][outside]));
        let (is, was) = (edge(&now.planes), edge(usual));
        all += 1;
        gone += usize::from(was > is.saturating_add(CLEAR));
        there += usize::from(is > was.saturating_add(CLEAR));
    };
    for run in parts.runs.iter().filter(|r| r.part == part) {
        let row = run.y * w;
        if run.end - run.start > REACH {
            if run.start >= REACH {
                compare(row + run.start + REACH, row + run.start - REACH);
            }
            if run.end + REACH < w {
                compare(row + run.end - 1 - REACH, row + run.end - 1 + REACH);
            }
        }
        for x in run.start..run.end {
            let inside = |y: usize| mask.get(x, y);
            if run.y >= REACH && run.y + REACH < h {
                if !inside(run.y - 1) && !inside(run.y - REACH) && inside(run.y + REACH) {
                    compare(row + REACH * w + x, row - REACH * w + x);
                }
                if !inside(run.y + 1) && !inside(run.y + REACH) && inside(run.y - REACH) {
                    compare(row - REACH * w + x, row + REACH * w + x);
                }
            }
        }
    }
    gone * 3 >= all && gone >= there * 6 && all >= 8
}
