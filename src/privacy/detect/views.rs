//! The parts of a picture that a network looks at one after the other, and at which scale.
//!
//! The whole picture is for large faces. Small ones are seen in tiles: at full size, and enlarged where the picture is
//! small.

use super::found::Found;
use super::scaled::{Area, scaled};
use crate::media::Picture;

/// Side of the squares that the network takes, in pixels.
pub const SIDE: usize = 640;

/// A square of the picture; what lies outside of it is black.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    x: usize,
    y: usize,
    side: usize,
}

/// The views of a picture. Tiles overlap by a fifth, so that a face which no tile has whole is large enough in the
/// whole picture.
pub(super) fn views(width: usize, height: usize) -> Vec<View> {
    let longest = width.max(height);
    let mut views = vec![View { x: 0, y: 0, side: longest }];
    let side = if longest > SIDE { SIDE } else { SIDE / 2 };
    if longest > side {
        for y in starts(height, side) {
            views.extend(starts(width, side).map(|x| View { x, y, side }));
        }
    }
    views
}

/// Where tiles begin along an edge.
fn starts(length: usize, side: usize) -> impl Iterator<Item = usize> {
    let overlap = side / 5;
    let count = if length <= side { 1 } else { (length - overlap).div_ceil(side - overlap) };
    (0..count).map(move |i| length.saturating_sub(side) * i / (count - 1).max(1))
}

impl View {
    /// The view as the network takes it: planes of blue, green and red, 0 to 255. What lies outside of the picture is
    /// 0.
    pub fn samples(&self, picture: &Picture) -> Vec<f32> {
        let mut planes = vec![0.0; 3 * SIDE * SIDE];
        let (width, height) = (picture.width().saturating_sub(self.x), picture.height().saturating_sub(self.y));
        let area = Area { left: self.x, top: self.y, width: width.min(self.side), height: height.min(self.side) };
        let places = |length: usize| (length * SIDE).div_ceil(self.side.max(1)).min(SIDE);
        let (columns, rows) = (places(area.width), places(area.height));
        for (plane, from) in planes.chunks_exact_mut(SIDE * SIDE).zip(scaled(picture, area, columns, rows)) {
            for (to, from) in plane.chunks_exact_mut(SIDE).zip(from.chunks_exact(columns.max(1))) {
                to[..from.len()].copy_from_slice(from);
            }
        }
        planes
    }

    /// A box of the view as one of the picture.
    pub fn to_picture(self, found: &Found) -> Found {
        let scale = self.side as f32 / SIDE as f32;
        let (x, y) = (self.x as f32, self.y as f32);
        Found {
            left: found.left * scale + x,
            top: found.top * scale + y,
            right: found.right * scale + x,
            bottom: found.bottom * scale + y,
            score: found.score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_is_seen_whole_and_near() {
        for (width, height) in
            [(480, 270), (270, 480), (640, 640), (641, 200), (1920, 1080), (3840, 2160), (100, 60), (1, 1)]
        {
            let views = views(width, height);
            assert_eq!(views[0], View { x: 0, y: 0, side: width.max(height) });
            if width.max(height) <= SIDE / 2 {
                assert_eq!(views.len(), 1);
                continue;
            }
            let least = views[1].side / 5;
            // a face that is as large as the overlap, anywhere, lies in one tile
            for y in (0..height.saturating_sub(least).max(1)).step_by(7) {
                for x in (0..width.saturating_sub(least).max(1)).step_by(7) {
                    let inside =
                        |v: &View| v.x <= x && v.y <= y && x + least <= v.x + v.side && y + least <= v.y + v.side;
                    assert!(views[1..].iter().any(inside), "{width}x{height} at {x}, {y}: {views:?}");
                }
            }
        }
        assert_eq!(views(1920, 1080).len(), 9);
    }
}
