//! A person network: a part of the picture in, boxes around people out.

use super::found::{Found, suppress};
use super::network::{Network, Output};
use super::scaled::{Area, scaled};
use super::{DetectError, nanodet, yolox};
use crate::media::Picture;

/// The longer edge of what the network is given.
const LONGEST: usize = 416;
/// Its edges are multiples of this.
const STEP: usize = 32;
/// Boxes that share more of their area are of one person.
const SAME: f32 = 0.5;
/// Boxes taken of one view before those of one person are joined; the surest.
const MOST: usize = 1000;

/// Finds people by their looks.
pub trait PersonFinder {
    /// People in `view`, a part of the picture: boxes in the picture's pixels, with scores from 0.15 up, one for each
    /// person.
    ///
    /// # Errors
    ///
    /// [`DetectError::Run`]: the picture could not be examined.
    fn find(&mut self, picture: &Picture, view: Area) -> Result<Vec<Found>, DetectError>;
}

/// Networks that are known, by their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NanoDet,
    Yolox,
}

/// A person detector, over what computes it.
#[derive(Clone, Debug)]
pub struct PersonNet<N> {
    network: N,
    kind: Kind,
    /// The size that the network takes, where it takes no other.
    only: Option<(usize, usize)>,
}

impl<N: Network> PersonNet<N> {
    /// Runs the network once.
    ///
    /// # Errors
    ///
    /// [`DetectError`]: it does not run, or it is no person detector that is known.
    pub fn new(mut network: N) -> Result<Self, DetectError> {
        // what it says of itself is not always so: many files that name one size take any
        let (width, height) = (LONGEST, LONGEST - 5 * STEP);
        let free = network.run(vec![0.0; 3 * width * height], width, height);
        if let Ok(kind) = free.and_then(|outputs| known(&outputs, width, height)) {
            return Ok(Self { network, kind, only: None });
        }
        let only = network.only_size().unwrap_or((LONGEST, LONGEST));
        let outputs = network.run(vec![0.0; 3 * only.0 * only.1], only.0, only.1)?;
        let kind = known(&outputs, only.0, only.1)?;
        Ok(Self { network, kind, only: Some(only) })
    }
}

#[cfg(test)]
impl<N> PersonNet<N> {
    pub(super) fn network(&self) -> &N {
        &self.network
    }
}

/// What kind of network answers so to an empty picture.
fn known(outputs: &[Output], width: usize, height: usize) -> Result<Kind, DetectError> {
    let kind = if nanodet::fits(outputs, width, height) {
        Kind::NanoDet
    } else if yolox::fits(outputs, width, height) {
        Kind::Yolox
    } else {
        let shapes: Vec<_> = outputs.iter().take(9).map(|o| format!("{}x{}", o.rows(), o.columns)).collect();
        return Err(DetectError::Model(format!("its answer, {}, is not a person detector's", shapes.join(" "))));
    };
    decode(kind, outputs, width, height).map_err(|e| DetectError::Model(format!("on an empty picture, {e}")))?;
    Ok(kind)
}

fn decode(kind: Kind, outputs: &[Output], width: usize, height: usize) -> Result<Vec<Found>, DetectError> {
    match kind {
        Kind::NanoDet => nanodet::decode(outputs, width, height),
        Kind::Yolox => yolox::decode(outputs, width, height),
    }
}

impl<N: Network> PersonFinder for PersonNet<N> {
    fn find(&mut self, picture: &Picture, view: Area) -> Result<Vec<Found>, DetectError> {
        let (all_width, all_height) = (picture.width(), picture.height());
        let (left, top) = (view.left.min(all_width), view.top.min(all_height));
        let view =
            Area { left, top, width: view.width.min(all_width - left), height: view.height.min(all_height - top) };
        if view.width == 0 || view.height == 0 {
            return Ok(Vec::new());
        }
        let (most_width, most_height) = self.only.unwrap_or((LONGEST, LONGEST));
        let scale = (most_width as f32 / view.width as f32).min(most_height as f32 / view.height as f32);
        let places = |length: usize, most: usize| ((length as f32 * scale).round() as usize).clamp(1, most);
        let (columns, rows) = (places(view.width, most_width), places(view.height, most_height));
        let (width, height) = self.only.unwrap_or((columns.next_multiple_of(STEP), rows.next_multiple_of(STEP)));
        let planes = scaled(picture, view, columns, rows);
        let levels = match self.kind {
            Kind::NanoDet => &nanodet::LEVELS,
            Kind::Yolox => &yolox::LEVELS,
        };
        let mut input = Vec::with_capacity(3 * width * height);
        for (plane, level) in planes.iter().zip(levels) {
            for row in plane.chunks_exact(columns) {
                input.extend(row.iter().map(|v| (v - level.mean) / level.deviation));
                input.resize(input.len() + width - columns, level.outside);
            }
            input.resize(input.len() + width * (height - rows), level.outside);
        }
        let outputs = self.network.run(input, width, height)?;
        let mut all = decode(self.kind, &outputs, width, height)?;
        all.retain(Found::is_sound);
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all.truncate(MOST);
        let (x, y) = (view.width as f32 / columns as f32, view.height as f32 / rows as f32);
        let (left, top, right, bottom) =
            (left as f32, top as f32, (left + view.width) as f32, (top + view.height) as f32);
        let mut found = suppress(all, SAME);
        for f in &mut found {
            f.left = (f.left * x + left).clamp(left, right);
            f.right = (f.right * x + left).clamp(left, right);
            f.top = (f.top * y + top).clamp(top, bottom);
            f.bottom = (f.bottom * y + top).clamp(top, bottom);
        }
        found.retain(Found::is_sound);
        Ok(found)
    }
}
