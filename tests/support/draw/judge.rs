//! Judges what is left of drawn people, whose silhouettes are known to the pixel.

use vidveil::media::Picture;

use super::{Figure, is_hidden};

/// What was found of one figure over a clip made with `Method::Solid`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Pixels of the silhouette inside the picture, and those of them that are hidden.
    pub pixels: u32,
    pub hidden: u32,
    /// The same of the head, the top fifth.
    pub head: u32,
    pub head_hidden: u32,
    /// Longest run of pictures in which less than nine tenths were hidden.
    pub gap: u32,
    run: u32,
}

impl Verdict {
    /// Takes in the next picture.
    pub fn look(&mut self, picture: &Picture, figure: &Figure) {
        let (mut pixels, mut hidden) = (0, 0);
        for (x, y) in figure.pixels() {
            let here = u32::from(is_hidden(picture, x, y));
            (pixels, hidden) = (pixels + 1, hidden + here);
            if (figure.y - y as i32) * 5 >= figure.tall * 4 {
                (self.head, self.head_hidden) = (self.head + 1, self.head_hidden + here);
            }
        }
        (self.pixels, self.hidden) = (self.pixels + pixels, self.hidden + hidden);
        self.run = if hidden * 10 < pixels * 9 { self.run + 1 } else { 0 };
        self.gap = self.gap.max(self.run);
    }

    /// Hidden share of the silhouette, of the head.
    pub fn shares(&self) -> (f64, f64) {
        let share = |hidden: u32, all: u32| f64::from(hidden) / f64::from(all.max(1));
        (share(self.hidden, self.pixels), share(self.head_hidden, self.head))
    }
}
