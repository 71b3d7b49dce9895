//! Scenes that the tests draw, and what was drawn where.

pub mod judge;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use vidveil::media::{Picture, Plane};
use vidveil::privacy::{Method, Protected, Protector, Settings, TimeBase};

pub const W: usize = 240;
pub const H: usize = 176;
/// Pictures that learning takes with [`settings`].
pub const LEARN: i64 = 20;
/// What [`Method::Solid`] leaves; no scene draws it.
pub const SOLID: u8 = 128;

/// Ten pictures a second, two seconds of learning, hidden cells in one colour.
pub fn settings() -> Settings {
    Settings { time_base: TimeBase { num: 1, den: 10 }, learn_ms: 2000, method: Method::Solid, ..Settings::default() }
}

/// A repeatable stream of numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// About normal, with deviation 1, from four uniform numbers.
    fn normal(&mut self) -> f32 {
        let uniform = |n: u32| n as f32 / u32::MAX as f32 - 0.5;
        (uniform(self.next()) + uniform(self.next()) + uniform(self.next()) + uniform(self.next())) * 3f32.sqrt()
    }
}

/// Somebody: the feet's middle, the height, and how far the clothes are from the background.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub x: i32,
    pub y: i32,
    pub tall: i32,
    pub luma: i32,
    pub cb: i32,
    pub cr: i32,
}

impl Figure {
    /// Grey levels off the background, standing at x.
    pub fn grey(x: i32, luma: i32) -> Self {
        Self { x, y: 150, tall: 66, luma, cb: 0, cr: 0 }
    }

    /// The pixels of the silhouette that are in the picture: x and y.
    pub fn pixels(&self) -> impl Iterator<Item = (usize, usize)> {
        let half = self.tall / 6;
        let rows = (self.y - self.tall + 1).max(0)..(self.y + 1).min(H as i32);
        let columns = (self.x - half).max(0)..(self.x + half + 1).min(W as i32);
        let all = rows.flat_map(move |y| columns.clone().map(move |x| (x, y)));
        all.filter(|(x, y)| self.covers(*x, *y)).map(|(x, y)| (x as usize, y as usize))
    }

    /// Puts the clothes over the background in one plane.
    fn stand_in(&self, values: &mut [i32], background: &[u8], plane: usize, step: usize) {
        let clothes = [self.luma, self.cb, self.cr][plane];
        for (x, y) in self.pixels().filter(|(x, y)| x % step == 0 && y % step == 0) {
            let at = y / step * (W / step) + x / step;
            values[at] = i32::from(background[at]) + clothes;
        }
    }

    /// Whether the silhouette has this pixel.
    pub fn covers(&self, x: i32, y: i32) -> bool {
        let (dx, up) = (x - self.x, self.y - y);
        if up < 0 || up >= self.tall {
            return false;
        }
        let (share, half) = (up * 100 / self.tall, self.tall / 6);
        match share {
            0..40 => (1..half).contains(&dx.abs()),
            40..82 => dx.abs() <= half,
            _ => dx.abs() <= half / 2,
        }
    }
}

/// A camera's view.
#[derive(Clone, Copy)]
pub struct Scene {
    pub textured: bool,
    /// Standard deviation of the sensor's noise.
    pub noise: f32,
    /// Brightness in thousandths.
    pub light: i32,
    /// Where the camera points, in pixels.
    pub pan: (i32, i32),
}

impl Default for Scene {
    fn default() -> Self {
        Self { textured: true, noise: 2.0, light: 1000, pan: (0, 0) }
    }
}

impl Scene {
    /// What the camera sees where nobody stands, plane by plane and unlit. The colour planes have every second pixel of
    /// every second row.
    fn background(&self) -> Arc<[Vec<u8>; 3]> {
        type Key = (bool, (i32, i32));
        static DRAWN: Mutex<BTreeMap<Key, Arc<[Vec<u8>; 3]>>> = Mutex::new(BTreeMap::new());
        let mut drawn = DRAWN.lock().unwrap();
        let planes = || Arc::new(STEPS.map(|(p, step)| places(step).map(|(x, y)| self.sample(x, y)[p]).collect()));
        drawn.entry((self.textured, self.pan)).or_insert_with(planes).clone()
    }

    fn sample(&self, x: i32, y: i32) -> [u8; 3] {
        let (x, y) = (x + self.pan.0 + 1000, y + self.pan.1 + 1000);
        if !self.textured {
            return [90, 120, 132];
        }
        let tile = |s: i32| Dice::new(((x / s) as u64) << 32 | (y / s) as u64).next() as i32;
        let luma = 70 + (tile(24) & 31) + (tile(7) & 15) + (x + y) / 64 % 8;
        [luma, 116 + (tile(31) & 7), 126 + (tile(24) >> 8 & 7)].map(|v| v as u8)
    }

