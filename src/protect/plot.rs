//! The share that is hidden, over time, as a picture. Where all is hidden, the colour says why.

use image::{Rgb, RgbImage};

use crate::base::text::clock_time;
use crate::playback::{font, to_png};

use super::error::ProtectError;
use super::picture_facts::{PictureFacts, WholeReason};

/// The curve's part of the picture.
const WIDE: u32 = 1200;
const HIGH: u32 = 240;
const LEFT: u32 = 60;
const TOP: u32 = 20;
const BELOW: u32 = 70;
/// Size of the letters: pixels for one of the font's.
const SCALE: u32 = 2;
const PAPER: Rgb<u8> = Rgb([24, 24, 24]);
const INK: Rgb<u8> = Rgb([232, 232, 232]);
const GRID: Rgb<u8> = Rgb([64, 64, 64]);
const PEOPLE: Rgb<u8> = Rgb([120, 170, 240]);
const REPEATED: Rgb<u8> = Rgb([255, 80, 200]);

/// Largest number of columns: beyond it two become one, so that memory does not grow.
const COLUMNS: usize = 2 * WIDE as usize;

fn colour(whole: WholeReason) -> Rgb<u8> {
    match whole {
        WholeReason::Learning => Rgb([150, 150, 150]),
        WholeReason::SceneChange => Rgb([240, 170, 60]),
        WholeReason::CameraMoved => Rgb([220, 90, 60]),
        WholeReason::Light => Rgb([240, 230, 110]),
        WholeReason::Damaged => Rgb([170, 90, 220]),
        WholeReason::Missing => Rgb([110, 60, 150]),
        WholeReason::Detector => Rgb([60, 130, 120]),
    }
}

/// Some consecutive pictures.
#[derive(Clone, Debug, Default)]
struct Column {
    pictures: u32,
    share: f64,
    whole: [u32; WholeReason::ALL.len()],
    repeated: u32,
}

impl Column {
    fn join(&mut self, other: &Column) {
        self.pictures += other.pictures;
        self.share += other.share;
        self.repeated += other.repeated;
        self.whole.iter_mut().zip(other.whole).for_each(|(n, o)| *n += o);
    }

    fn mean(&self) -> f64 {
        (self.share / f64::from(self.pictures.max(1))).clamp(0.0, 1.0)
    }

    /// The reason for most of its pictures, where one is for more than half of them.
    fn reason(&self) -> Option<WholeReason> {
        let most = self.whole.iter().zip(WholeReason::ALL).max_by_key(|(n, _)| **n);
        most.filter(|(n, _)| **n * 2 > self.pictures).map(|(_, whole)| whole)
    }
}

/// The plot of a run.
#[derive(Debug)]
pub(super) struct Plot {
    columns: Vec<Column>,
    /// Pictures in each column but the last.
    each: u32,
    first: Option<f64>,
    last: f64,
}

impl Default for Plot {
    fn default() -> Self {
        Plot { columns: Vec::new(), each: 1, first: None, last: 0.0 }
    }
}

impl Plot {
    /// Takes a picture in.
    pub fn add(&mut self, facts: &PictureFacts) {
        self.first.get_or_insert(facts.seconds);
        self.last = facts.seconds;
        if self.columns.last().is_none_or(|c| c.pictures == self.each) {
            if self.columns.len() == COLUMNS {
                let mut pairs = self.columns.chunks(2).map(|pair| {
                    let mut joined = Column::default();
                    pair.iter().for_each(|c| joined.join(c));
                    joined
                });
                self.columns = pairs.by_ref().collect();
                self.each = self.each.saturating_mul(2);
            }
            self.columns.push(Column::default());
        }
        if let Some(column) = self.columns.last_mut() {
            let mut one = Column { pictures: 1, share: f64::from(facts.share), ..Column::default() };
            one.repeated = u32::from(facts.repeated);
            WholeReason::ALL.iter().zip(&mut one.whole).for_each(|(w, n)| *n = u32::from(facts.whole == Some(*w)));
            column.join(&one);
        }
    }

