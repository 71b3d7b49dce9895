//! The empty scene: how each pixel of it looks, as far as that is proven.
//!
//! Everything is unknown until it is proven empty. A look is proven by time in which the pixel has it, nothing moves
//! near, and no detector sees anybody there. Where a look is proven already, another one needs much more: somebody who
//! came and stands still has it, too.

use super::activity::{Activity, grow_old};
use super::evidence::{Around, Worth, take};
use super::looks::{LOOKS, Looks, MOST, evidence};
use super::mask::Mask;
use super::reduce::Small;
use super::sway::{Sway, fit_tolerance, usual};
use super::ticks::{Gone, Ticks};
use super::veto::Known;

/// The tolerances of one row in this many are brought up to date by a picture.
const ROWS: usize = 8;
/// Ticks from one step of proven looks to the next.
const FOLLOW: i64 = 4;
/// Ticks from one fading to the next.
const FADE: i64 = 128;
/// No look.
const NONE: u8 = LOOKS as u8;
/// Evidence that nothing has.
const NEVER: u8 = 255;

/// The background of a scene at half size.
#[derive(Debug)]
pub(crate) struct Model {
    width: usize,
    height: usize,
    pub(super) looks: Looks,
    sway: Sway,
    activity: Activity,
    /// Ticks since somebody was found at a pixel.
    pub(super) boxed: Vec<u8>,
    usual: [Vec<u8>; 3],
    /// Pictures seen.
    pictures: u32,
    ticks: Ticks,
    proof: Proof,
}

/// How much evidence proves a look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    /// Seconds of it where nothing is known.
    pub unknown: u8,
    /// Seconds of it where another look is proven; `None`: however long it lasts, somebody may stand there.
    pub other: Option<u8>,
}

/// What is known of a picture.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// How far each pixel is from its nearest proven look, in sixteenths of the tolerance.
    pub far: Vec<u8>,
    /// Pixels of which a look is proven.
    pub known: Mask,
}

impl Model {
    /// A model that knows nothing of a scene of this (half) size.
    pub fn new(width: usize, height: usize, proof: Proof) -> Self {
        let n = width * height;
        Self {
            width,
            height,
            looks: Looks::new(n),
            sway: Sway::new(width, height),
            activity: Activity::new(width, height),
            boxed: vec![255; n],
            usual: std::array::from_fn(|_| vec![0; n]),
            pictures: 0,
            ticks: Ticks::default(),
            proof,
        }
    }

    /// Takes a picture of the empty scene for all that is to be known.
    pub fn know(&mut self, empty: &Small) {
        *self = Self::new(empty.width, empty.height, self.proof);
        let first = &mut self.looks.looks[0];
        first.colour.iter_mut().zip(&empty.planes).for_each(|(to, from)| to.copy_from_slice(from));
        first.seen.fill(MOST);
        first.proven.fill(255);
        self.looks.which.fill(0);
        self.usual.iter_mut().zip(&empty.planes).for_each(|(to, from)| to.copy_from_slice(from));
        fit_tolerance(&mut self.looks, &empty.planes[0], &self.sway, &self.boxed, 0..empty.planes[0].len(), 7);
        self.pictures = 1;
    }

    /// Pictures seen since the start.
    pub fn pictures(&self) -> u32 {
        self.pictures
    }

    /// The most usual look of the scene: luma and both chroma planes.
    pub fn usual(&self) -> &[Vec<u8>; 3] {
        &self.usual
    }

    /// Levels by which a pixel's noise may make it differ.
    pub fn tolerance(&self, i: usize) -> u8 {
        self.looks.tolerance[0][i]
    }

    /// Whole ticks that will have gone by with a picture `step` microseconds after the one before.
    pub fn ticks_of(&self, step: i64) -> u8 {
        let mut ticks = self.ticks;
        ticks.pass(step).ticks
    }

    /// Says how much evidence proves a look.
    pub fn set_proof(&mut self, proof: Proof) {
        self.proof = proof;
    }

