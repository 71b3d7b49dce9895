//! Where people are looked for next.
//!
//! The whole picture is for those near the camera, squares of its height for most, squares of half its height for those
//! far away.

use super::found::Found;
use super::people_track::Track;
use super::scaled::Area;

/// Squares smaller than this would only enlarge what is not there.
const LEAST_SIDE: usize = 208;
/// Pictures less high than this have no smaller squares.
const LEAST_HEIGHT: usize = 300;
/// Squares side by side, at most: panoramas are not looked at for ever.
const MOST: usize = 16;
/// Time in ms after which one who was found once is looked at again: then it is known whether they are still.
const AGAIN: i64 = 500;
/// Time in ms after which one who is still is looked at again.
const STILL_AGAIN: i64 = 4_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Whole,
    High,
    Half,
}

#[derive(Clone, Copy, Debug)]
struct View {
    area: Area,
    size: Size,
    /// When it was looked at last, in ms.
    last: Option<i64>,
}

/// The views of a picture, and when each was looked at.
#[derive(Clone, Debug)]
pub(super) struct PeopleViews {
    all: Vec<View>,
    turn: usize,
    was_urgent: bool,
}

impl PeopleViews {
    pub fn of(width: usize, height: usize) -> Self {
        let view = |left, top, width, height, size| View { area: Area { left, top, width, height }, size, last: None };
        let mut all = vec![view(0, 0, width, height, Size::Whole)];
        let (short, long) = (width.min(height), width.max(height));
        // they overlap by about a quarter
        let squares = if long * 100 > short * 115 { (long * 13).div_ceil(short.max(1) * 10).min(MOST) } else { 0 };
        for at in spread(long - short, squares) {
            let (left, top) = if width >= height { (at, 0) } else { (0, at) };
            all.push(view(left, top, short, short, Size::High));
        }
        let side = (short / 2).max(LEAST_SIDE);
        if short >= LEAST_HEIGHT {
            // they overlap by a quarter at least
            let count = |length: usize| ((length - side) * 4).div_ceil(side * 3).min(MOST - 1) + 1;
            for top in spread(height - side, count(height)) {
                all.extend(spread(width - side, count(width)).map(|left| view(left, top, side, side, Size::Half)));
            }
        }
        Self { all, turn: 0, was_urgent: false }
    }

    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// When a view was looked at last.
    pub fn looked(&self, view: usize) -> Option<i64> {
        self.all.get(view).and_then(|v| v.last)
    }

    /// The view whose turn it is, all of them alike: who is there is found in any case. `None` when each was looked at
    /// now.
    pub fn in_turn(&mut self, now: i64) -> Option<(usize, Area)> {
        let waits = self.all.iter().enumerate().filter(|(_, v)| v.last != Some(now));
        let (view, _) = waits.min_by_key(|(i, v)| (v.last, *i))?;
        self.take(view, now)
    }

    /// The view that is looked at now: one that somebody asks for who was found there, or one of each size after the
    /// other, sooner where something moves.
    pub fn wanted(&mut self, now: i64, tracks: &[Track], activity: &[Found]) -> Option<(usize, Area)> {
        // half of the looks are left for finding others
        let urgent = if self.was_urgent { None } else { self.urgent(now, tracks) };
        self.was_urgent = urgent.is_some();
        if let Some(view) = urgent {
            return self.take(view, now);
        }
        let size = [Size::Whole, Size::High, Size::Half][self.turn % 3];
        self.turn = (self.turn + 1) % 3;
        let sizes = [size, Size::High, Size::Whole];
        let size = sizes.into_iter().find(|s| self.all.iter().any(|v| v.size == *s && v.last != Some(now)))?;
        let waits = |v: &View| {
            let waited = v.last.map_or(i64::MAX / 4, |last| now.saturating_sub(last).clamp(0, i64::MAX / 4));
            let inside = |f: &Found| middle_inside(f, v.area);
            waited * if activity.iter().any(inside) { 3 } else { 1 }
        };
        let of_size = self.all.iter().enumerate().filter(|(_, v)| v.size == size && v.last != Some(now));
        let (view, _) = of_size.max_by_key(|(i, v)| (waits(v), std::cmp::Reverse(*i)))?;
        self.take(view, now)
    }

    /// The view that somebody was found in whom it is time to look at again.
    fn urgent(&self, now: i64, tracks: &[Track]) -> Option<usize> {
        let asks = |t: &Track| {
            let last = self.looked(t.view)?;
            let waits = if t.still { now - last >= STILL_AGAIN } else { t.undecided() && now - t.place_ms > AGAIN };
            // whoever is not there any more is not looked for
            let unseen = t.still || last <= t.last_ms;
            (waits && unseen).then_some((last, t.view))
        };
        tracks.iter().filter_map(asks).min().map(|(_, view)| view)
    }

    fn take(&mut self, view: usize, now: i64) -> Option<(usize, Area)> {
        let taken = self.all.get_mut(view)?;
        taken.last = Some(now);
        Some((view, taken.area))
    }

    /// Nothing was looked at: times begin anew.
    pub fn forget(&mut self) {
        self.all.iter_mut().for_each(|v| v.last = None);
    }
}

/// Where `count` squares begin that go as far as `room`.
fn spread(room: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| room * i / (count - 1).max(1))
}

fn middle_inside(f: &Found, area: Area) -> bool {
    let (x, y) = ((f.left + f.right) / 2.0, (f.top + f.bottom) / 2.0);
    let inside = |v: f32, from: usize, length: usize| v >= from as f32 && v < (from + length) as f32;
    inside(x, area.left, area.width) && inside(y, area.top, area.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_in_a_view_of_each_size() {
        for (width, height) in
            [(480, 270), (768, 576), (1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (500, 500)]
        {
            let views = PeopleViews::of(width, height);
            for size in [Size::Whole, Size::High, Size::Half] {
                let of_size: Vec<_> = views.all.iter().filter(|v| v.size == size).map(|v| v.area).collect();
                if of_size.is_empty() {
                    assert!(size == Size::High && width == height || size == Size::Half && height < 300);
                    continue;
                }
                for y in (0..height).step_by(37) {
                    for x in (0..width).step_by(37) {
                        let at = Found { left: x as f32, top: y as f32, right: x as f32, bottom: y as f32, score: 1.0 };
                        assert!(of_size.iter().any(|a| middle_inside(&at, *a)), "{width}x{height} {size:?} {x} {y}");
                    }
                }
                assert!(of_size.iter().all(|a| a.left + a.width <= width && a.top + a.height <= height));
            }
        }
        assert_eq!(PeopleViews::of(1920, 1080).count(), 1 + 3 + 15);
        assert_eq!(PeopleViews::of(480, 270).count(), 1 + 3);
        for (width, height) in [(0, 0), (1, 1), (1, 9999), (299, 0)] {
            assert!(PeopleViews::of(width, height).count() <= 1 + MOST + MOST * MOST);
        }
    }
}
