//! The light drifts, and the model drifts with it where it learns; where somebody stands it does not learn. Without
//! this, who stands still while a cloud comes would meet a background of another brightness, and might look like it.

use super::ghosts::Ghosts;
use super::mask::Mask;
use super::model::Model;

/// Time between two looks, in microseconds.
const EVERY: i64 = 500_000;
/// A drift by one in this many is made up for.
const STEP: u64 = 80;
/// Pixels, of one in sixteen, that must be open to say something.
const LEAST: u64 = 100;
/// A pixel that changed by more levels became another thing.
const MOST: u8 = 12;

/// Brightness of the model when closed pixels were last brought to it.
#[derive(Debug, Default)]
pub(crate) struct LightDrift {
    anchor: Vec<u8>,
    waited: i64,
}

impl LightDrift {
    /// Brings the `closed` pixels around who stands still to the brightness that the open ones have drifted to, `step`
    /// microseconds after the picture before. `black` is the luma of black.
    pub fn follow(&mut self, model: &mut Model, closed: &Mask, still: &Ghosts, black: u8, step: i64) {
        self.waited += step;
        if self.waited < EVERY {
            return;
        }
        self.waited = 0;
        let usual = &model.usual()[0];
        if self.anchor.len() != usual.len() {
            self.anchor.clone_from(usual);
        }
        let (mut was, mut is, mut count) = (0u64, 0u64, 0u64);
        for y in (0..closed.height).step_by(4) {
            for x in (0..closed.width).step_by(4).filter(|&x| !closed.get(x, y)) {
                let i = y * closed.width + x;
                if self.anchor[i].abs_diff(usual[i]) <= MOST {
                    was += u64::from(self.anchor[i].saturating_sub(black));
                    is += u64::from(usual[i].saturating_sub(black));
                    count += 1;
                }
            }
        }
        if count >= LEAST && was > 0 && is.abs_diff(was) * STEP >= was {
            model.brighten(&still.standing(closed), (is, was), black);
            self.anchor.clone_from(&model.usual()[0]);
        }
    }
}
