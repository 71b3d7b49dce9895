//! A contact sheet: small pictures over the whole of the footage, their times under them.

use std::time::Duration;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::base::Report;
use crate::foreign::{Decoder, Foreign};
use crate::format::Track;
use crate::media::Picture;

use super::hh_mm_ss;
use super::picture::{resized, to_png, tolerate, upright, video};
use super::{Footage, PlaybackError, font};
use crate::base::text;

/// Width of a small picture.
const TILE: u32 = 320;
/// Between pictures, and around them.
const GAP: u32 = 8;
/// Size of the letters: pixels for one of the font's.
const SCALE: u32 = 2;
const LINE: u32 = font::HEIGHT * SCALE + GAP;
const PAPER: Rgb<u8> = Rgb([24, 24, 24]);
const INK: Rgb<u8> = Rgb([232, 232, 232]);
/// Maximum number of pictures on a sheet.
pub const MOST: u32 = 200;
/// Where the number of pictures is given, this many times as many are kept until the length is known.
const SPARE: usize = 4;

/// How a sheet looks.
#[derive(Clone, Copy, Debug)]
pub struct SheetLayout {
    /// Pictures in a row.
    pub columns: u32,
    /// Maximum number of pictures on the sheet; not more than [`MOST`].
    pub count: u32,
    /// The time between two pictures, instead of their number.
    pub every: Option<Duration>,
}

/// The sheet as PNG. Reads the footage once; memory does not grow with its length.
///
/// Where [`MOST`] pictures are not enough for `every`, it is doubled until they are.
/// `None` where the input is damaged before its first picture: [`Footage::verdict`] then reports it.
///
/// # Errors
///
/// What [`Footage::next`] says; nothing in it can be decoded.
pub fn contact_sheet(
    footage: &mut Footage,
    layout: SheetLayout,
    foreign: &Foreign,
    report: &Report,
) -> Result<Option<Vec<u8>>, PlaybackError> {
    let mut picks = Picks::new(layout);
    loop {
        pick_part(footage, &mut picks, foreign, report)?;
        if !footage.next_part()? {
            break;
        }
    }
    match picks.finish() {
        tiles if !tiles.is_empty() => to_png(&draw(footage, layout.columns, &tiles)).map(Some),
        _ if !footage.is_whole() => Ok(None),
        _ => Err(match footage.left_out() {
            Some(epoch) => PlaybackError::NoKeyFrame { epoch },
            None => PlaybackError::NoneDecoded,
        }),
    }
}

/// Picks of what is shown until the end, or until the tracks are others.
fn pick_part(
    footage: &mut Footage,
    picks: &mut Picks,
    foreign: &Foreign,
    report: &Report,
) -> Result<(), PlaybackError> {
    let tracks = footage.tracks();
    let lead = footage.lead();
    let track = video(&tracks, lead)?;
    let mut decoding = Decoding { track, foreign, report, decoder: None, key_ns: None, longest_ns: 0 };
    while let Some(packet) = footage.next()? {
        if packet.track != lead {
            continue;
        }
        let time = packet.pts.or(packet.dts).and_then(|t| footage.ticks_ns(lead, t));
        if packet.key && !decoding.is_needed(time, picks.due_ns) {
            decoding.rest(footage, picks)?;
        } else if packet.key || decoding.decoder.is_some() {
            tolerate(decoding.decoder()?.send(&packet))?;
            decoding.pick(footage, picks)?;
        }
    }
    decoding.rest(footage, picks)
}

/// Decodes what is needed: between two pictures that are far apart, runs of pictures are left out whole.
struct Decoding<'a> {
    track: &'a Track,
    foreign: &'a Foreign,
    report: &'a Report,
    decoder: Option<Decoder>,
    key_ns: Option<i64>,
    /// The longest time between two key frames.
    longest_ns: i64,
}

impl Decoding<'_> {
    /// Whether the picture that is due may lie before the key frame after the one at `time`.
    fn is_needed(&mut self, time: Option<i64>, due_ns: i64) -> bool {
        let Some(time) = time else { return true };
        if let Some(before) = self.key_ns.replace(time) {
            self.longest_ns = self.longest_ns.max(time.saturating_sub(before));
        }
        self.longest_ns <= 0 || due_ns <= time.saturating_add(self.longest_ns.saturating_mul(2))
    }

    fn decoder(&mut self) -> Result<&mut Decoder, PlaybackError> {
        let decoder = match self.decoder.take() {
            Some(d) => d,
            None => Decoder::new(self.track, self.foreign, self.report)?,
        };
        Ok(self.decoder.insert(decoder))
    }

    fn pick(&mut self, footage: &Footage, picks: &mut Picks) -> Result<(), PlaybackError> {
        while let Some(picture) = self.decoder.as_mut().and_then(Decoder::receive) {
            let time = footage.ticks_ns(footage.lead(), picture.pts).unwrap_or(0);
            picks.offer(time.saturating_sub(footage.beginning_ns()), &picture, self.track)?;
        }
        Ok(())
    }

    /// Takes out what the decoder holds back, and lets it go.
    fn rest(&mut self, footage: &Footage, picks: &mut Picks) -> Result<(), PlaybackError> {
        if let Some(decoder) = &mut self.decoder {
            tolerate(decoder.flush())?;
            self.pick(footage, picks)?;
        }
        self.decoder = None;
        Ok(())
    }
}

/// A small picture and when it is shown, from the first picture of the input on.
struct Tile {
    time_ns: i64,
    image: RgbImage,
}

