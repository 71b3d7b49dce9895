//! NanoDet's answer becomes boxes.
//!
//! For each stride there are two outputs with a row for each place: scores, people first, and for each of the four
//! edges the likelihoods of its distances from the place, in strides.

use super::DetectError;
use super::found::Found;
use super::level::{LEAST, Level};
use super::network::Output;

/// Pixels from one place that the network judges to the next.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Distances of an edge, from 0 strides up.
const BINS: usize = 11;

/// Blue, green, red as it was trained.
pub(super) const LEVELS: [Level; 3] = [
    Level { mean: 103.53, deviation: 57.375, outside: 0.0 },
    Level { mean: 116.28, deviation: 57.12, outside: 0.0 },
    Level { mean: 123.675, deviation: 58.395, outside: 0.0 },
];

/// The scores and the edges of one stride, of a network's input of `width` by `height`.
fn of_stride(outputs: &[Output], stride: usize, width: usize, height: usize) -> Option<(&Output, &Output)> {
    let places = (width / stride) * (height / stride);
    let fits = |o: &&Output| o.columns > 0 && o.values.len() == places * o.columns;
    let edges = outputs.iter().filter(fits).find(|o| o.columns == 4 * BINS)?;
    let scores = outputs.iter().filter(fits).find(|o| o.columns != 4 * BINS)?;
    Some((scores, edges))
}

/// Whether this is such an answer.
pub(super) fn fits(outputs: &[Output], width: usize, height: usize) -> bool {
    outputs.len() == 2 * STRIDES.len() && STRIDES.iter().all(|s| of_stride(outputs, *s, width, height).is_some())
}

/// Boxes of people in pixels of the network's input.
pub(super) fn decode(outputs: &[Output], width: usize, height: usize) -> Result<Vec<Found>, DetectError> {
    let mut all = Vec::new();
    for stride in STRIDES {
        let (scores, edges) = of_stride(outputs, stride, width, height)
            .ok_or_else(|| DetectError::Run(format!("no scores and edges for stride {stride}")))?;
        let rows = scores.values.chunks_exact(scores.columns).zip(edges.values.chunks_exact(edges.columns));
        for (i, (score, edges)) in rows.enumerate() {
            let &[score, ..] = score else { continue };
            if !(0.0..=1.0).contains(&score) {
                return Err(DetectError::Run(format!("a score of {score}")));
            }
            if score < LEAST {
                continue;
            }
            let s = stride as f32;
            let (x, y) = (((i % (width / stride)) as f32 + 0.5) * s, ((i / (width / stride)) as f32 + 0.5) * s);
            let mut distances = edges.chunks_exact(BINS).map(|bins| expected(bins) * s);
            let mut next = || distances.next().unwrap_or(f32::NAN);
            let (left, top, right, bottom) = (x - next(), y - next(), x + next(), y + next());
            let found = Found { left, top, right, bottom, score };
            if ![left, top, right, bottom].iter().all(|v| v.is_finite()) {
                return Err(DetectError::Run("edges that are no numbers".into()));
            }
            all.push(found);
        }
    }
    Ok(all)
}

/// The mean of the distances, each as likely as the softmax of its value.
fn expected(bins: &[f32]) -> f32 {
    let most = bins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (i, v) in bins.iter().enumerate() {
        let likely = (v - most).exp();
        sum += likely;
        weighted += likely * i as f32;
    }
    weighted / sum
}
