//! One picture after the other: what is to be hidden in it, and whether that can be known at all.

use super::blobs::{self, Place};
use super::brightness::{GAINS, SAME, gain};
use super::camera::{self, Camera, Transform};
use super::cells::Cells;
use super::detect::{Detector, Found, People, Seen, Tracks};
use super::facts::Reason;
use super::ghosts::Ghosts;
use super::known_scenes::KnownScenes;
use super::local_light::LocalLight;
use super::mask::Mask;
use super::model::{Compared, Model, Proof};
use super::persons::Persons;
use super::reduce::{Reducer, Small, scale_of};
use super::settings::Settings;
use super::threshold::{classify, forgive_edges};
use super::veto::{Rectangle, Veto};
use crate::media::Picture;

/// Pictures that must be learned from, however much time they span.
const LEAST_PICTURES: u32 = 12;
/// Time between two pictures counts up to this, in microseconds: an outage teaches nothing.
const LONGEST_STEP: i64 = 1_000_000;
/// A large change that lasts this long, in microseconds, is the new scene, which is learned anew.
const PATIENCE: i64 = 1_000_000;
/// A camera that looks elsewhere for this long, in microseconds, was moved.
const LOST: i64 = 300_000;
/// Pixels of the model around the foreground that teach nothing.
const GUARD: usize = 3;
/// For so long in microseconds after the camera trembled an edge may lie a pixel away.
const UNSTEADY: i64 = 2_000_000;
/// Seconds of evidence that a look needs, at most, where no detector of people looks.
const LONGEST_PROOF: u32 = 15;
/// Seconds of evidence that another look needs where one is proven, when a detector of people looks, too.
const OTHER: u8 = 3;
/// Holes of up to one in this many of the picture's pixels are filled.
const HOLE: usize = 12;
/// Height of people, as a share of the picture's, while none was found.
const TALL: usize = 7;
/// Less of the scene than one part in this many says nothing of a change of all of it.
const MUCH: usize = 3;
/// Share of the known pixels, in per cent, that somebody can change, for each per cent of the picture that may change
/// at once.
const PEOPLE: usize = 7;

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

/// Second opinions: who find people by their looks.
pub(crate) struct Second<'a> {
    pub faces: Option<&'a mut (dyn Detector + Send + 'static)>,
    pub people: Option<&'a mut People>,
}

/// The state of one scene.
#[derive(Debug)]
pub(crate) struct Analyser {
    sizes: [(usize, usize); 3],
    /// Pixels of the picture for one of the model, across and down.
    scale: usize,
    reducer: Reducer,
    now: Small,
    /// `now`, moved to where the model has it.
    steady: Small,
    model: Model,
    proof: Proof,
    lights: KnownScenes,
    learning: bool,
    learned: i64,
    changed: i64,
    last: Option<i64>,
    /// Media time in microseconds, without outages.
    at: i64,
    gain: u32,
    /// Microseconds for which edges are forgiven.
    unsteady: i64,
    camera: Camera,
    /// Microseconds for which the camera looks elsewhere.
    lost: i64,
    light: LocalLight,
    still: Ghosts,
    veto: Veto,
    tracks: Tracks,
    /// Foreground of the picture before.
    before: Mask,
    compared: Compared,
    low: Mask,
    high: Mask,
}

