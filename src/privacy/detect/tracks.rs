//! What a detector found is kept until it looks again, and for a while when it sees nothing more there.

use std::ops::Range;

use super::found::Found;
use super::{DetectError, Detector};
use crate::media::Picture;

/// Score from which something is new; what is known already needs less.
const NEW: f32 = 0.4;
/// Share of its size by which a box grows on each side: hair and chin are not in it.
const GROW: f32 = 0.6;
/// Time in microseconds for which something is kept that is not seen any more: a face that is turned away comes back.
const KEPT: i64 = 2_000_000;
/// Things that are kept, at most.
const MOST: usize = 1000;

#[derive(Clone, Copy, Debug)]
struct Track {
    at: Found,
    /// Where it was at the look before.
    was: Found,
    unseen: i64,
}

/// Rectangles of pixels that hold what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(Vec<(Range<usize>, Range<usize>)>);

impl Seen {
    /// Columns and rows of each rectangle, inside the picture.
    pub fn rectangles(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
        self.0.iter().cloned()
    }
}

/// Everything that a detector found in the pictures so far.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    known: Vec<Track>,
    /// Pictures since the last look, that one included; 0 when the detector must examine the next picture.
    since: usize,
}

impl Tracks {
    /// The picture is hidden as a whole: nobody need look at it, but at the next one that is not.
    pub fn rest(&mut self) {
        self.since = 0;
    }

    /// Where people are in this picture, `step` microseconds after the one before; the detector looks at one in
    /// `every`.
    ///
    /// # Errors
    ///
    /// The detector's; the next picture is then examined in any case.
    pub fn look(
        &mut self,
        detector: &mut dyn Detector,
        picture: &Picture,
        step: i64,
        every: usize,
    ) -> Result<Seen, DetectError> {
        self.known.iter_mut().for_each(|t| t.unseen = t.unseen.saturating_add(step));
        if self.since == 0 || self.since >= every {
            self.since = 0;
            self.take(detector.detect(picture)?);
        }
        let seen = self.known.iter().map(|t| t.covers(self.since, every).inside(picture.width(), picture.height()));
        let seen = Seen(seen.filter(|(x, y)| !x.is_empty() && !y.is_empty()).collect());
        self.since += 1;
        Ok(seen)
    }

    /// Each box goes to the known thing that it fits best, the surest box first; the others are new.
    fn take(&mut self, mut found: Vec<Found>) {
        found.retain(Found::is_sound);
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut free: Vec<usize> = (0..self.known.len()).collect();
        let mut new = Vec::new();
        for f in found {
            // grown ones meet also where somebody has walked on by more than their head
            let fit = |&i: &usize| self.known[i].at.grown(GROW).overlap(&f.grown(GROW));
            let best = (0..free.len()).max_by(|&a, &b| fit(&free[a]).total_cmp(&fit(&free[b])).then(b.cmp(&a)));
            match best.filter(|&b| fit(&free[b]) > 0.0) {
                Some(b) => {
                    let track = &mut self.known[free.swap_remove(b)];
                    *track = Track { at: f, was: track.at, unseen: 0 };
                }
                None if f.score >= NEW => new.push(Track { at: f, was: f, unseen: 0 }),
                None => {}
            }
        }
        // nobody knows whether those who were not seen have moved on
        free.into_iter().for_each(|i| self.known[i].was = self.known[i].at);
        self.known.retain(|t| t.unseen <= KEPT);
        new.truncate(MOST.saturating_sub(self.known.len()));
        self.known.extend(new);
    }
}

impl Track {
    /// What to hide `since` pictures after the last look of one in `every`: from where it was, over where it is, to
    /// where it goes.
    fn covers(&self, since: usize, every: usize) -> Found {
        let middle = |f: &Found| ((f.left + f.right) / 2.0, (f.top + f.bottom) / 2.0);
        let ((x, y), (x0, y0)) = (middle(&self.at), middle(&self.was));
        let ahead = since as f32 / every.max(1) as f32;
        let goes = self.at.moved((x - x0) * ahead, (y - y0) * ahead);
        let whole = if since == 0 { self.at.with(&self.was) } else { self.at.with(&goes) };
        let (w, h) = (self.at.width() * GROW, self.at.height() * GROW);
        Found { left: whole.left - w, top: whole.top - h, right: whole.right + w, bottom: whole.bottom + h, ..whole }
    }
}

