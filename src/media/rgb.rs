//! Between YUV and RGB (ITU-R BT.601 and BT.709), for still pictures and for cameras that give RGB.

use super::picture::{Picture, Plane};

/// Pictures of this many lines are high definition, which has coefficients of its own.
const HD_LINES: usize = 720;

/// What red and blue contribute to luma.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix {
    red: f32,
    blue: f32,
}

impl Matrix {
    /// The matrix usual for pictures of this height.
    pub(super) fn of_height(height: usize) -> Self {
        if height >= HD_LINES { Self { red: 0.2126, blue: 0.0722 } } else { Self { red: 0.299, blue: 0.114 } }
    }

    /// Full-range Y, Cb, Cr of the same size out of R, G, B.
    pub(super) fn planes_from_rgb(self, [mut red, mut green, mut blue]: [Plane; 3]) -> [Plane; 3] {
        let samples = red.data.iter_mut().zip(&mut green.data).zip(&mut blue.data);
        for ((r, g), b) in samples {
            let (red, green, blue) = (f32::from(*r), f32::from(*g), f32::from(*b));
            let luma = self.red * red + (1.0 - self.red - self.blue) * green + self.blue * blue;
            *r = byte(luma);
            *g = byte(128.0 + (blue - luma) / (2.0 - 2.0 * self.blue));
            *b = byte(128.0 + (red - luma) / (2.0 - 2.0 * self.red));
        }
        [red, green, blue]
    }

    /// R, G, B of one pixel; luma 0 to 255, chroma around 0, both in full range.
    fn rgb(self, luma: f32, cb: f32, cr: f32) -> [f32; 3] {
        let red = luma + (2.0 - 2.0 * self.red) * cr;
        let blue = luma + (2.0 - 2.0 * self.blue) * cb;
        let green = (luma - self.red * red - self.blue * blue) / (1.0 - self.red - self.blue);
        [red, green, blue]
    }
}

/// How a picture's samples become red, green and blue: BT.709 for 720 lines and more, else BT.601.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    matrix: Matrix,
    black: f32,
    luma: f32,
    chroma: f32,
}

impl Colours {
    /// Red, green and blue, 0 to 255 and a little beyond, of one pixel's samples or of the means of many.
    pub fn rgb(self, y: f32, cb: f32, cr: f32) -> [f32; 3] {
        self.matrix.rgb((y - self.black) * self.luma, (cb - 128.0) * self.chroma, (cr - 128.0) * self.chroma)
    }
}

impl Picture {
    /// Width, height and 3 bytes a pixel: red, green, blue. BT.709 for 720 lines and more, else BT.601.
    pub fn to_rgb(&self) -> (usize, usize, Vec<u8>) {
        let (width, height) = (self.width(), self.height());
        let colours = self.colours();
        let [y_plane, cb, cr] = &self.planes;
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                let value = |plane: &Plane| f32::from(sample(plane, x, y, width, height));
                rgb.extend(colours.rgb(value(y_plane), value(cb), value(cr)).map(byte));
            }
        }
        (width, height, rgb)
    }

    /// How its samples become red, green and blue.
    pub fn colours(&self) -> Colours {
        let matrix = Matrix::of_height(self.height());
        let (black, luma, chroma) =
            if self.full_range { (0.0, 1.0, 1.0) } else { (16.0, 255.0 / 219.0, 255.0 / 224.0) };
        Colours { matrix, black, luma, chroma }
    }
}

impl Picture {
    /// The inverse of [`Picture::to_rgb`]: a picture with the size, subsampling and range of `model`, whose times it
    /// takes, too. Where `rgb` is too short, the picture is black.
    pub fn from_rgb(rgb: &[u8], model: &Picture) -> Picture {
        let (width, height) = (model.width(), model.height());
        let channel = |c: usize| {
            let mut data: Vec<u8> = rgb.chunks_exact(3).map(|pixel| pixel[c]).take(width * height).collect();
            data.resize(width * height, 0);
            Plane { width, height, data }
        };
        let full = Matrix::of_height(height).planes_from_rgb([channel(0), channel(1), channel(2)]);
        let mut planes = model.planes.each_ref().map(|p| Plane::filled(p.width, p.height, 0));
        for (p, (plane, full)) in planes.iter_mut().zip(&full).enumerate() {
            let (zero, black, scale) = match (model.full_range, p) {
                (true, _) => (0.0, 0.0, 1.0),
                (false, 0) => (0.0, 16.0, 219.0 / 255.0),
                (false, _) => (128.0, 128.0, 224.0 / 255.0),
            };
            // the mean of the pixels that a sample covers
            let (across, down) = (width.div_ceil(plane.width.max(1)), height.div_ceil(plane.height.max(1)));
            for (i, sample) in plane.data.iter_mut().enumerate() {
                let (x, y) = (i % plane.width * across, i / plane.width * down);
                let (x1, y1) = ((x + across).min(width), (y + down).min(height));
                let rows = (y..y1).filter_map(|y| full.data.get(y * width + x..y * width + x1));
                let (mut sum, mut count) = (0.0, 0.0);
                rows.flatten().for_each(|v| (sum, count) = (sum + f32::from(*v), count + 1.0));
                *sample = byte((sum / f32::max(count, 1.0) - zero) * scale + black);
            }
        }
        Picture { planes, damaged: false, ..*model }
    }
}

