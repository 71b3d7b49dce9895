//! A detector of people objects: where it sees somebody, what the pixels show is no empty scene, proven or not.
//!
//! Rectangles here are in pixels of half size, where the model has them.

use std::ops::Range;

use super::looks::{LOOKS, Looks};

/// Score from which proof is taken back.
const SURE: f32 = 0.35;
/// Score that is needed of one who was not found twice in one place.
const SURER: f32 = 0.5;
/// Share of a rectangle that must look like the proven scene for its proof to be taken back; share that must be quiet.
const LIKE_EMPTY: usize = 40;
const QUIET: usize = 70;
/// Ticks for which nothing moves where it is quiet.
const CALM: u8 = 5;
/// Ticks since somebody was found, and since something moved, after which a place may be let go.
const GONE: u8 = 24;
const STAYED: u8 = 8;
/// Share of a place's pixels that may still show what they showed of somebody, in per cent.
const SAME: usize = 40;
/// Places that are remembered, at most.
const MOST: usize = 1000;

/// Columns and rows.
pub(super) type Rectangle = (Range<usize>, Range<usize>);

/// One whom the detector found in this picture.
#[derive(Clone, Debug)]
pub(super) struct Objection {
    /// The middle of their box.
    pub at: Rectangle,
    pub score: f32,
    pub still: bool,
}

/// Places where somebody was taken for the empty scene.
#[derive(Debug, Default)]
pub(super) struct Veto {
    claims: Vec<Rectangle>,
}

/// What the model has of the pixels.
pub(super) struct Known<'a> {
    pub looks: &'a mut Looks,
    /// Ticks since something moved, and since somebody was found.
    pub moved: &'a [u8],
    pub boxed: &'a [u8],
    pub width: usize,
}

impl Known<'_> {
    /// Whether what a pixel shows now has a mark.
    fn now(&self, i: usize, of: impl Fn(&super::looks::Look) -> &[u8]) -> bool {
        self.looks.looks.get(self.looks.now(i)).is_some_and(|look| of(look)[i] != 0)
    }
}

fn pixels(at: &Rectangle, width: usize) -> impl Iterator<Item = usize> + use<> {
    let (x, y) = at.clone();
    y.flat_map(move |y| x.clone().map(move |x| y * width + x))
}

impl Veto {
    /// Takes back proof, where the detector saw somebody; `learning` believes it sooner.
    pub fn object(&mut self, objections: &[Objection], learning: bool, known: &mut Known<'_>) {
        for o in objections.iter().filter(|o| o.score >= SURE) {
            let all = pixels(&o.at, known.width).count();
            if all == 0 {
                continue;
            }
            let empty = pixels(&o.at, known.width).filter(|&i| known.now(i, |l| &l.proven)).count();
            let quiet = pixels(&o.at, known.width).filter(|&i| known.moved[i] > CALM).count();
            let stays = o.still || (quiet * 100 > all * QUIET && o.score >= SURER);
            let taken_for_empty = empty * 100 > all * LIKE_EMPTY && stays;
            if !(learning || taken_for_empty) {
                continue;
            }
            for i in pixels(&o.at, known.width) {
                let k = known.looks.now(i);
                if k < LOOKS && (known.moved[i] > CALM || (o.still && !learning)) {
                    let look = &mut known.looks.looks[k];
                    (look.seen[i], look.proven[i], look.person[i]) = (1, 0, 255);
                }
            }
            self.claims.retain(|c| overlap(c, &o.at) < 0.5);
            if self.claims.len() < MOST {
                self.claims.push(o.at.clone());
            }
        }
    }

    /// Lets places go whose middle shows something else now, at rest, and where nobody is found any more.
    pub fn release(&mut self, known: &mut Known<'_>) {
        self.claims.retain(|claim| {
            let middle: Vec<usize> = ellipse(claim, known.width).collect();
            let share = |n: usize, most: usize| n * 100 > middle.len() * most;
            let unseen = middle.iter().filter(|&&i| known.boxed[i] > GONE).count();
            let same = middle.iter().filter(|&&i| known.now(i, |l| &l.person)).count();
            let calm = middle.iter().filter(|&&i| known.moved[i] > STAYED).count();
            let gone = share(unseen, 50) && !share(same, SAME) && share(calm, QUIET);
            if gone {
                for i in pixels(claim, known.width) {
                    known.looks.looks.iter_mut().for_each(|look| look.person[i] = 0);
                }
            }
            !gone
        });
    }
}

/// Shared area over the area of both.
fn overlap(a: &Rectangle, b: &Rectangle) -> f32 {
    let shared = |a: &Range<usize>, b: &Range<usize>| a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let (both, area) = (shared(&a.0, &b.0) * shared(&a.1, &b.1), |r: &Rectangle| r.0.len() * r.1.len());
    both as f32 / (area(a) + area(b) - both).max(1) as f32
}

/// The pixels of the ellipse in a rectangle that somebody in it fills.
fn ellipse(at: &Rectangle, width: usize) -> impl Iterator<Item = usize> + use<> {
    let (x, y) = at.clone();
    let (w, h) = (x.len() as i64, y.len() as i64);
    // half axes of .36 and .46 of the sides, about the middle and a little above
    let inside = move |dx: i64, dy: i64| {
        let (u, v) = ((2 * dx - w) * 100, 2 * dy * 100 - h * 96);
        let (a, b) = (72 * w + 200, 92 * h);
        (u * u) as f64 / ((a * a).max(1)) as f64 + (v * v) as f64 / ((b * b).max(1)) as f64 <= 1.0
    };
    let (x0, y0) = (x.start, y.start);
    pixels(at, width).filter(move |i| inside((i % width - x0) as i64, (i / width - y0) as i64))
}