impl Analyser {
    pub fn new(picture: &Picture, settings: &Settings) -> Self {
        let scale = scale_of(picture.width());
        let (w, h) = (picture.width().div_ceil(scale), picture.height().div_ceil(scale));
        let empty = Mask::new(w, h);
        // without a detector, those who stand where they are learned are told from furniture by their patience alone
        let unknown = (settings.learn_ms / 4000).min(LONGEST_PROOF) as u8;
        let proof = Proof { unknown, other: None };
        Self {
            scale,
            sizes: picture.planes.each_ref().map(|p| (p.width, p.height)),
            reducer: Reducer::default(),
            now: Small::default(),
            steady: Small::default(),
            model: Model::new(w, h, proof),
            proof,
            lights: KnownScenes::new(settings.illumination_states),
            learning: true,
            learned: 0,
            changed: 0,
            last: None,
            at: 0,
            gain: SAME,
            unsteady: 0,
            camera: Camera::default(),
            lost: 0,
            light: LocalLight::new(w, h),
            still: Ghosts::new(w, h),
            veto: Veto::default(),
            tracks: Tracks::default(),
            before: empty.clone(),
            compared: Compared { far: Vec::new(), known: empty.clone() },
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
        self.light = LocalLight::new(self.now.width, self.now.height);
        (self.camera, self.lost) = (Camera::default(), 0);
        self.learning = false;
    }

    /// Learns from a picture that nothing is given out of.
    pub fn study(&mut self, picture: &Picture, settings: &Settings, second: Second<'_>) {
        if self.proof.other.is_none() {
            // all looks are proven, and the most usual ones are kept in the end
            self.model.set_proof(Proof { unknown: 0, other: Some(1) });
        }
        let _ = self.look(picture, settings, second);
    }

    /// The pictures that follow are judged by what was studied; false when that was too little.
    pub fn end_study(&mut self) -> bool {
        let enough = self.model.pictures() >= LEAST_PICTURES;
        self.learning = false;
        self.last = None;
        if self.proof.other.is_none() {
            self.model.keep_most();
        }
        self.model.set_proof(self.proof);
        self.model.rest();
        self.before.clear();
        self.tracks = Tracks::default();
        enough
    }

    /// A picture that cannot be trusted: only its time counts.
    pub fn skip(&mut self, picture: &Picture, settings: &Settings) {
        self.elapsed(picture.pts, settings);
    }

    /// Finds what is to be hidden, and learns. What the detector finds is hidden, too, and not learned.
    pub fn look(&mut self, picture: &Picture, settings: &Settings, second: Second<'_>) -> Finding {
        let step = self.elapsed(picture.pts, settings);
        let finding = self.judge(picture, settings, step, second);
        if finding.whole.is_some_and(|r| r != Reason::Learning) {
            self.tracks.rest();
        }
        finding
    }

    fn judge(&mut self, picture: &Picture, settings: &Settings, step: i64, second: Second<'_>) -> Finding {
        self.at += step;
        self.reducer.reduce(picture, &mut self.now);
        let black = if picture.full_range { 0 } else { 16 };
        if self.learning && self.model.pictures() > 0 {
            self.learned += step;
            let enough = self.model.pictures() >= LEAST_PICTURES;
            self.learning = !(enough && self.learned >= i64::from(settings.learn_ms) * 1000);
        }
        if self.model.pictures() > 0 {
            self.gain = gain(&self.now.planes[0], &self.model.usual()[0], &self.before, black);
            if !GAINS.contains(&self.gain) {
                return self.large(Reason::Light, step, picture, settings);
            }
            if self.gain.abs_diff(SAME) > 8 {
                self.now.even_out(self.gain, black);
            }
        }
        if !self.steady(step) {
            if self.lost >= LOST {
                self.lights.forget();
                self.restart();
            }
            return Finding::whole(Reason::CameraMoved);
        }
        let mut cells = Cells::none(picture.width(), picture.height(), settings.block as usize);
        let seen = match second.faces.map(|d| self.tracks.look(d, picture, step, settings.detect_every)) {
            Some(Ok(seen)) => seen,
            None => Seen::default(),
            // nothing is learned from this picture either
            Some(Err(_)) => return Finding::whole(Reason::Detector),
        };
        let mut taken = self.hide_seen(&seen, &mut cells);
        let mut tall = self.now.height / TALL;
        // a hole as large as the torso of people as they are here
        let mut hole = self.now.planes[0].len() / HOLE;
        let mut persons = Persons::default();
        if let Some(people) = second.people {
            if people.look(picture, self.at / 1000, self.learning, &[]).is_err() {
                return Finding::whole(Reason::Detector);
            }
            persons = Persons::of(people, picture, |f| self.of_model(f));
            persons.join(&mut taken);
            tall = persons.tall.map_or(tall, |t| t as usize / self.scale);
            hole = persons.tall.map_or(hole, |_| hole.min(tall * tall / 4));
        }
        let closed = self.before.dilate(GUARD, GUARD);
        if self.model.pictures() > 0 {
            let (usual, ticks) = (self.model.usual(), self.model.ticks_of(step));
            self.light.follow(&self.now, usual, &self.compared.known, &closed, black, ticks);
            self.light.even_out(&mut self.now, black);
        }
        let low = settings.sensitivity.low;
        self.model.look(&self.now, self.at, step, &closed, &taken, tall, low, &mut self.compared);
        let mut known = self.model.pixels();
        self.veto.object(&persons.objections, self.learning, &mut known);
        self.veto.release(&mut known);
        self.unsteady = if self.camera.now == Transform::NONE { (self.unsteady - step).max(0) } else { UNSTEADY };
        if self.unsteady > 0 {
            forgive_edges(&mut self.compared, &self.now, &self.model.looks, self.model.usual());
        }
        classify(&self.compared, &mut self.low, &mut self.high);
        let foreground = blobs::foreground(&self.low, &self.high, &self.before);
        let known = self.compared.known.area();
        let most = known * (usize::from(settings.sensitivity.large_change) * PEOPLE / 2).min(100);
        if !self.learning && known * MUCH > self.now.planes[0].len() && foreground.area() * 100 > most {
            return self.large(Reason::SceneChange, step, picture, settings);
        }
        self.changed = 0;
        let is_lit = self.gain.abs_diff(SAME) > SAME / 16;
        let grow = if is_lit { GROW_LIT } else { isize::from(self.camera.now != Transform::NONE) };
        let place = Place { scale: self.scale, camera: self.camera.now, grow };
        let heights = blobs::hide(&foreground, &settings.sensitivity, place, hole, &mut cells);
        let mut hidden = self.compared.known.inverse();
        blobs::hide_unknown(&hidden, &settings.sensitivity, place, &mut cells);
        hidden.join(&foreground);
        persons.hide(&hidden, &mut cells);
        let lights = self.proof.other.map(|_| black);
        self.still.look(&self.now, &foreground, &taken, &mut self.model, step, settings.absorb_ms, lights);
        self.before = foreground;
        if self.learning {
            return Finding::whole(Reason::Learning);
        }
        Finding { cells: Some(cells), whole: None, heights }
    }

    /// Hides what the detector found; gives its pixels at half size.
    fn hide_seen(&self, seen: &Seen, cells: &mut Cells) -> Mask {
        let mut taken = Mask::new(self.now.width, self.now.height);
        for (x, y) in seen.rectangles() {
            let level = cells.level_for(y.len().div_ceil(6));
            cells.mark(x.clone(), y.clone(), level);
            let found = Found {
                left: x.start as f32,
                top: y.start as f32,
                right: x.end as f32,
                bottom: y.end as f32,
                score: 1.0,
            };
            let (x, y) = self.of_model(&found);
            let wide = |r: std::ops::Range<usize>, all: usize| r.start.saturating_sub(GUARD)..(r.end + GUARD).min(all);
            let (x, y) = (wide(x, taken.width), wide(y, taken.height));
            y.for_each(|y| taken.fill(y, x.clone(), true));
        }
        taken
    }

    /// A box of the picture where the model has it.
    fn of_model(&self, f: &Found) -> Rectangle {
        let s = self.scale as f32;
        let at = Found { left: f.left / s, top: f.top / s, right: f.right / s, bottom: f.bottom / s, ..*f };
        let (dx, dy) = self.camera.now.off(f64::from(at.left + at.right) / 2.0, f64::from(at.top + at.bottom) / 2.0);
        at.moved(-dx as f32, -dy as f32).inside(self.now.width, self.now.height)
    }

    /// Moves the picture to where the model has it; false where the camera looks elsewhere.
    fn steady(&mut self, step: i64) -> bool {
        if self.model.pictures() == 0 {
            return true;
        }
        let (w, h) = (self.now.width, self.now.height);
        match self.camera.look(&self.model.usual()[0], &self.now.planes[0], &self.before) {
            camera::Looks::Lost => {
                self.lost += step.max(1);
                return false;
            }
            camera::Looks::At(_) if self.camera.is_off(w, h) => {
                self.lost = LOST;
                return false;
            }
            camera::Looks::At(_) | camera::Looks::Unknown => self.lost = 0,
        }
        if let Some(by) = self.camera.take_along(w, h) {
            self.model.take_along(by);
            self.before.clear();
            self.compared.known.clear();
            self.still = Ghosts::new(w, h);
            self.veto = Veto::default();
        }
        if self.camera.now != Transform::NONE {
            let camera = self.camera.now;
            self.now.moved(|x, y| camera.off(x, y), &mut self.steady);
            std::mem::swap(&mut self.now, &mut self.steady);
        }
        true
    }

    fn large(&mut self, reason: Reason, step: i64, picture: &Picture, settings: &Settings) -> Finding {
        self.changed += step;
        // its brightness was evened out
        self.reducer.reduce(picture, &mut self.now);
        if let Some(known) = self.lights.find(&self.now, &settings.sensitivity) {
            let mut before = std::mem::replace(&mut self.model, known);
            before.rest();
            self.lights.keep(before);
            self.still = Ghosts::new(self.now.width, self.now.height);
            self.light = LocalLight::new(self.now.width, self.now.height);
            (self.changed, self.gain) = (0, SAME);
            self.before.clear();
        } else if self.changed >= PATIENCE {
            let mut model = self.restart();
            model.rest();
            self.lights.keep(model);
        }
        Finding::whole(reason)
    }

    /// Learning starts again; gives what was learned before.
    fn restart(&mut self) -> Model {
        let fresh = Model::new(self.now.width, self.now.height, self.proof);
        let before = std::mem::replace(&mut self.model, fresh);
        self.still = Ghosts::new(self.now.width, self.now.height);
        self.light = LocalLight::new(self.now.width, self.now.height);
        (self.camera, self.lost) = (Camera::default(), 0);
        (self.learning, self.learned, self.changed, self.gain) = (true, 0, 0, SAME);
        self.before.clear();
        before
    }

    /// A detector of people looks, too: what it never objects to is proven in time.
    pub fn is_looked_at(&mut self) {
        self.proof = Proof { unknown: 0, other: Some(OTHER) };
        self.model.set_proof(self.proof);
    }

    /// Time since the picture before, in microseconds; never negative.
    fn elapsed(&mut self, pts: i64, settings: &Settings) -> i64 {
        let last = self.last.replace(pts).unwrap_or(pts);
        settings.time_base.micros(pts.saturating_sub(last)).clamp(0, LONGEST_STEP)
    }
}
