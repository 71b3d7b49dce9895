//! Pictures in, hidden pictures out, one for one and in order.

use std::collections::VecDeque;

use super::analyser::{Analyser, Finding, Second};
use super::block_hold::BlockHold;
use super::cells::{Cells, Look};
use super::detect::{Detector, People, PersonFinder};
use super::facts::{ProtectionFacts, Reason};
use super::hidden::Hidden;
use super::last_public::LastPublic;
use super::settings::{Settings, TimeBase};
use super::zone_cells::ZoneCells;
use crate::media::Picture;

/// A picture that may be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Protected {
    /// The picture, with everything replaced that must not be seen.
    pub picture: Picture,
    /// What was done.
    pub facts: ProtectionFacts,
}

struct Waiting {
    picture: Option<Picture>,
    pts: i64,
    duration: i64,
    finding: Finding,
    /// It was not analysed: the public picture before it stands for it.
    late: bool,
}

/// Hides who moves.
///
/// ```
/// use vidveil::media::{Picture, Plane};
/// use vidveil::privacy::{Protector, Reason, Settings};
///
/// let mut protector = Protector::new(Settings::default());
/// let mut out = Vec::new();
/// for pts in 0..5 {
///     let planes = [Plane::filled(64, 48, 90), Plane::filled(32, 24, 128), Plane::filled(32, 24, 128)];
///     out.extend(protector.push(Picture { planes, pts, duration: 1, full_range: false, damaged: false }));
/// }
/// out.extend(protector.flush());
/// assert_eq!(out.len(), 5);
/// assert_eq!(out[0].facts.whole, Some(Reason::Learning));
/// ```
pub struct Protector {
    settings: Settings,
    watch: Option<Analyser>,
    waiting: VecDeque<Waiting>,
    past: VecDeque<Cells>,
    held: BlockHold,
    /// Scenes that were studied beforehand, one for each size.
    studied: Vec<Analyser>,
    /// The empty scene, where it is known beforehand.
    reference: Option<Picture>,
    detector: Option<Box<dyn Detector + Send>>,
    people: Option<People>,
    last: LastPublic,
    zones: ZoneCells,
}

impl Protector {
    /// A protector that has seen nothing yet.
    pub fn new(mut settings: Settings) -> Self {
        settings.block = settings.block.clamp(8, 1 << 14).next_multiple_of(8);
        Self {
            settings,
            watch: None,
            waiting: VecDeque::new(),
            past: VecDeque::new(),
            held: BlockHold::default(),
            studied: Vec::new(),
            reference: None,
            detector: None,
            people: None,
            last: LastPublic::default(),
            zones: ZoneCells::default(),
        }
    }

    /// Names the size of pictures to come, so that pictures can be given out even when the first ones are missing.
    pub fn expect_size(&mut self, width: usize, height: usize) {
        self.last.expect_size(width, height);
    }

    /// Times of pictures that come are in these ticks: what was learned is of use for another stream of the camera.
    pub fn goes_on_in(&mut self, time_base: TimeBase) {
        self.settings.time_base = time_base;
    }

    /// Names the empty scene: pictures of its size and subsampling are judged by it from the first one on. After the
    /// camera was moved, or the scene or its light became another, it is learned as always.
    pub fn know_empty(&mut self, scene: Picture) {
        self.reference = Some(scene).filter(well_formed);
    }

    /// Asks a detector for a second opinion: what it finds is hidden and not learned, besides what moves. Pictures that
    /// are hidden whole are not shown to it.
    pub fn ask(&mut self, detector: Box<dyn Detector + Send>) {
        self.detector = Some(detector);
    }

    /// Looks for people with `finder`, `per_second` times a second of the video: they are hidden whether they move or
    /// not.
    pub fn look_for_people(&mut self, finder: Box<dyn PersonFinder + Send>, per_second: f32) {
        self.people = Some(People::new(finder, per_second, self.settings.learn_ms.into()));
    }

    /// Takes the next picture; gives those that are ready, which are `lookahead` pictures behind.
    ///
    /// A picture of another size or chroma subsampling starts learning again; one whose planes do not fit each other is
    /// treated as [`Protector::hide_whole`] would.
    pub fn push(&mut self, picture: Picture) -> Vec<Protected> {
        let mut out = Vec::new();
        if !well_formed(&picture) {
            return self.hide_whole(picture.pts, picture.duration);
        }
        if !self.watch.as_ref().is_some_and(|w| w.fits(&picture)) {
            if self.watch.is_some() {
                out.extend(self.flush());
            }
            self.reset();
            self.zones = ZoneCells::of(&self.settings, picture.width(), picture.height());
            self.last.follow_size(&picture);
            let known = self.studied.iter().position(|w| w.fits(&picture)).map(|i| self.studied.remove(i));
            let mut watch = known.unwrap_or_else(|| Analyser::new(&picture, &self.settings));
            if let Some(reference) = self.reference.as_ref().filter(|r| watch.fits(r)) {
                watch.know(reference);
            }
            if self.people.is_some() {
                watch.is_looked_at();
            }
            self.watch = Some(watch);
        }
        let second = Second { faces: self.detector.as_deref_mut(), people: self.people.as_mut() };
        let finding = match &mut self.watch {
            Some(watch) if !picture.damaged => watch.look(&picture, &self.settings, second),
            Some(watch) => {
                watch.skip(&picture, &self.settings);
                Finding::whole(Reason::Damaged)
            }
            None => Finding::whole(Reason::Damaged),
        };
        let (pts, duration) = (picture.pts, picture.duration);
        self.waiting.push_back(Waiting { picture: Some(picture), pts, duration, finding, late: false });
        out.extend(self.ready(self.settings.lookahead));
        out
    }

