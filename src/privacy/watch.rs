//! One picture after the other: what is to be hidden in it, and whether that can be known at all.

use super::blobs;
use super::cells::Cells;
use super::lights::Lights;
use super::mask;
use super::model::Model;
use super::protector::Reason;
use super::reduce::{Reducer, Small};
use super::settings::Settings;
use super::shift::{self, Shift};
use crate::media::Picture;

/// Pictures that must be learned from, however much time they span.
const LEAST_PICTURES: u32 = 12;
/// Time between two pictures counts up to this, in microseconds: an outage teaches nothing.
const LONGEST_STEP: i64 = 1_000_000;
/// A large change that lasts this long, in microseconds, is the new scene, which is learned anew.
const PATIENCE: i64 = 1_000_000;
/// Pixels at half size around the foreground that are not learned.
const GUARD: usize = 3;
/// Stray pixels are learned in the first quarter of each run of this many pictures.
const STRAY: u32 = 16;
/// Change of brightness that is evened out, 256 is none.
const GAINS: std::ops::RangeInclusive<u32> = 96..=640;

/// What was found in a picture.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What is to be hidden, where that is known.
    pub cells: Option<Cells>,
    pub whole: Option<Reason>,
    pub heights: Vec<u32>,
}

impl Finding {
    pub fn whole(reason: Reason) -> Self {
        Self { cells: None, whole: Some(reason), heights: Vec::new() }
    }
}

/// The state of one scene.
#[derive(Debug)]
pub(crate) struct Watch {
    sizes: [(usize, usize); 3],
    reducer: Reducer,
    now: Small,
    model: Model,
    lights: Lights,
    learning: bool,
    learned: i64,
    changed: i64,
    last: Option<i64>,
    gain: u32,
    /// Pictures judged.
    looks: u32,
    /// Foreground of the picture before.
    before: Vec<u8>,
    distance: Vec<u8>,
    low: Vec<u8>,
    high: Vec<u8>,
}

impl Watch {
    pub fn new(picture: &Picture, settings: &Settings) -> Self {
        let (w, h) = (picture.width().div_ceil(2), picture.height().div_ceil(2));
        Self {
            sizes: picture.planes.each_ref().map(|p| (p.width, p.height)),
            reducer: Reducer::default(),
            now: Small::default(),
            model: Model::new(w, h),
            lights: Lights::new(settings.illumination_states),
            learning: true,
            learned: 0,
            changed: 0,
            last: None,
            gain: 256,
            looks: 0,
            before: vec![0; w * h],
            distance: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
        }
    }

    /// Whether the picture is of the scene's size and subsampling.
    pub fn fits(&self, picture: &Picture) -> bool {
        self.sizes == picture.planes.each_ref().map(|p| (p.width, p.height))
    }

    /// The empty scene, of the scene's size: nothing need be learned.
    pub fn know(&mut self, picture: &Picture) {
        self.reducer.reduce(picture, &mut self.now);
        self.model.know(&self.now);
        self.learning = false;
    }

    /// Learns from a picture that nothing is given out of.
    pub fn study(&mut self, picture: &Picture) {
        self.reducer.reduce(picture, &mut self.now);
        self.learn(self.now.width);
    }

    /// The pictures that follow are judged by what was studied; false when that was too little.
    pub fn end_study(&mut self) -> bool {
        self.model.settle();
        self.learning = false;
        self.model.pictures() >= LEAST_PICTURES
    }

    /// A picture that cannot be trusted: only its time counts.
    pub fn skip(&mut self, picture: &Picture, settings: &Settings) {
        self.elapsed(picture.pts, settings);
    }