    /// What is known of the pixels.
    pub fn pixels(&mut self) -> Known<'_> {
        Known { looks: &mut self.looks, moved: &self.activity.age, boxed: &self.boxed, width: self.width }
    }

    /// The camera looks `by` pixels farther right and down: everything known goes along, what comes into view is
    /// unknown.
    pub fn take_along(&mut self, by: (isize, isize)) {
        let (w, mut spare) = (self.width, vec![0; self.width * self.height]);
        let mut shift = |plane: &mut Vec<u8>, border: u8| shift(plane, &mut spare, w, by, border);
        for look in &mut self.looks.looks {
            look.colour.iter_mut().for_each(|plane| shift(plane, 0));
            [&mut look.seen, &mut look.proven, &mut look.person].into_iter().for_each(|plane| shift(plane, 0));
        }
        self.looks.noise.iter_mut().for_each(|plane| shift(plane, 6));
        self.looks.tolerance.iter_mut().for_each(|plane| shift(plane, 8));
        self.looks.inverse.iter_mut().for_each(|plane| shift(plane, 128));
        shift(&mut self.looks.which, NONE);
        shift(&mut self.looks.returns, 0);
        shift(&mut self.boxed, 255);
        self.usual.iter_mut().for_each(|plane| shift(plane, 0));
        self.sway = Sway::new(self.width, self.height);
        self.activity = Activity::new(self.width, self.height);
    }

    /// Takes a picture of `at` microseconds, `step` after the one before. `closed` are pixels that are somebody's for
    /// sure and teach nothing, `found` those where a detector sees somebody; people are about `tall` pixels tall, and
    /// `low` is the usual tolerance.
    #[allow(clippy::too_many_arguments, reason = "they are one picture's")]
    pub fn look(
        &mut self,
        now: &Small,
        at: i64,
        step: i64,
        closed: &Mask,
        found: &Mask,
        tall: usize,
        low: u8,
        out: &mut Compared,
    ) {
        if self.pictures == 0 {
            self.usual.iter_mut().zip(&now.planes).for_each(|(to, from)| to.copy_from_slice(from));
        }
        let phase = self.pictures as usize % ROWS;
        self.pictures = self.pictures.wrapping_add(1).max(1);
        let gone = self.ticks.pass(step);
        for y in (phase..self.height).step_by(ROWS) {
            let row = y * self.width..(y + 1) * self.width;
            fit_tolerance(&mut self.looks, &now.planes[0], &self.sway, &self.boxed, row.clone(), low);
            usual(&self.looks, row, &mut self.usual);
        }
        self.activity.look(now, &self.looks, at, gone.ticks, tall);
        grow_old(&mut self.boxed, found, gone.ticks);
        self.weigh(now, closed, &gone, &mut out.far);
        self.looks.known(&mut out.known);
        if Ticks::comes(&gone, 16) {
            self.sway.second(&mut self.looks, self.width);
        }
        if Ticks::comes(&gone, FADE) {
            self.looks.fade(gone.all / FADE % 2 == 0);
        }
    }

    fn weigh(&mut self, now: &Small, closed: &Mask, gone: &Gone, far: &mut Vec<u8>) {
        far.resize(self.width * self.height, 0);
        let worth = Worth {
            ticks: gone.worth,
            follows: Ticks::comes(gone, FOLLOW),
            needs: [evidence(0).max(self.needed()), self.proof.other.map_or(NEVER, evidence)],
        };
        let around = Around { moved: &self.activity.age, boxed: &self.boxed, sways: &self.sway.sways };
        for y in 0..self.height {
            let row = y * self.width;
            take(&mut self.looks, now, row..row + self.width, closed.row(y), around, worth, far);
        }
    }

    /// Half a second, if no whole seconds are asked for.
    fn needed(&self) -> u8 {
        if self.proof.unknown == 0 { evidence(1) / 2 } else { evidence(self.proof.unknown) }
    }

    /// How far another picture is from the scene, pixel by pixel; nothing is learned from it.
    pub fn distance(&self, image: &Small, out: &mut Vec<u8>) {
        out.clear();
        let proven = &self.usual;
        out.extend((0..self.width * self.height).map(|i| {
            let off = |p: usize| image.planes[p][i].abs_diff(proven[p][i]);
            let chroma = off(1).max(off(2));
            let (ty, tc) = (self.looks.tolerance[0][i].max(1), self.looks.tolerance[1][i].max(1));
            let part = |d: u8, t: u8| (u16::from(d) * 16 / u16::from(t)).min(255) as u8;
            part(off(0), ty).max(part(chroma, tc))
        }));
    }

    /// Everything was seen: of looks that were proven, those that the scene had for much longer than others stay.
    pub fn keep_most(&mut self) {
        self.looks.keep_most();
    }

    /// From now on the pixel looks so, and never looked otherwise.
    pub fn replace(&mut self, i: usize, colour: [u8; 3]) {
        self.looks.replace(i, colour);
        self.usual.iter_mut().zip(colour).for_each(|(plane, c)| plane[i] = c);
    }

    /// The pixel may look so, too.
    pub fn admit(&mut self, i: usize, colour: [u8; 3]) {
        self.looks.admit(i, colour);
    }

    /// The pictures that follow are others: what moved or was found before says nothing of them.
    pub fn rest(&mut self) {
        self.activity = Activity::new(self.width, self.height);
        self.boxed.fill(255);
    }
}

/// What is in a plane goes right and down; where nothing comes from, the `border` is.
fn shift(plane: &mut Vec<u8>, spare: &mut Vec<u8>, w: usize, (dx, dy): (isize, isize), border: u8) {
    let h = plane.len() / w.max(1);
    for y in 0..h {
        let row = &mut spare[y * w..][..w];
        let from = y.checked_add_signed(-dy).filter(|&from| from < h);
        match from.map(|from| &plane[from * w..][..w]) {
            Some(from) => {
                let n = w.saturating_sub(dx.unsigned_abs());
                row.fill(border);
                let (to, start) = if dx >= 0 { (w - n, 0) } else { (0, w - n) };
                row[to..to + n].copy_from_slice(&from[start..start + n]);
            }
            None => row.fill(border),
        }
    }
    std::mem::swap(plane, spare);
}
