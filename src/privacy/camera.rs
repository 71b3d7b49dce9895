//! Where the camera looks: cameras creep, shake, turn and zoom a little, and the model goes with them.
//!
//! Arithmetic is on doubles with the four basic operations alone, which give the same result on every processor.

use super::mask::Mask;
use super::tiles::{self, Tile};

/// Fewer tiles than this say nothing.
const LEAST: usize = 10;
/// Tiles that must agree before a rotation or a zoom is believed.
const MANY: usize = 24;
/// A tile agrees within so many pixels.
const AGREES: f64 = 0.75;
/// Share of the tiles that must agree, in per cent.
const SHARE: usize = 35;
/// A camera that is off by less than this, in pixels at the worst place, is where it was.
const STEADY: f64 = 0.15;
/// A camera that is off by more takes the model along.
const FAR: f64 = 6.0;

/// From the model's places to the picture's: turned, zoomed and moved, in pixels of the model's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transform {
    /// Zoom by cosine, less 1, and zoom by sine.
    pub turn: (f64, f64),
    /// What the upper left corner moved by, right and down.
    pub by: (f64, f64),
}

impl Transform {
    pub const NONE: Transform = Transform { turn: (0.0, 0.0), by: (0.0, 0.0) };

    /// How far right and down a place of the model is in the picture.
    pub fn off(&self, x: f64, y: f64) -> (f64, f64) {
        let (a, b) = self.turn;
        (a * x - b * y + self.by.0, b * x + a * y + self.by.1)
    }

    /// The largest displacement of a picture's corner.
    fn worst(&self, width: usize, height: usize) -> f64 {
        let (w, h) = (width as f64, height as f64);
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| self.off(x, y));
        corners.iter().map(|(x, y)| x.abs().max(y.abs())).fold(0.0, f64::max)
    }
}

/// What the picture says of the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Looks {
    /// It looks here.
    At(Transform),
    /// Too little has texture, or it does not agree: nothing is known.
    Unknown,
    /// Most of what was there is gone.
    Lost,
}

/// A camera, and where it looks.
#[derive(Debug)]
pub(super) struct Camera {
    pub now: Transform,
}

impl Default for Camera {
    fn default() -> Self {
        Camera { now: Transform::NONE }
    }
}

impl Camera {
    /// Compares the luma of the background with the picture's; `ignore` is no background. Afterwards `now` is where the
    /// camera looks, as far as that is known.
    pub fn look(&mut self, background: &[u8], now: &[u8], ignore: &Mask) -> Looks {
        let last = self.now;
        let tiles = tiles::find(background, now, ignore, |x, y| last.off(x, y));
        if tiles.len() < LEAST {
            return Looks::Unknown;
        }
        let lost = tiles.iter().filter(|t| t.to.is_none() && !t.vague).count();
        if lost * 2 > tiles.len() {
            return Looks::Lost;
        }
        let size = (ignore.width, ignore.height);
        match fit(&tiles, size) {
            Some(t) => {
                self.now = if t.worst(size.0, size.1) < STEADY { Transform::NONE } else { t };
                Looks::At(self.now)
            }
            None => Looks::Unknown,
        }
    }

    /// By how many whole pixels the model must go along, right and down, once the camera is far off; the rest stays as
    /// the camera's place.
    pub fn take_along(&mut self, width: usize, height: usize) -> Option<(isize, isize)> {
        let (x, y) = self.now.off(width as f64 / 2.0, height as f64 / 2.0);
        if x.abs().max(y.abs()) <= FAR {
            return None;
        }
        let (dx, dy) = (x.round(), y.round());
        // a place of the model is `dx` farther right from now on
        let (a, b) = self.now.turn;
        self.now.by = (self.now.by.0 - dx - (a * dx - b * dy), self.now.by.1 - dy - (b * dx + a * dy));
        Some((dx as isize, dy as isize))
    }

    /// Whether the camera turned or zoomed by more than can be followed.
    pub fn is_off(&self, width: usize, height: usize) -> bool {
        self.now.worst(width, height) > 2.0 * FAR
    }
}

/// A place of the model, and how far right and down it is in the picture.
type Seen = ((f64, f64), (f64, f64));

/// The transform that most tiles agree to.
fn fit(tiles: &[Tile], (width, height): (usize, usize)) -> Option<Transform> {
    let found: Vec<Seen> = tiles
        .iter()
        .filter_map(|t| t.to.map(|(x, y)| (t.middle, (f64::from(x) / 16.0, f64::from(y) / 16.0))))
        .collect();
    let middle = |of: &dyn Fn(&Seen) -> f64| {
        let mut all: Vec<f64> = found.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let mut best = Transform { turn: (0.0, 0.0), by: (middle(&|f| f.1.0)?, middle(&|f| f.1.1)?) };
    // what a turn adds at the borders is let in step by step
    for reach in [3.0 * AGREES, 2.0 * AGREES, AGREES, AGREES] {
        let agree: Vec<_> = found
            .iter()
            .filter(|(at, to)| {
                let (x, y) = best.off(at.0, at.1);
                (x - to.0).abs().max((y - to.1).abs()) <= reach
            })
            .collect();
        if agree.len() < LEAST.min(found.len()).max(4) || agree.len() * 100 < tiles.len() * SHARE {
            return None;
        }
        best = least_squares(&agree, agree.len() >= MANY);
    }
    // a turn that hardly moves anything is noise
    let straight = Transform { turn: (0.0, 0.0), by: best.off(width as f64 / 2.0, height as f64 / 2.0) };
    let bent = Transform { by: (best.by.0 - straight.by.0, best.by.1 - straight.by.1), ..best };
    Some(if bent.worst(width, height) < 2.0 * STEADY { straight } else { best })
}

/// The similarity, or the translation alone, with the least squares.
fn least_squares(all: &[&Seen], turns: bool) -> Transform {
    let n = all.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Seen) -> f64| all.iter().map(|v| of(v)).sum::<f64>() / n;
    let (mx, my) = (mean(&|v| v.0.0), mean(&|v| v.0.1));
    let (dx, dy) = (mean(&|v| v.1.0), mean(&|v| v.1.1));
    let (mut a, mut b, mut rr) = (0.0, 0.0, 0.0);
    for ((x, y), (tx, ty)) in all {
        let (x, y, tx, ty) = (x - mx, y - my, tx - dx, ty - dy);
        a += x * tx + y * ty;
        b += x * ty - y * tx;
        rr += x * x + y * y;
    }
    let turn = if turns && rr > 0.0 { (a / rr, b / rr) } else { (0.0, 0.0) };
    Transform { turn, by: (dx - (turn.0 * mx - turn.1 * my), dy - (turn.1 * mx + turn.0 * my)) }
}
