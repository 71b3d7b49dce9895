//! The public picture that was given out last, for places where there is none of their own.

use super::cells::Cells;
use super::facts::{ProtectionFacts, Reason};
use super::hidden::Hidden;
use crate::media::{Picture, Plane};

/// The last hidden picture, which is public already, and what was done to it.
#[derive(Default)]
pub(super) struct LastPublic {
    picture: Option<Picture>,
    facts: Option<ProtectionFacts>,
}

impl LastPublic {
    /// Whether there is a picture, or at least its size is known.
    pub fn is_known(&self) -> bool {
        self.picture.is_some()
    }

    /// The picture; grey before there was one, `None` before its size is known.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// Names the size of pictures to come; for those that are given out before one of them.
    pub fn expect_size(&mut self, width: usize, height: usize) {
        if self.picture.is_none() && width > 0 && height > 0 {
            let chroma = Plane::filled(width.div_ceil(2), height.div_ceil(2), 128);
            let planes = [Plane::filled(width, height, 128), chroma.clone(), chroma];
            self.picture = Some(Picture { planes, pts: 0, duration: 0, full_range: false, damaged: false });
        }
    }

    /// Pictures of this one's size come: those that wait for a size take it from this one.
    pub fn follow_size(&mut self, picture: &Picture) {
        let size = (picture.width(), picture.height());
        if self.picture.as_ref().is_none_or(|last| (last.width(), last.height()) != size) {
            let planes = picture.planes.each_ref().map(|p| Plane::filled(p.width, p.height, 128));
            self.picture = Some(Picture { planes, damaged: false, ..*picture });
        }
    }

    /// Keeps a picture that is given out, in the memory of the one before.
    pub fn keep(&mut self, picture: &Picture, facts: &ProtectionFacts) {
        self.facts = Some(facts.clone());
        let Some(last) = &mut self.picture else {
            self.picture = Some(picture.clone());
            return;
        };
        for (to, from) in last.planes.iter_mut().zip(&picture.planes) {
            (to.width, to.height) = (from.width, from.height);
            to.data.clone_from(&from.data);
        }
        let Picture { pts, duration, full_range, damaged, .. } = *picture;
        (last.pts, last.duration, last.full_range, last.damaged) = (pts, duration, full_range, damaged);
    }

    /// The picture again, at another time; grey before there was one. `block` is the least side of hidden cells.
    pub fn again(&self, pts: i64, duration: i64, block: usize) -> Option<(Picture, ProtectionFacts)> {
        let picture = Picture { pts, duration, ..self.picture.clone()? };
        let (w, h) = (picture.width(), picture.height());
        let facts = match self.facts.as_ref().filter(|f| f.hidden.0.fits(w, h)) {
            Some(facts) => ProtectionFacts { repeated: true, heights: Vec::new(), ..facts.clone() },
            None => ProtectionFacts {
                share: 1.0,
                whole: Some(Reason::Missing),
                heights: Vec::new(),
                hidden: Hidden(Cells::whole(w, h, block)),
                repeated: true,
            },
        };
        Some((picture, facts))
    }
}