#[cfg(test)]
mod tests {
    use super::super::found::at;
    use super::*;
    use crate::media::Plane;

    /// Gives prepared answers, one a look.
    struct Script(Vec<Option<Vec<Found>>>);

    impl Detector for Script {
        fn detect(&mut self, _: &Picture) -> Result<Vec<Found>, DetectError> {
            self.0.remove(0).ok_or(DetectError::Run("no answer".into()))
        }
    }

    fn picture() -> Picture {
        let chroma = Plane::filled(100, 100, 128);
        let planes = [Plane::filled(200, 200, 90), chroma.clone(), chroma];
        Picture { planes, pts: 0, duration: 1, full_range: false, damaged: false }
    }

    /// What is hidden in each of the pictures, 100 ms apart, of which one in `every` is examined.
    fn seen(answers: Vec<Vec<Found>>, every: usize) -> Vec<Seen> {
        let (picture, mut tracks) = (picture(), Tracks::default());
        let pictures = answers.len() * every;
        let mut script = Script(answers.into_iter().map(Some).collect());
        (0..pictures).map(|_| tracks.look(&mut script, &picture, 100_000, every).unwrap()).collect()
    }

    fn rectangle(seen: &Seen) -> [usize; 4] {
        let [(x, y)] = &seen.0[..] else { panic!("{seen:?}") };
        [x.start, y.start, x.end, y.end]
    }

    #[test]
    fn what_is_found_is_hidden_with_a_margin_until_the_next_look() {
        let seen = seen(vec![vec![at(50.0, 60.0, 10.0, 0.9)], vec![]], 3);
        for s in &seen {
            assert_eq!(rectangle(s), [44, 54, 66, 76]);
        }
    }

    #[test]
    fn who_moves_is_followed_and_leaves_nothing_behind() {
        let path = |i: usize| vec![at(20.0 + 8.0 * i as f32, 60.0, 10.0, 0.9)];
        let seen = seen((0..10).map(path).collect(), 4);
        for (i, s) in seen.iter().enumerate().skip(4) {
            let [left, _, right, _] = rectangle(s);
            let real = 20.0 + 2.0 * i as f32;
            assert!(left as f32 <= real - 4.0 && right as f32 >= real + 14.0, "{i}: {s:?}");
            assert!(right - left <= 40, "{i}: {s:?}");
        }
    }

    #[test]
    fn what_is_not_seen_any_more_is_kept_for_a_while() {
        let mut answers = vec![vec![at(50.0, 60.0, 10.0, 0.9)]];
        answers.resize(30, vec![]);
        let seen = seen(answers, 1);
        assert!(seen[..=20].iter().all(|s| s.0.len() == 1));
        assert!(seen[21..].iter().all(|s| s.0.is_empty()));
    }

    #[test]
    fn little_is_enough_for_what_is_known() {
        let (sure, unsure) = (at(50.0, 60.0, 10.0, 0.9), at(52.0, 60.0, 10.0, 0.3));
        assert!(seen(vec![vec![unsure]], 1)[0].0.is_empty());
        assert_eq!(rectangle(&seen(vec![vec![sure], vec![unsure], vec![unsure]], 1)[2]), [46, 54, 68, 76]);
    }

    #[test]
    fn the_first_picture_after_a_hidden_one_is_examined_and_failures_are_reported() {
        let (picture, mut tracks) = (picture(), Tracks::default());
        let face = || vec![at(50.0, 60.0, 10.0, 0.9)];
        let mut script = Script(vec![Some(vec![]), Some(face()), None, Some(face())]);
        let mut look = |tracks: &mut Tracks| tracks.look(&mut script, &picture, 100_000, 5).map(|s| s.0.len()).ok();
        assert_eq!([look(&mut tracks), look(&mut tracks)], [Some(0); 2]);
        tracks.rest();
        assert_eq!([look(&mut tracks), look(&mut tracks)], [Some(1); 2]);
        tracks.rest();
        assert_eq!([look(&mut tracks), look(&mut tracks)], [None, Some(1)]);
    }

    #[test]
    fn what_reaches_over_the_edge_ends_there() {
        let seen = seen(vec![vec![at(-8.0, 195.0, 10.0, 0.9), at(500.0, 500.0, 10.0, 0.9)]], 1);
        assert_eq!(rectangle(&seen[0]), [0, 189, 8, 200]);
    }
}
