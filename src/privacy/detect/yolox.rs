//! The answer of a YOLOX becomes boxes.
//!
//! There is one output with a row for each place of all strides: middle, logarithms of the sizes, whether there is
//! anything, and what, people first.

use super::DetectError;
use super::found::Found;
use super::level::{LEAST, Level};
use super::network::Output;

/// Pixels from one place that the network judges to the next.
const STRIDES: [usize; 3] = [8, 16, 32];
/// The longest edge of a box, as a logarithm of strides: more is nobody in this picture.
const LONGEST: f32 = 6.0;

const COLOUR: Level = Level { mean: 0.0, deviation: 1.0, outside: 114.0 };
/// Blue, green, red as it was trained.
pub(super) const LEVELS: [Level; 3] = [COLOUR, COLOUR, COLOUR];

/// Whether this is such an answer to an input of `width` by `height`.
pub(super) fn fits(outputs: &[Output], width: usize, height: usize) -> bool {
    let places: usize = STRIDES.iter().map(|s| (width / s) * (height / s)).sum();
    matches!(outputs, [o] if o.columns >= 6 && o.values.len() == places * o.columns)
}

/// Boxes of people in pixels of the network's input.
pub(super) fn decode(outputs: &[Output], width: usize, height: usize) -> Result<Vec<Found>, DetectError> {
    let [output] = outputs else { return Err(DetectError::Run("not one output".into())) };
    let places = STRIDES.into_iter().flat_map(|s| {
        let across = width / s;
        (0..across * (height / s)).map(move |i| ((i % across) as f32, (i / across) as f32, s as f32))
    });
    let mut all = Vec::new();
    for (row, (column, line, stride)) in output.values.chunks_exact(output.columns.max(1)).zip(places) {
        let &[x, y, w, h, any, person, ..] = row else { continue };
        let score = any * person;
        if !(-0.001..=1.001).contains(&score) {
            return Err(DetectError::Run(format!("a score of {score}")));
        }
        if score < LEAST || w > LONGEST || h > LONGEST {
            continue;
        }
        let (x, y, w, h) = ((x + column) * stride, (y + line) * stride, w.exp() * stride, h.exp() * stride);
        let (left, top) = (x - w / 2.0, y - h / 2.0);
        all.push(Found { left, top, right: left + w, bottom: top + h, score });
    }
    Ok(all)
}