/// Picks pictures at equal distances without knowing how many will come: when there are too many, the
/// distance doubles.
struct Picks {
    tiles: Vec<Tile>,
    every_ns: i64,
    due_ns: i64,
    room: usize,
    count: usize,
}

impl Picks {
    fn new(layout: SheetLayout) -> Self {
        let count = layout.count.clamp(1, MOST) as usize;
        let (every_ns, room, count) = match layout.every {
            Some(every) => (i64::try_from(every.as_nanos()).unwrap_or(i64::MAX).max(1), MOST as usize, MOST as usize),
            None => (20_000_000, count * SPARE, count),
        };
        Picks { tiles: Vec::new(), every_ns, due_ns: i64::MIN, room, count }
    }

    fn offer(&mut self, time_ns: i64, picture: &Picture, track: &Track) -> Result<(), PlaybackError> {
        if time_ns < self.due_ns {
            return Ok(());
        }
        while self.tiles.len() >= self.room {
            self.thin();
            if time_ns < self.due_ns {
                return Ok(());
            }
        }
        let image = upright(picture, track)?;
        let (wide, high) = match self.tiles.first() {
            Some(first) => first.image.dimensions(),
            None => (TILE, (TILE * image.height() / image.width().max(1)).clamp(1, 4 * TILE)),
        };
        let image = resized(image, wide, high, FilterType::Triangle);
        self.tiles.push(Tile { time_ns, image });
        self.due_ns = self.next_due(time_ns);
        Ok(())
    }

    /// Doubles the distance; only the pictures stay that would have been picked with it.
    fn thin(&mut self) {
        self.every_ns = self.every_ns.saturating_mul(2);
        self.due_ns = i64::MIN;
        for tile in std::mem::take(&mut self.tiles) {
            if tile.time_ns >= self.due_ns {
                self.due_ns = self.next_due(tile.time_ns);
                self.tiles.push(tile);
            }
        }
    }

    /// The next multiple of the distance.
    fn next_due(&self, time_ns: i64) -> i64 {
        time_ns.div_euclid(self.every_ns).saturating_add(1).saturating_mul(self.every_ns)
    }

    fn finish(self) -> Vec<Tile> {
        let have = self.tiles.len();
        let want = self.count.min(have);
        let chosen = |n: &usize| (0..want).any(|k| k * have / want == *n);
        self.tiles.into_iter().enumerate().filter(|(n, _)| chosen(n)).map(|(_, tile)| tile).collect()
    }
}

fn draw(footage: &Footage, columns: u32, tiles: &[Tile]) -> RgbImage {
    let (wide, high) = tiles.first().map_or((TILE, TILE), |t| t.image.dimensions());
    let number = tiles.len() as u32;
    let columns = columns.clamp(1, number.max(1));
    let head = 2 * LINE + GAP;
    let width = GAP + columns * (wide + GAP);
    let height = head + number.div_ceil(columns) * (high + GAP / 2 + LINE) + GAP;
    let mut sheet = RgbImage::from_pixel(width, height, PAPER);
    let record = footage.record();
    let camera = if record.camera.is_empty() { "camera without a name" } else { &record.camera };
    font::draw(&mut sheet, camera, (GAP, GAP), SCALE, INK);
    font::draw(&mut sheet, &whole_seconds(footage.start_ns()), (GAP, GAP + LINE), SCALE, INK);
    let same_second = tiles.windows(2).any(|w| hh_mm_ss(w[0].time_ns) == hh_mm_ss(w[1].time_ns));
    for (n, tile) in (0..).zip(tiles) {
        let left = GAP + n % columns * (wide + GAP);
        let top = head + n / columns * (high + GAP / 2 + LINE);
        imageops::replace(&mut sheet, &tile.image, left.into(), top.into());
        let mut label = hh_mm_ss(tile.time_ns);
        if same_second {
            label += &format!(".{:02}", tile.time_ns.rem_euclid(1_000_000_000) / 10_000_000);
        }
        let inset = wide.saturating_sub(font::width(&label) * SCALE) / 2;
        font::draw(&mut sheet, &label, (left + inset, top + high + GAP / 2), SCALE, INK);
    }
    sheet
}

/// UTC without a fraction of a second.
fn whole_seconds(utc_ns: i64) -> String {
    text::rfc3339(utc_ns.div_euclid(1_000_000_000).saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;

    #[test]
    fn pictures_are_spread_evenly_however_long_it_is() {
        let planes = [Plane::filled(4, 4, 99), Plane::filled(2, 2, 128), Plane::filled(2, 2, 128)];
        let picture = Picture { planes, pts: 0, duration: 0, full_range: false, damaged: false };
        let track = Track { frame_rate: (25, 1), ..Track::video("h264", (1, 25), (4, 4), Vec::new()) };
        for length in [5, 6, 99, 100, 777, 4000] {
            let mut picks = Picks::new(SheetLayout { columns: 1, count: 5, every: None });
            for n in 0..length {
                picks.offer(n * 40_000_000, &picture, &track).unwrap();
            }
            let times: Vec<i64> = picks.finish().iter().map(|t| t.time_ns / 40_000_000).collect();
            let gaps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
            let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
            assert!(times.len() == 5 && times[0] == 0 && *most <= 2 * least, "{length}: {times:?}");
            assert!(length - times[4] <= 2 * most, "{length}: {times:?}");
        }
    }
}
