//! A camera that trembles is held still, one that was moved is not.

use super::shift::Shift;

/// A camera farther off its middle than this, in sixteenths of a pixel at half size, was moved.
const TREMBLE: i32 = 18;
/// Displacements of less than this, in the same unit, are left alone.
const STEADY: i32 = 2;
/// Pictures that are learned before the camera's middle is known well enough to judge by.
const FEW: i32 = 8;

/// Where a camera that trembles is, about its middle.
#[derive(Debug, Default)]
pub(crate) struct Jitter {
    /// Sums of the displacements seen while learning, and their number.
    sum: (i32, i32),
    seen: i32,
}

impl Jitter {
    /// Takes in where the camera is while learning; `None` when it was moved.
    pub fn learn(&mut self, shift: Shift) -> Option<(i32, i32)> {
        let early = self.seen < FEW;
        let (x, y) = match shift {
            Shift::Lost if early => (0, 0),
            Shift::By(x, y) if early => (x, y),
            other => self.off(other)?,
        };
        if self.seen < i32::from(i16::MAX) {
            self.sum = (self.sum.0 + x, self.sum.1 + y);
            self.seen += 1;
        }
        Some((x, y))
    }

    /// How far the picture is off the model; `None` when that is farther than a camera trembles.
    pub fn off(&self, shift: Shift) -> Option<(i32, i32)> {
        let (x, y) = match shift {
            Shift::Unknown => return Some((0, 0)),
            Shift::Lost => return None,
            Shift::By(x, y) => (x, y),
        };
        let n = self.seen.max(1);
        let (ox, oy) = (x - self.sum.0 / n, y - self.sum.1 / n);
        if ox * ox + oy * oy > TREMBLE * TREMBLE {
            return None;
        }
        Some(if x.abs().max(y.abs()) < STEADY { (0, 0) } else { (x, y) })
    }
}