    /// The picture at `pts`, with these people in it; of two at one place, the first is seen.
    pub fn draw(&self, pts: i64, people: &[Figure]) -> Picture {
        let background = self.background();
        let noise = noise(pts);
        let planes = STEPS.map(|(p, step)| {
            let mut unlit: Vec<i32> = background[p].iter().map(|&v| i32::from(v)).collect();
            people.iter().rev().for_each(|figure| figure.stand_in(&mut unlit, &background[p], p, step));
            // what each value becomes in this light
            let zero = [16, 128, 128][p];
            let lit: Vec<f32> = (DARKEST..512).map(|v| (zero + (v - zero) * self.light / 1000) as f32).collect();
            // a chroma sample is the mean of four pixels'
            let deviation = if p == 0 { self.noise } else { self.noise / 2.0 };
            let mut plane = Plane::filled(W / step, H / step, 0);
            let (data, noise) = (&mut plane.data[..], &noise[p][..]);
            // a plain loop, as tests are built without optimisation
            let mut i = 0;
            while i < data.len() {
                data[i] = (lit[(unlit[i] - DARKEST) as usize] + noise[i] * deviation + 0.5) as u8;
                i += 1;
            }
            plane
        });
        Picture { planes, pts, duration: 1, full_range: false, damaged: false }
    }
}

/// The planes of a picture, and how far their samples stand apart.
const STEPS: [(usize, usize); 3] = [(0, 1), (1, 2), (2, 2)];
/// Where a scene's values begin, whoever stands in it.
const DARKEST: i32 = -256;
/// The number of pictures whose noise is kept: 30 MB.
const KEPT: i64 = 120;

fn places(step: usize) -> impl Iterator<Item = (i32, i32)> {
    (0..H).step_by(step).flat_map(move |y| (0..W).step_by(step).map(move |x| (x as i32, y as i32)))
}

/// The noise of deviation 1 in the picture at `pts`, plane by plane; the same in every scene.
fn noise(pts: i64) -> Arc<[Vec<f32>; 3]> {
    static DRAWN: Mutex<BTreeMap<i64, Arc<[Vec<f32>; 3]>>> = Mutex::new(BTreeMap::new());
    if let Some(noise) = DRAWN.lock().unwrap().get(&pts) {
        return noise.clone();
    }
    let mut dice = Dice::new(pts as u64 + 77);
    let noise = Arc::new(STEPS.map(|(_, step)| {
        let mut noise = vec![0.0; W / step * (H / step)];
        noise.iter_mut().for_each(|v| *v = dice.normal());
        noise
    }));
    if pts < KEPT {
        DRAWN.lock().unwrap().insert(pts, noise.clone());
    }
    noise
}

/// Pushes all pictures, flushes.
pub fn protect(settings: Settings, pictures: impl IntoIterator<Item = Picture>) -> Vec<Protected> {
    let mut protector = Protector::new(settings);
    let mut out: Vec<_> = pictures.into_iter().flat_map(|p| protector.push(p)).collect();
    out.extend(protector.flush());
    out
}

/// Share of the figure's pixels that are hidden in a picture made with [`Method::Solid`].
pub fn hidden_share(picture: &Picture, figure: &Figure) -> f32 {
    let (hidden, all) = hidden_pixels(picture, figure);
    if all == 0 { 1.0 } else { hidden as f32 / all as f32 }
}

/// How many of the figure's pixels are hidden in a picture made with [`Method::Solid`], and how many it has.
pub fn hidden_pixels(picture: &Picture, figure: &Figure) -> (u32, u32) {
    let (mut all, mut hidden) = (0, 0);
    for (x, y) in figure.pixels() {
        all += 1;
        hidden += u32::from(is_hidden(picture, x, y));
    }
    (hidden, all)
}

/// Share of the 16 by 16 squares of a picture that are exactly as they were.
pub fn untouched(picture: &Picture, original: &Picture) -> f32 {
    let (mut all, mut same) = (0, 0);
    for y in (0..H).step_by(16) {
        for x in (0..W).step_by(16) {
            let row = |p: &Picture, y: usize| p.planes[0].data[y * W + x..y * W + x + 16].to_vec();
            all += 1;
            same += u32::from((y..y + 16).all(|y| row(picture, y) == row(original, y)));
        }
    }
    same as f32 / all as f32
}

/// Whether all three planes have lost the pixel to [`Method::Solid`].
pub fn is_hidden(picture: &Picture, x: usize, y: usize) -> bool {
    let [luma, cb, cr] = &picture.planes;
    let chroma = y / 2 * cb.width + x / 2;
    luma.data[y * luma.width + x] == SOLID && cb.data[chroma] == SOLID && cr.data[chroma] == SOLID
}

/// Whether everything is hidden.
pub fn all_hidden(picture: &Picture) -> bool {
    picture.planes.iter().all(|p| p.data.iter().all(|&v| v == SOLID))
}
