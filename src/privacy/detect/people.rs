//! People whom a detector finds, and who is who over time.

use std::collections::VecDeque;

use super::DetectError;
use super::found::Found;
use super::people_track::Track;
use super::people_views::PeopleViews;
use super::person_net::PersonFinder;
use super::scaled::Area;
use crate::media::Picture;

/// Time in ms in which all views are looked at once while the scene is learned.
const ROUND: i64 = 400;
/// Looks a second while learning, at most, unless the time of learning is too short for two rounds.
const MOST_A_SECOND: f32 = 20.0;
/// Looks at one picture, at most.
const MOST_A_PICTURE: usize = 4;
/// Pictures further apart than this, in ms, are not of one time.
const GAP: i64 = 10_000;
/// Score from which somebody is new.
const NEW: f32 = 0.3;
/// Score that is enough for one who is known.
const KNOWN: f32 = 0.18;
/// Share of its score that a box keeps which ends where its view does: it may be a part of anything.
const CUT: f32 = 0.6;
/// Score above which a box says how tall somebody is.
const SURE: f32 = 0.5;
/// Number of the last heights of which the usual one is the median.
const HEIGHTS: usize = 200;
/// Number of heights from which on the usual one is known.
const HEIGHTS_NEEDED: usize = 5;
/// People who are known, at most.
const MOST: usize = 1000;

/// Everybody whom a detector found, in the media's time.
pub struct People {
    finder: Box<dyn PersonFinder + Send>,
    per_second: f32,
    learn_ms: i64,
    size: (usize, usize),
    views: PeopleViews,
    tracks: Vec<Track>,
    next_id: u64,
    heights: VecDeque<f32>,
    /// When the next look is due, and when the picture before was, in ms.
    due: Option<f64>,
    last: Option<i64>,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("tracks", &self.tracks).finish_non_exhaustive()
    }
}

impl People {
    /// Looks with `finder` `per_second` times a second of the video. The scene is learned for about `learn_ms`.
    pub fn new(finder: Box<dyn PersonFinder + Send>, per_second: f32, learn_ms: i64) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(0.01, 1000.0) } else { 1.0 };
        Self {
            finder,
            per_second,
            learn_ms: learn_ms.max(1),
            size: (0, 0),
            views: PeopleViews::of(0, 0),
            tracks: Vec::new(),
            next_id: 1,
            heights: VecDeque::new(),
            due: None,
            last: None,
        }
    }

    /// Forgets who is there and what was looked at. How tall people are is kept.
    pub fn forget(&mut self) {
        self.tracks.clear();
        self.views.forget();
        (self.due, self.last) = (None, None);
    }

    /// Everybody who is known at `at_ms`, the time of `picture`, in ms. While the scene is learned, all of the picture
    /// is looked at again and again; later one view after the other, sooner where there is `activity`.
    ///
    /// # Errors
    ///
    /// The detector's; the picture must be hidden as a whole, and the next one is looked at in any case.
    pub fn look(
        &mut self,
        picture: &Picture,
        at_ms: i64,
        learning: bool,
        activity: &[Found],
    ) -> Result<&[Track], DetectError> {
        let size = (picture.width(), picture.height());
        if size != self.size {
            self.forget();
            (self.size, self.views) = (size, PeopleViews::of(size.0, size.1));
        }
        if self.last.is_some_and(|last| at_ms < last || at_ms.saturating_sub(last) > GAP) {
            self.forget();
        }
        self.last = Some(at_ms);
        self.tracks.iter_mut().for_each(|t| t.fresh = false);
        for _ in 0..self.looks_due(at_ms, learning) {
            let view =
                if learning { self.views.in_turn(at_ms) } else { self.views.wanted(at_ms, &self.tracks, activity) };
            let Some((view, area)) = view else { break };
            match self.finder.find(picture, area) {
                Ok(found) => self.take(found, view, area, at_ms),
                Err(e) => {
                    self.due = None;
                    return Err(e);
                }
            }
        }
        let views = &self.views;
        self.tracks.retain_mut(|t| t.settle(at_ms, views.looked(t.view)));
        Ok(&self.tracks)
    }

    /// Everybody who was known after the last look.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// How tall people usually are in the picture, in pixels, once some were seen.
    pub fn usual_height(&self) -> Option<f32> {
        let mut heights: Vec<f32> = self.heights.iter().copied().collect();
        heights.sort_by(f32::total_cmp);
        heights.get(heights.len() / 2).copied().filter(|_| heights.len() >= HEIGHTS_NEEDED)
    }

    /// How many looks are due at the time `now`.
    fn looks_due(&mut self, now: i64, learning: bool) -> usize {
        let count = self.views.count() as f32;
        let per_second = if learning {
            let twice = 2.0 * count * 1000.0 / self.learn_ms as f32;
            (count * 1000.0 / ROUND as f32).min(twice.max(MOST_A_SECOND)).max(self.per_second)
        } else {
            self.per_second
        };
        let (now, step) = (now as f64, 1000.0 / f64::from(per_second));
        // what could not be done in time is not made up for
        let mut due = self.due.unwrap_or(now).clamp(now - MOST_A_PICTURE as f64 * step, now + step);
        let mut looks = 0;
        while due <= now && looks < MOST_A_PICTURE {
            due += step;
            looks += 1;
        }
        self.due = Some(due);
        looks
    }

    /// Each box goes to the one whom it fits best, the surest box first, and no two of one look to the same one; the
    /// others are new.
    fn take(&mut self, mut found: Vec<Found>, view: usize, area: Area, now: i64) {
        found.retain(Found::is_sound);
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        // whoever is seen as a whole is no longer two parts
        let is_whole = |f: &&Found| f.score >= NEW && !is_cut(f, area, self.size);
        let whole: Vec<Found> = found.iter().filter(is_whole).copied().collect();
        self.tracks.retain(|t| !whole.iter().any(|f| t.is_part_of(f) && t.fit(f, false, now).is_none()));
        let mut free: Vec<usize> = (0..self.tracks.len()).collect();
        for mut f in found {
            let cut = is_cut(&f, area, self.size);
            if f.score > SURE && !cut {
                self.heights.push_back(f.height());
                self.heights.drain(..self.heights.len().saturating_sub(HEIGHTS));
            }
            if cut {
                f.score *= CUT;
            }
            let fit = |&i: &usize| self.tracks.get(i).and_then(|t| t.fit(&f, cut, now));
            let best = (0..free.len()).filter_map(|at| Some((at, fit(&free[at])?)));
            let best = best.max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a)));
            match best {
                Some((at, _)) if f.score >= KNOWN => {
                    let track = free.swap_remove(at);
                    self.tracks[track].take(f, cut, view, now);
                }
                None if f.score >= NEW && self.tracks.len() < MOST => {
                    self.tracks.push(Track::new(self.next_id, f, cut, view, now));
                    self.next_id += 1;
                }
                _ => {}
            }
        }
    }
}

/// Whether a box ends where its view does and the picture goes on.
fn is_cut(f: &Found, area: Area, (width, height): (usize, usize)) -> bool {
    let near = (area.width.max(area.height) as f32 / 100.0).max(3.0);
    let (left, top) = (area.left as f32, area.top as f32);
    let (right, bottom) = ((area.left + area.width) as f32, (area.top + area.height) as f32);
    (area.left > 0 && f.left < left + near)
        || (area.top > 0 && f.top < top + near)
        || (area.left + area.width < width && f.right > right - near)
        || (area.top + area.height < height && f.bottom > bottom - near)
}