    /// Finds what is to be hidden, and learns.
    pub fn look(&mut self, picture: &Picture, settings: &Settings) -> Finding {
        let step = self.elapsed(picture.pts, settings);
        self.reducer.reduce(picture, &mut self.now);
        let black = if picture.full_range { 0 } else { 16 };
        let w = self.now.width;
        if self.learning {
            if self.model.pictures() > 0 {
                self.learned += step;
            }
            let done = self.learned >= i64::from(settings.learn_ms) * 1000 && self.model.pictures() >= LEAST_PICTURES;
            if !done {
                return self.learn(w);
            }
            self.model.settle();
            self.learning = false;
        }
        self.gain = gain(&self.now.planes[0], self.model.usual(), &self.before, w, black);
        if !GAINS.contains(&self.gain) {
            return self.large(Reason::Light, step, picture, settings);
        }
        if self.gain.abs_diff(256) > 3 {
            self.now.even_out(self.gain, black);
        }
        if shift::detect(self.model.usual(), &self.now.planes[0], &self.before, w) == Shift::Moved {
            self.lights.forget();
            self.restart();
            self.model.learn(&self.now);
            return Finding::whole(Reason::CameraMoved);
        }
        self.model.distance(&self.now, &mut self.distance);
        self.model.classify(&self.distance, &settings.sensitivity, &mut self.low, &mut self.high);
        let foreground = blobs::foreground(&self.low, &self.high, &self.before, w);
        let area = foreground.iter().map(|&v| usize::from(v)).sum::<usize>();
        if area * 100 > foreground.len() * usize::from(settings.sensitivity.large_change) {
            return self.large(Reason::SceneChange, step, picture, settings);
        }
        self.changed = 0;
        let mut cells = Cells::none(picture.width(), picture.height(), settings.block as usize);
        let heights = blobs::hide(&foreground, w, &settings.sensitivity, &mut cells);
        let mut closed = Vec::new();
        mask::dilate(&foreground, w, GUARD, GUARD, &mut closed);
        // A stray pixel that differs is learned late: it may be the first of somebody who comes.
        if self.looks % STRAY >= STRAY / 4 {
            closed.iter_mut().zip(&self.low).for_each(|(c, &low)| *c |= low);
        }
        self.looks = self.looks.wrapping_add(1);
        self.model.update(&self.now, &closed);
        self.before = foreground;
        Finding { cells: Some(cells), whole: None, heights }
    }

    fn learn(&mut self, w: usize) -> Finding {
        // A camera that is moved while it learns starts again.
        let few = self.model.pictures() < 8;
        if !few && shift::detect(self.model.usual(), &self.now.planes[0], &self.before, w) == Shift::Moved {
            self.restart();
        }
        self.model.learn(&self.now);
        Finding::whole(Reason::Learning)
    }

    fn large(&mut self, reason: Reason, step: i64, picture: &Picture, settings: &Settings) -> Finding {
        self.changed += step;
        // its brightness was evened out
        self.reducer.reduce(picture, &mut self.now);
        if let Some(known) = self.lights.find(&self.now, &settings.sensitivity) {
            self.lights.keep(std::mem::replace(&mut self.model, known));
            (self.changed, self.gain) = (0, 256);
            self.before.fill(0);
        } else if self.changed >= PATIENCE {
            let model = self.restart();
            self.lights.keep(model);
        }
        Finding::whole(reason)
    }

    /// Learning starts again; gives what was learned before.
    fn restart(&mut self) -> Model {
        let new = Model::new(self.now.width, self.now.height);
        let before = std::mem::replace(&mut self.model, new);
        (self.learning, self.learned, self.changed, self.gain) = (true, 0, 0, 256);
        self.before.fill(0);
        before
    }

    /// Time since the picture before, in microseconds; never negative.
    fn elapsed(&mut self, pts: i64, settings: &Settings) -> i64 {
        let last = self.last.replace(pts).unwrap_or(pts);
        settings.time_base.micros(pts.saturating_sub(last)).clamp(0, LONGEST_STEP)
    }
}

/// Median ratio of the picture's luma to the background's where nobody is, 256 is 1.
fn gain(now: &[u8], usual: &[u8], before: &[u8], w: usize, black: u8) -> u32 {
    let mut histogram = [0u32; 1024];
    let mut count = 0;
    for y in (0..now.len() / w).step_by(4) {
        for i in (y * w..(y + 1) * w).step_by(4) {
            let b = usual[i].saturating_sub(black);
            if before[i] == 0 && (16..220).contains(&b) {
                let ratio = u32::from(now[i].saturating_sub(black)) * 256 / u32::from(b);
                histogram[ratio.min(1023) as usize] += 1;
                count += 1;
            }
        }
    }
    if count < 50 {
        return 256;
    }
    let mut below = 0;
    histogram
        .iter()
        .position(|&n| {
            below += n;
            below * 2 >= count
        })
        .unwrap_or(256) as u32
}
