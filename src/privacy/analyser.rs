//! One picture after the other: what is to be hidden in it, and whether that can be known at all.

use super::blobs;
use super::brightness::{GAINS, SAME, gain};
use super::cells::Cells;
use super::detect::{Detector, Seen, Tracks};
use super::facts::Reason;
use super::ghosts::Ghosts;
use super::jitter::Jitter;
use super::known_scenes::KnownScenes;
use super::light_drift::LightDrift;
use super::mask::Mask;
use super::model::Model;
use super::reduce::{Reducer, Small};
use super::settings::Settings;
use super::shift::{self, Shift};
use super::threshold::classify;
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
/// The whole picture is hidden when people fill it by this many times what may change at once.
const LARGEST: usize = 3;

/// Pixels of the picture around a blob that are hidden with it while the light is not the one that was learned: gain is
/// the same for all, light and shade are not. (One while the camera trembles, none else: blobs are grown to cells
/// anyway.)
const GROW_LIT: isize = 6;

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
pub(crate) struct Analyser {
    sizes: [(usize, usize); 3],
    reducer: Reducer,
    now: Small,
    /// `now`, moved to where the model has it.
    steady: Small,
    model: Model,
    lights: KnownScenes,
    learning: bool,
    learned: i64,
    changed: i64,
    last: Option<i64>,
    gain: u32,
    tremble: Jitter,
    still: Ghosts,
    drift: LightDrift,
    tracks: Tracks,
    /// Pictures judged.
    looks: u32,
    /// Foreground of the picture before.
    before: Mask,
    distance: Vec<u8>,
    low: Mask,
    high: Mask,
}

