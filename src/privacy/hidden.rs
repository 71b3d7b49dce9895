//! Where a picture was hidden, for those who review it.

use super::cells::Cells;
use crate::media::Picture;

/// Width of an outline's lines, in pixels.
const LINE: usize = 2;
/// Yellow in Y, Cb, Cr: it stands out on most scenes.
const COLOUR: [u8; 3] = [210, 16, 146];

/// A hidden part of a picture: the rectangle around it, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenRegion {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: usize,
}

/// The hidden blocks of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden(pub(crate) Cells);

impl Hidden {
    /// The parts that hang together, at most `most`, from the top. Blocks that touch at a corner do.
    pub fn parts(&self, most: usize) -> Vec<HiddenRegion> {
        let (across, down) = self.0.size();
        let mut seen = vec![false; across * down];
        let mut parts = Vec::new();
        let mut ways = Vec::new();
        for start in 0..across * down {
            if seen[start] || !self.0.is_hidden(start % across, start / across) || parts.len() == most {
                continue;
            }
            let (mut left, mut right, mut top, mut bottom) = (across, 0, down, 0);
            seen[start] = true;
            ways.push(start);
            while let Some(at) = ways.pop() {
                let (x, y) = (at % across, at / across);
                (left, right) = (left.min(x), right.max(x + 1));
                (top, bottom) = (top.min(y), bottom.max(y + 1));
                for y in y.saturating_sub(1)..(y + 2).min(down) {
                    for x in x.saturating_sub(1)..(x + 2).min(across) {
                        if !seen[y * across + x] && self.0.is_hidden(x, y) {
                            seen[y * across + x] = true;
                            ways.push(y * across + x);
                        }
                    }
                }
            }
            let ((x, y), (x1, y1)) = (self.0.corner(left, top), self.0.corner(right, bottom));
            parts.push(HiddenRegion { x, y, width: x1 - x, height: y1 - y });
        }
        parts
    }

    /// Draws the outlines of the hidden parts into a picture of the same size, from the inside.
    pub fn outline(&self, picture: &mut Picture) {
        let (across, down) = self.0.size();
        for (cx, cy) in (0..across * down).map(|i| (i % across, i / across)).filter(|&(x, y)| self.0.is_hidden(x, y)) {
            let ((x, y), (x1, y1)) = (self.0.corner(cx, cy), self.0.corner(cx + 1, cy + 1));
            let open = |x: Option<usize>, y: Option<usize>| match (x, y) {
                (Some(x), Some(y)) => x >= across || y >= down || !self.0.is_hidden(x, y),
                _ => true,
            };
            if open(cx.checked_sub(1), Some(cy)) {
                bar(picture, x..(x + LINE).min(x1), y..y1);
            }
            if open(Some(cx + 1), Some(cy)) {
                bar(picture, x1.saturating_sub(LINE).max(x)..x1, y..y1);
            }
            if open(Some(cx), cy.checked_sub(1)) {
                bar(picture, x..x1, y..(y + LINE).min(y1));
            }
            if open(Some(cx), Some(cy + 1)) {
                bar(picture, x..x1, y1.saturating_sub(LINE).max(y)..y1);
            }
        }
    }
}

fn bar(picture: &mut Picture, x: std::ops::Range<usize>, y: std::ops::Range<usize>) {
    let (width, height) = (picture.width(), picture.height());
    for (plane, value) in picture.planes.iter_mut().zip(COLOUR) {
        let (sx, sy) = (width.div_ceil(plane.width.max(1)), height.div_ceil(plane.height.max(1)));
        let end = x.end.div_ceil(sx).min(plane.width);
        for row in y.start / sy..y.end.div_ceil(sy).min(plane.height) {
            if let Some(samples) = plane.data.get_mut(row * plane.width + x.start / sx..row * plane.width + end) {
                samples.fill(value);
            }
        }
    }
}