/// The sample of a plane that covers a pixel of the picture; 128 where the plane has none.
pub(super) fn sample(plane: &Plane, x: usize, y: usize, width: usize, height: usize) -> u8 {
    let (column, row) = (cover(x, plane.width, width), cover(y, plane.height, height));
    plane.data.get(row * plane.width + column).copied().unwrap_or(128)
}

/// Which of `have` samples covers place `at` of `want`: each covers `want / have` places, rounded up (4:2:0 of odd
/// sizes).
pub(super) fn cover(at: usize, have: usize, want: usize) -> usize {
    let index = if have >= want { at * have / want.max(1) } else { at / want.div_ceil(have.max(1)) };
    index.min(have.saturating_sub(1))
}

fn byte(value: f32) -> u8 {
    // A float cast saturates.
    value.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(size: usize, [y, cb, cr]: [u8; 3], full_range: bool) -> Picture {
        let chroma = size.div_ceil(2);
        let planes =
            [Plane::filled(size, size, y), Plane::filled(chroma, chroma, cb), Plane::filled(chroma, chroma, cr)];
        Picture { planes, pts: 0, duration: 0, full_range, damaged: false }
    }

    fn pixel(picture: &Picture) -> [u8; 3] {
        let (width, height, rgb) = picture.to_rgb();
        assert_eq!(rgb.len(), width * height * 3);
        assert!(rgb.chunks(3).all(|pixel| pixel == &rgb[..3]));
        [rgb[0], rgb[1], rgb[2]]
    }

    #[test]
    fn known_colours() {
        assert_eq!(pixel(&plain(5, [16, 128, 128], false)), [0, 0, 0]);
        assert_eq!(pixel(&plain(5, [235, 128, 128], false)), [255, 255, 255]);
        assert_eq!(pixel(&plain(5, [16, 128, 128], true)), [16, 16, 16]);
        // Red: 81, 90, 240 in BT.601; 63, 102, 240 in BT.709.
        let close = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2);
        assert!(close(pixel(&plain(4, [81, 90, 240], false)), [255, 0, 0]));
        assert!(close(pixel(&plain(720, [63, 102, 240], false)), [255, 0, 0]));
        assert!(!close(pixel(&plain(720, [81, 90, 240], false)), [255, 0, 0]));
    }

    #[test]
    fn a_picture_comes_back_from_its_colours() {
        for full_range in [false, true] {
            for (luma, cb, cr) in [(60, 110, 140), (200, 128, 128), (120, 90, 150)] {
                let picture = plain(7, [luma, cb, cr], full_range);
                let back = Picture::from_rgb(&picture.to_rgb().2, &picture);
                for (a, b) in picture.planes.iter().zip(&back.planes) {
                    assert_eq!((a.width, a.height), (b.width, b.height));
                    assert!(a.data.iter().zip(&b.data).all(|(a, b)| a.abs_diff(*b) <= 1), "{a:?} {b:?}");
                }
            }
        }
        let black = Picture::from_rgb(&[], &plain(4, [1, 2, 3], false));
        assert!(black.planes[0].data.iter().all(|v| *v == 16));
    }

    #[test]
    fn there_and_back() {
        let rgb = [200, 30, 90].map(|value| Plane::filled(3, 3, value));
        let planes = Matrix::of_height(3).planes_from_rgb(rgb);
        let back = pixel(&Picture { planes, pts: 0, duration: 0, full_range: true, damaged: false });
        assert!(back.iter().zip([200_u8, 30, 90]).all(|(a, b)| a.abs_diff(b) <= 2), "{back:?}");
    }
}