impl Analyser {
    pub fn new(picture: &Picture, settings: &Settings) -> Self {
        let (w, h) = (picture.width().div_ceil(2), picture.height().div_ceil(2));
        let empty = Mask::new(w, h);
        Self {
            sizes: picture.planes.each_ref().map(|p| (p.width, p.height)),
            reducer: Reducer::default(),
            now: Small::default(),
            steady: Small::default(),
            model: Model::new(w, h),
            lights: KnownScenes::new(settings.illumination_states),
            learning: true,
            learned: 0,
            changed: 0,
            last: None,
            gain: SAME,
            tremble: Jitter::default(),
            still: Ghosts::new(w, h),
            drift: LightDrift::default(),
            tracks: Tracks::default(),
            looks: 0,
            before: empty.clone(),
            distance: Vec::new(),
            low: empty.clone(),
            high: empty,
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
        self.still = Ghosts::new(self.now.width, self.now.height);
        (self.tremble, self.drift) = (Jitter::default(), LightDrift::default());
        self.learning = false;
    }

    /// Learns from a picture that nothing is given out of.
    pub fn study(&mut self, picture: &Picture) {
        self.reducer.reduce(picture, &mut self.now);
        self.learn();
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

    /// Finds what is to be hidden, and learns. What the detector finds is hidden, too, and not learned.
    pub fn look(
        &mut self,
        picture: &Picture,
        settings: &Settings,
        detector: Option<&mut (dyn Detector + Send + '_)>,
    ) -> Finding {
        let step = self.elapsed(picture.pts, settings);
        let finding = self.judge(picture, settings, step, detector);
        if finding.whole.is_some() {
            self.tracks.rest();
        }
        finding
    }

    fn judge(
        &mut self,
        picture: &Picture,
        settings: &Settings,
        step: i64,
        detector: Option<&mut (dyn Detector + Send + '_)>,
    ) -> Finding {
        self.reducer.reduce(picture, &mut self.now);
        let black = if picture.full_range { 0 } else { 16 };
        if self.learning {
            if self.model.pictures() > 0 {
                self.learned += step;
            }
            let done = self.learned >= i64::from(settings.learn_ms) * 1000 && self.model.pictures() >= LEAST_PICTURES;
            if !done {
                return self.learn();
            }
            self.model.settle();
            self.learning = false;
        }
        self.gain = gain(&self.now.planes[0], &self.model.usual()[0], &self.before, black);
        if !GAINS.contains(&self.gain) {
            return self.large(Reason::Light, step, picture, settings);
        }
        if self.gain.abs_diff(SAME) > 8 {
            self.now.even_out(self.gain, black);
        }
        let Some((dx, dy)) = self.tremble.off(self.shift()) else {
            self.lights.forget();
            self.restart();
            self.model.learn(&self.now);
            return Finding::whole(Reason::CameraMoved);
        };
        self.steady_by(dx, dy);
        self.model.distance(&self.now, &mut self.distance);
        classify(&self.distance, &settings.sensitivity, &mut self.low, &mut self.high);
        let foreground = blobs::foreground(&self.low, &self.high, &self.before);
        // Somebody who comes near the camera fills it step by step; what changes at once is no person.
        let all = foreground.width * foreground.height;
        let most = all * usize::from(settings.sensitivity.large_change);
        let area = foreground.area();
        if area.saturating_sub(self.before.area()) * 100 > most || area * 100 > most.saturating_mul(LARGEST) {
            return self.large(Reason::SceneChange, step, picture, settings);
        }
        self.changed = 0;
        let seen = match detector.map(|d| self.tracks.look(d, picture, step, settings.detect_every)) {
            Some(Ok(seen)) => seen,
            None => Seen::default(),
            // nothing is learned from this picture either
            Some(Err(_)) => return Finding::whole(Reason::Detector),
        };
        let mut cells = Cells::none(picture.width(), picture.height(), settings.block as usize);
        // A sixteenth at half size is an eighth of a pixel of the picture.
        let moved = ((dx as isize + 4) >> 3, (dy as isize + 4) >> 3);
        let grow = if self.gain.abs_diff(SAME) > SAME / 16 { GROW_LIT } else { isize::from((dx, dy) != (0, 0)) };
        let heights = blobs::hide(&foreground, &settings.sensitivity, moved, grow, &mut cells);
        let taken = self.hide_seen(&seen, &mut cells);
        self.still.look(&self.now, &foreground, &taken, &mut self.model, step, settings.absorb_ms);
        let mut closed = foreground.dilate(GUARD, GUARD);
        closed.join(&taken);
        self.drift.follow(&mut self.model, &closed, &self.still, black, step);
        // A stray pixel that differs is learned late: it may be the first of somebody who comes.
        if self.looks % STRAY >= STRAY / 4 {
            closed.join(&self.low);
        }
        self.looks = self.looks.wrapping_add(1);
        self.model.update(&self.now, &closed);
        self.before = foreground;
        Finding { cells: Some(cells), whole: None, heights }
    }

    /// Hides what the detector found; gives its pixels at half size.
    fn hide_seen(&self, seen: &Seen, cells: &mut Cells) -> Mask {
        let mut taken = Mask::new(self.now.width, self.now.height);
        for (x, y) in seen.rectangles() {
            let level = cells.level_for(y.len().div_ceil(6));
            cells.mark(x.clone(), y.clone(), level);
            // the model may lie some pixels off while the camera trembles
            let half = |r: std::ops::Range<usize>, all: usize| {
                (r.start / 2).saturating_sub(GUARD)..(r.end.div_ceil(2) + GUARD).min(all)
            };
            let (x, y) = (half(x, taken.width), half(y, taken.height));
            y.for_each(|y| taken.fill(y, x.clone(), true));
        }
        taken
    }

    fn learn(&mut self) -> Finding {
        if self.model.pictures() > 0 {
            // A camera that is moved while it learns starts again.
            match self.tremble.learn(self.shift()) {
                Some((dx, dy)) => self.steady_by(dx, dy),
                None => drop(self.restart()),
            }
        }
        self.model.learn(&self.now);
        Finding::whole(Reason::Learning)
    }

    fn shift(&self) -> Shift {
        shift::detect(&self.model.usual()[0], &self.now.planes[0], &self.before)
    }

    /// Moves the picture back.
    fn steady_by(&mut self, dx: i32, dy: i32) {
        if (dx, dy) != (0, 0) {
            self.now.moved(dx, dy, &mut self.steady);
            std::mem::swap(&mut self.now, &mut self.steady);
        }
    }

    fn large(&mut self, reason: Reason, step: i64, picture: &Picture, settings: &Settings) -> Finding {
        self.changed += step;
        // its brightness was evened out
        self.reducer.reduce(picture, &mut self.now);
        if let Some(known) = self.lights.find(&self.now, &settings.sensitivity) {
            self.lights.keep(std::mem::replace(&mut self.model, known));
            self.still = Ghosts::new(self.now.width, self.now.height);
            self.drift = LightDrift::default();
            (self.changed, self.gain) = (0, SAME);
            self.before.clear();
        } else if self.changed >= PATIENCE {
            let model = self.restart();
            self.lights.keep(model);
        }
        Finding::whole(reason)
    }

    /// Learning starts again; gives what was learned before.
    fn restart(&mut self) -> Model {
        let before = std::mem::replace(&mut self.model, Model::new(self.now.width, self.now.height));
        self.still = Ghosts::new(self.now.width, self.now.height);
        self.tremble = Jitter::default();
        self.drift = LightDrift::default();
        (self.learning, self.learned, self.changed, self.gain) = (true, 0, 0, SAME);
        self.before.clear();
        before
    }

    /// Time since the picture before, in microseconds; never negative.
    fn elapsed(&mut self, pts: i64, settings: &Settings) -> i64 {
        let last = self.last.replace(pts).unwrap_or(pts);
        settings.time_base.micros(pts.saturating_sub(last)).clamp(0, LONGEST_STEP)
    }
}
