//! One whom a detector found, over time.

use std::ops::Range;

use super::found::Found;
use crate::media::Picture;

/// Boxes that share more than this of their area are of one person.
const SAME: f32 = 0.45;
/// A box that ends where its view does is of whoever has this share of it.
const PART: f32 = 0.7;
/// What shares more than this with where it was, has not moved.
const UNMOVED: f32 = 0.6;
/// Time in ms that one must be in one place to be still.
const STILL_AFTER: i64 = 500;
/// Time in ms for which one who is still is hidden after they were found last.
const HIDES_STILL: i64 = 12_000;
/// For how long one who moves is hidden.
const HIDES_MOVING: i64 = 250;
/// For how long one is hidden of whom it is not known yet whether they move.
const HIDES_NEW: i64 = 700;
/// For how long such a one is hidden while nobody has looked there again.
const HIDES_UNSEEN: i64 = 2_000;
/// Time in ms for which one is known after they were found last, at least.
const KNOWN: i64 = 1_000;
/// For how long one is known while nobody has looked there again.
const KNOWN_UNSEEN: i64 = 4_000;
/// A box grows by this share of its size on each side,
const GROW: f32 = 0.03;
/// and by this many pixels.
const GROW_PIXELS: f32 = 2.0;

/// One whom a detector found: who they are is not known, but that it is the same one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// Number of the one who was found; never used again.
    pub id: u64,
    /// Where they were found last.
    pub at: Found,
    /// The same, a little larger: what is hidden.
    pub grown: Found,
    /// How sure the detector is, 0 to 1: its best of late.
    pub score: f32,
    /// They were found in one place for half a second or more.
    pub still: bool,
    /// They were found in this picture.
    pub fresh: bool,
    /// Their box is to be hidden.
    pub hides: bool,
    /// When they were found first, in ms.
    pub first_ms: i64,
    /// When they were found last, in ms.
    pub last_ms: i64,
    /// How often they were found.
    pub hits: u32,
    /// The view that they were found in last.
    pub(super) view: usize,
    /// Only a part of them was found so far.
    part: bool,
    /// They were seen to move.
    moves: bool,
    /// Where they have been since when.
    place: Found,
    pub(super) place_ms: i64,
    /// Pixels in a ms.
    speed: (f32, f32),
}

impl Track {
    pub(super) fn new(id: u64, at: Found, part: bool, view: usize, now: i64) -> Self {
        Self {
            id,
            at,
            grown: grown(&at),
            score: at.score,
            still: false,
            fresh: true,
            hides: true,
            first_ms: now,
            last_ms: now,
            hits: 1,
            view,
            part,
            moves: false,
            place: at,
            place_ms: now,
            speed: (0.0, 0.0),
        }
    }

    /// Columns and rows of the picture that are hidden for them.
    pub(crate) fn pixels(&self, picture: &Picture) -> (Range<usize>, Range<usize>) {
        self.grown.inside(picture.width(), picture.height())
    }

    /// How well a box, or a part of one, is of the same one, who may have gone on as before; `None` when it is not.
    pub(super) fn fit(&self, found: &Found, part: bool, now: i64) -> Option<f32> {
        let ago = (now - self.last_ms) as f32;
        let goes = self.at.moved(self.speed.0 * ago, self.speed.1 * ago);
        let fit = self.at.overlap(found).max(goes.overlap(found));
        (fit > SAME || part && found.share_in(&self.at) > PART).then_some(fit)
    }

    /// Only a part was found of somebody who is all in this box.
    pub(super) fn is_part_of(&self, found: &Found) -> bool {
        self.part && self.at.share_in(found) > PART
    }

    /// It is known where they are, but not yet whether they stay there.
    pub(super) fn undecided(&self) -> bool {
        !self.still && !self.moves
    }

    /// They were found again, all of them or a part.
    pub(super) fn take(&mut self, found: Found, part: bool, view: usize, now: i64) {
        // a part says that they are there, and not where the rest of them is
        if !part || self.part {
            self.follow(found, now);
            (self.at, self.grown, self.view, self.part) = (found, grown(&found), view, part);
        }
        self.score = found.score.max(0.9 * self.score);
        self.last_ms = now;
        self.hits = self.hits.saturating_add(1);
        self.fresh = true;
    }

    /// Whether they stay or move, and how fast.
    fn follow(&mut self, found: Found, now: i64) {
        let middle = |f: &Found| ((f.left + f.right) / 2.0, (f.top + f.bottom) / 2.0);
        let ((x, y), (x0, y0)) = (middle(&found), middle(&self.at));
        if self.at.overlap(&found) < UNMOVED {
            (self.still, self.moves) = (false, true);
            (self.place, self.place_ms) = (found, now);
        } else if now - self.place_ms > STILL_AFTER && (x - middle(&self.place).0).abs() < 0.3 * found.width() {
            (self.still, self.moves) = (true, false);
        }
        let ago = (now - self.last_ms) as f32;
        if ago > 0.0 {
            self.speed = if self.still { (0.0, 0.0) } else { ((x - x0) / ago, (y - y0) / ago) };
        }
    }

    /// Whether they are still known; `looked` says when their view was looked at last.
    pub(super) fn settle(&mut self, now: i64, looked: Option<i64>) -> bool {
        let ago = now - self.last_ms;
        let unseen = looked.is_none_or(|l| l <= self.last_ms);
        let hides = match (self.still, self.moves) {
            (true, _) => HIDES_STILL,
            (false, true) => HIDES_MOVING,
            (false, false) if unseen => HIDES_UNSEEN,
            (false, false) => HIDES_NEW,
        };
        self.hides = ago <= hides;
        self.hides || ago <= if unseen { KNOWN_UNSEEN } else { KNOWN }
    }
}

fn grown(f: &Found) -> Found {
    let f = f.grown(GROW);
    Found {
        left: f.left - GROW_PIXELS,
        top: f.top - GROW_PIXELS,
        right: f.right + GROW_PIXELS,
        bottom: f.bottom + GROW_PIXELS,
        ..f
    }
}
