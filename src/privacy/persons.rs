//! Whom the detector of people knows, in one picture.

use super::cells::Cells;
use super::detect::{Found, People};
use super::mask::Mask;
use super::veto::{Objection, Rectangle};
use crate::media::Picture;

/// The middle of somebody's box is this share of it less on each side.
const SHRUNK: f32 = 0.08;
/// Of a box of which this share, in per cent, differs from the scene or is unknown, nothing else need be hidden: that
/// is the one who was found.
const FOUND: usize = 30;

/// Everybody who is known.
#[derive(Debug, Default)]
pub(super) struct Persons {
    /// Their boxes in the picture and in the model.
    boxes: Vec<(Rectangle, Rectangle)>,
    /// What the detector says of this picture.
    pub objections: Vec<Objection>,
    /// How tall people usually are, in pixels of the picture.
    pub tall: Option<f32>,
}

impl Persons {
    /// Everybody whom `people` know in a picture; `place` says where the model has a box.
    pub fn of(people: &People, picture: &Picture, place: impl Fn(&Found) -> Rectangle) -> Self {
        let hides = people.tracks().iter().filter(|t| t.hides);
        let fresh = people.tracks().iter().filter(|t| t.fresh);
        Self {
            boxes: hides.map(|t| (t.pixels(picture), place(&t.grown))).collect(),
            objections: fresh
                .map(|t| Objection { at: place(&t.at.grown(-SHRUNK)), score: t.score, still: t.still })
                .collect(),
            tall: people.usual_height(),
        }
    }

    /// Their boxes join a mask of the model.
    pub fn join(&self, mask: &mut Mask) {
        for (_, (x, y)) in &self.boxes {
            y.clone().for_each(|y| mask.fill(y, x.clone(), true));
        }
    }

    /// Hides the boxes of those whom nothing else hides: `hidden` is what differs from the scene, or is unknown.
    pub fn hide(&self, hidden: &Mask, cells: &mut Cells) {
        for ((x, y), (mx, my)) in &self.boxes {
            let seen: usize = my.clone().map(|row| hidden.count(row, mx.clone())).sum();
            // a box of which the model has nothing is hidden, too
            if seen == 0 || seen * 100 < mx.len() * my.len() * FOUND {
                let level = cells.level_for(y.len().div_ceil(6));
                cells.mark(x.clone(), y.clone(), level);
            }
        }
    }
}