    /// The picture.
    ///
    /// # Errors
    ///
    /// It cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, ProtectError> {
        let mut image = RgbImage::from_pixel(LEFT + WIDE + 20, TOP + HIGH + BELOW, PAPER);
        for percent in [0, 50, 100] {
            let y = TOP + HIGH - HIGH * percent / 100;
            (0..WIDE).for_each(|x| image.put_pixel(LEFT + x, y, GRID));
            let text = format!("{percent:>3}");
            font::draw(&mut image, &text, (12, y.saturating_sub(font::HEIGHT)), SCALE, INK);
        }
        let all = self.columns.len().max(1) as u64;
        for x in 0..WIDE {
            // as many columns as fall on this pixel, or the one that it falls on
            let (from, to) = (u64::from(x) * all / u64::from(WIDE), u64::from(x + 1) * all / u64::from(WIDE));
            let mut joined = Column::default();
            self.columns.iter().take(to.max(from + 1) as usize).skip(from as usize).for_each(|c| joined.join(c));
            let ink = joined.reason().map_or(PEOPLE, colour);
            let tall = (joined.mean() * f64::from(HIGH)).round() as u32;
            (0..tall.min(HIGH)).for_each(|up| image.put_pixel(LEFT + x, TOP + HIGH - 1 - up, ink));
            if joined.repeated > 0 {
                (0..6).for_each(|y| image.put_pixel(LEFT + x, TOP + HIGH + y, REPEATED));
            }
        }
        let length = ((self.last - self.first.unwrap_or(0.0)).clamp(0.0, 1e9) * 1e9) as u64;
        let end = clock_time(length / 1_000_000 * 1_000_000);
        font::draw(&mut image, "0", (LEFT, TOP + HIGH + 12), SCALE, INK);
        let left = (LEFT + WIDE).saturating_sub(font::width(&end) * SCALE);
        font::draw(&mut image, &end, (left, TOP + HIGH + 12), SCALE, INK);
        let mut x = LEFT;
        let legend = WholeReason::ALL.map(|w| (w.text(), colour(w)));
        for (text, ink) in [("people", PEOPLE), ("repeated", REPEATED)].into_iter().chain(legend) {
            font::draw(&mut image, text, (x, TOP + HIGH + 42), SCALE, ink);
            x += (font::width(text) + 9) * SCALE;
        }
        Ok(to_png(&image)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(n: u64, share: f32, whole: Option<WholeReason>) -> PictureFacts {
        let (blobs, parts) = (Vec::new(), Vec::new());
        PictureFacts {
            picture: n,
            pts: 0,
            seconds: n as f64 / 25.0,
            utc_ns: 0,
            share,
            whole,
            repeated: false,
            blobs,
            parts,
        }
    }

    #[test]
    fn columns_stay_few_and_colours_are_the_reasons() {
        let mut plot = Plot::default();
        let n = 100_000;
        for i in 0..n {
            let whole = (i < n / 4).then_some(WholeReason::Learning);
            plot.add(&note(i, if i < n / 4 { 1.0 } else { 0.25 }, whole));
        }
        assert!(plot.columns.len() <= COLUMNS);
        assert_eq!(plot.columns.iter().map(|c| u64::from(c.pictures)).sum::<u64>(), n);
        let image = image::load_from_memory(&plot.png().unwrap()).unwrap().into_rgb8();
        let at = |x: u32, up: u32| *image.get_pixel(LEFT + x, TOP + HIGH - 1 - up);
        assert_eq!(
            [at(100, 3), at(100, HIGH - 3), at(700, 3)],
            [colour(WholeReason::Learning), colour(WholeReason::Learning), PEOPLE]
        );
        assert_eq!(at(700, HIGH / 2 + 5), PAPER);
        assert!(Plot::default().png().is_ok(), "nothing at all");
    }
}