    /// Stands for a picture that could not be decoded: a hidden picture is given out at its place, made from what was
    /// public before. While no size is known it waits for one.
    pub fn hide_whole(&mut self, pts: i64, duration: i64) -> Vec<Protected> {
        let finding = Finding::whole(Reason::Missing);
        self.waiting.push_back(Waiting { picture: None, pts, duration, finding, late: false });
        self.ready(self.settings.lookahead)
    }

    /// Stands for a picture that there is no time to analyse: the public picture before it is given out once more in
    /// its place, and in place of those before it whose look-ahead it is.
    pub fn repeat(&mut self, pts: i64, duration: i64) -> Vec<Protected> {
        let finding = Finding::whole(Reason::Missing);
        self.waiting.push_back(Waiting { picture: None, pts, duration, finding, late: true });
        self.ready(self.settings.lookahead)
    }

    /// Learns from a picture beforehand; nothing is given out. All pictures are studied before the first is pushed.
    pub fn study(&mut self, picture: &Picture) {
        if picture.damaged || !well_formed(picture) {
            return;
        }
        if !self.studied.iter().any(|w| w.fits(picture)) {
            let mut watch = Analyser::new(picture, &self.settings);
            if self.people.is_some() {
                watch.is_looked_at();
            }
            self.studied.push(watch);
        }
        if let Some(watch) = self.studied.iter_mut().find(|w| w.fits(picture)) {
            let second = Second { faces: self.detector.as_deref_mut(), people: self.people.as_mut() };
            watch.study(picture, &self.settings, second);
        }
    }

    /// Everything was studied: pictures that follow are judged by what was learned from it, from the first one on.
    pub fn end_study(&mut self) {
        self.studied.retain_mut(Analyser::end_study);
    }

    /// Gives what is still waiting.
    pub fn flush(&mut self) -> Vec<Protected> {
        self.ready(0)
    }

    /// Forgets the background: learning starts again with the next picture.
    pub fn reset(&mut self) {
        self.watch = None;
        self.past.clear();
    }

    fn ready(&mut self, keep: usize) -> Vec<Protected> {
        let mut out = Vec::new();
        while self.waiting.len() > keep {
            if self.waiting[0].picture.is_none() && !self.last.is_known() {
                break;
            }
            let Some(front) = self.waiting.pop_front() else { break };
            out.extend(self.hide(front));
        }
        out
    }

    fn hide(&mut self, waiting: Waiting) -> Option<Protected> {
        let Waiting { picture, pts, duration, finding, late } = waiting;
        let least = self.settings.block as usize;
        if late || self.waiting.iter().take(self.settings.lookahead).any(|w| w.late) {
            self.keep(finding.cells);
            return self.last.again(pts, duration, least).map(|(picture, facts)| Protected { picture, facts });
        }
        let mut picture = picture.or_else(|| self.last.picture().cloned())?;
        (picture.pts, picture.duration) = (pts, duration);
        let (w, h) = (picture.width(), picture.height());
        let cells = match (&finding.cells, finding.whole) {
            (Some(found), None) => {
                let mut cells = found.clone();
                let future = self.waiting.iter().take(self.settings.lookahead).filter_map(|w| w.finding.cells.as_ref());
                future.chain(&self.past).for_each(|other| cells.join(other));
                self.zones.apply(&mut cells);
                cells
            }
            _ => Cells::whole(w, h, least),
        };
        let look = Look { method: self.settings.method, highlight: self.settings.highlight };
        cells.replace(&mut picture, look, &mut self.held);
        self.keep(finding.cells);
        let (share, whole, heights) = (cells.share(), finding.whole, finding.heights);
        let facts = ProtectionFacts { share, whole, heights, hidden: Hidden(cells), repeated: false };
        self.last.keep(&picture, &facts);
        Some(Protected { picture, facts })
    }

    /// What was found goes into the masks of the pictures that follow.
    fn keep(&mut self, found: Option<Cells>) {
        self.past.extend(found);
        while self.past.len() > self.settings.hold {
            self.past.pop_front();
        }
    }
}

/// Whether the planes hold what they say, and chroma is subsampled by 1, 2 or 4.
fn well_formed(picture: &Picture) -> bool {
    let fits = |whole: usize, part: usize| part > 0 && [1, 2, 4].iter().any(|&s| whole.div_ceil(s) == part);
    let [luma, _, _] = &picture.planes;
    picture
        .planes
        .iter()
        .all(|p| fits(luma.width, p.width) && fits(luma.height, p.height) && p.data.len() == p.width * p.height)
}
