//! Boxes around what was found.

use std::ops::Range;

/// What was found: a box in pixels, and how sure the detector is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// 0 to 1.
    pub score: f32,
}

impl Found {
    /// A box with finite edges and an area, and a score that is a number.
    pub(in crate::privacy) fn is_sound(&self) -> bool {
        let finite = [self.left, self.top, self.right, self.bottom, self.score].iter().all(|v| v.is_finite());
        finite && self.width() > 0.0 && self.height() > 0.0
    }

    pub(in crate::privacy) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(in crate::privacy) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn area(&self) -> f32 {
        self.width() * self.height()
    }

    fn shared(&self, other: &Self) -> f32 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across.max(0.0) * down.max(0.0)
    }

    /// Shared area over the area of both, 0 to 1.
    pub(in crate::privacy) fn overlap(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        if shared > 0.0 { shared / (self.area() + other.area() - shared) } else { 0.0 }
    }

    /// The share of its area that lies in the other one, 0 to 1.
    pub(in crate::privacy) fn share_in(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        if shared > 0.0 { shared / self.area() } else { 0.0 }
    }

    /// The box around both, with the own score.
    pub(in crate::privacy) fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            score: self.score,
        }
    }

    /// Larger on each side by a share of its own size.
    pub(in crate::privacy) fn grown(&self, share: f32) -> Self {
        let (x, y) = (self.width() * share, self.height() * share);
        Self { left: self.left - x, top: self.top - y, right: self.right + x, bottom: self.bottom + y, ..*self }
    }

    /// Columns and rows of the pixels in it that a picture has.
    pub(in crate::privacy) fn inside(&self, width: usize, height: usize) -> (Range<usize>, Range<usize>) {
        // a float cast saturates
        let span = |from: f32, to: f32, all: usize| from.max(0.0) as usize..(to.ceil().max(0.0) as usize).min(all);
        (span(self.left, self.right, width), span(self.top, self.bottom, height))
    }

    pub(in crate::privacy) fn moved(&self, x: f32, y: f32) -> Self {
        Self { left: self.left + x, top: self.top + y, right: self.right + x, bottom: self.bottom + y, ..*self }
    }
}

/// Leaves of the boxes that share more than `most` of their area the one with the highest score.
pub(super) fn suppress(mut found: Vec<Found>, most: f32) -> Vec<Found> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Found> = Vec::new();
    for f in found {
        if kept.iter().all(|k| k.overlap(&f) <= most) {
            kept.push(f);
        }
    }
    kept
}

#[cfg(test)]
pub(super) fn at(x: f32, y: f32, size: f32, score: f32) -> Found {
    Found { left: x, top: y, right: x + size, bottom: y + size, score }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_boxes_of_one_face_the_surest_stays() {
        let found =
            vec![at(0.0, 0.0, 10.0, 0.5), at(1.0, 1.0, 10.0, 0.9), at(30.0, 0.0, 10.0, 0.4), at(9.0, 9.0, 10.0, 0.3)];
        let kept = suppress(found, 0.3);
        assert_eq!(kept.iter().map(|k| k.score).collect::<Vec<_>>(), [0.9, 0.4, 0.3]);
    }

    #[test]
    fn overlap_is_of_both() {
        let a = at(0.0, 0.0, 10.0, 1.0);
        assert_eq!(a.overlap(&a), 1.0);
        assert_eq!(a.overlap(&a.moved(10.0, 0.0)), 0.0);
        assert!((a.overlap(&a.moved(5.0, 0.0)) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(a.grown(0.5), at(-5.0, -5.0, 20.0, 1.0));
    }

    #[test]
    fn what_is_no_number_is_no_box() {
        assert!(at(0.0, 0.0, 1.0, 0.5).is_sound());
        assert!(!at(0.0, 0.0, f32::INFINITY, 0.5).is_sound());
        assert!(!at(0.0, 0.0, 0.0, 0.5).is_sound());
        assert!(!at(0.0, 0.0, 1.0, f32::NAN).is_sound());
    }
}
