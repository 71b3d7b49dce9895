//! The parts of a picture that a network looks at one after the other, and at which scale.
//!
//! The whole picture is for large faces. Small ones are seen in tiles: at full size, and enlarged where the picture is
//! small.

use super::found::Found;

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
    /// The picture's pixels (red, green, blue) as the network takes them: planes of blue, green and red, 0 to 255.
    pub fn samples(&self, width: usize, height: usize, rgb: &[u8]) -> Vec<f32> {
        let mut planes = vec![0.0; 3 * SIDE * SIDE];
        let (across, down) = (self.reads(self.x, width), self.reads(self.y, height));
        for (oy, rows) in down.iter().enumerate() {
            for (ox, columns) in across.iter().enumerate() {
                let mut sum = [0.0; 3];
                for &(y, wy) in rows {
                    for &(x, wx) in columns {
                        if let Some(pixel) = rgb.get((y * width + x) * 3..(y * width + x) * 3 + 3) {
                            sum.iter_mut().zip(pixel).for_each(|(s, &v)| *s += f32::from(v) * wy * wx);
                        }
                    }
                }
                for (c, s) in sum.into_iter().enumerate() {
                    planes[((2 - c) * SIDE + oy) * SIDE + ox] = s;
                }
            }
        }
        planes
    }

    /// For each of the network's places along an edge: the picture's places that it reads, with their weights. Places
    /// outside of the picture are left out.
    fn reads(&self, start: usize, length: usize) -> Vec<Vec<(usize, f32)>> {
        let scale = self.side as f32 / SIDE as f32;
        let place = |i: usize| {
            let places = if self.side > SIDE {
                let (from, to) = (i * self.side / SIDE, ((i + 1) * self.side / SIDE).max(i * self.side / SIDE + 1));
                (from..to).map(|x| (x, 1.0 / (to - from) as f32)).collect()
            } else {
                let at = ((i as f32 + 0.5) * scale - 0.5).max(0.0);
                let (from, part) = (at as usize, at.fract());
                // the last one has no neighbour
                vec![(from, 1.0 - part), ((from + 1).min(length.saturating_sub(start + 1)).max(from), part)]
            };
            places.into_iter().map(|(x, w)| (start + x, w)).filter(|(x, _)| *x < length).collect()
        };
        (0..SIDE).map(place).collect()
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
    use super::super::found::at;
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

    #[test]
    fn what_is_at_a_place_of_the_picture_is_at_the_same_place_of_the_view() {
        for (width, height) in [(1280, 720), (480, 270)] {
            let (x0, y0, size) = (300, 100, 64);
            let mut rgb = vec![0; width * height * 3];
            for y in y0..y0 + size {
                for x in x0..x0 + size {
                    rgb[(y * width + x) * 3..][..3].copy_from_slice(&[200, 100, 50]);
                }
            }
            for view in views(width, height) {
                let samples = view.samples(width, height, &rgb);
                for (c, value) in [50.0, 100.0, 200.0].into_iter().enumerate() {
                    let plane = &samples[c * SIDE * SIDE..][..SIDE * SIDE];
                    let lit: Vec<_> = (0..SIDE * SIDE).filter(|&i| plane[i] > value * 0.9).collect();
                    assert!(plane.iter().all(|v| *v <= value + 0.01));
                    let Some(last) = lit.last() else { continue };
                    let (left, right) = (lit.iter().map(|i| i % SIDE).min(), lit.iter().map(|i| i % SIDE).max());
                    let lit = Found {
                        left: left.unwrap() as f32,
                        top: (lit[0] / SIDE) as f32,
                        right: right.unwrap() as f32 + 1.0,
                        bottom: (last / SIDE) as f32 + 1.0,
                        score: 1.0,
                    };
                    let real = at(x0 as f32, y0 as f32, size as f32, 1.0);
                    let cut = lit.left < 1.0 || lit.top < 1.0 || lit.right > 639.0 || lit.bottom > 639.0;
                    assert!(cut || view.to_picture(&lit).overlap(&real) > 0.9, "{view:?} {lit:?}");
                }
            }
        }
    }
}
