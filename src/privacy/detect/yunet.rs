//! YuNet, a small face network: squares of the picture in, boxes out.

use super::found::{Found, suppress};
use super::network::{Network, Output};
use super::views::{SIDE, views};
use super::{DetectError, Detector};
use crate::media::Picture;

/// Pixels from one place that the network judges to the next.
const STRIDES: [usize; 3] = [8, 16, 32];
/// Least score of a box: what is less is noise.
const LEAST: f32 = 0.3;
/// Boxes that share more of their area are of one face.
const SAME: f32 = 0.3;
/// The longest edge of a box, as a logarithm of strides: more is no face of this picture.
const LONGEST: f32 = 6.0;
/// Boxes taken of one view, at most; the surest.
const MOST: usize = 1000;

/// The face detector YuNet, over what computes it.
#[derive(Clone, Debug)]
pub struct YuNet<N>(N);

impl<N: Network> YuNet<N> {
    /// Runs the network once.
    ///
    /// # Errors
    ///
    /// [`DetectError`]: it does not run, or its outputs are not YuNet's.
    pub fn new(mut network: N) -> Result<Self, DetectError> {
        decode(&network.run(vec![0.0; 3 * SIDE * SIDE], SIDE, SIDE)?)?;
        Ok(Self(network))
    }
}

impl<N: Network> Detector for YuNet<N> {
    fn detect(&mut self, picture: &Picture) -> Result<Vec<Found>, DetectError> {
        let mut all = Vec::new();
        for view in views(picture.width(), picture.height()) {
            let outputs = self.0.run(view.samples(picture), SIDE, SIDE)?;
            all.extend(decode(&outputs)?.iter().map(|f| view.to_picture(f)));
        }
        Ok(suppress(all, SAME))
    }
}

/// The boxes in an answer, in pixels of the square.
///
/// For each stride there are two outputs of one column, whose geometric mean is the score, and one of four: where the
/// middle lies from the place that is judged, and the logarithms of width and height, all in strides.
fn decode(outputs: &[Output]) -> Result<Vec<Found>, DetectError> {
    let mut all = Vec::new();
    for stride in STRIDES {
        let across = SIDE / stride;
        let of = |columns: usize| {
            let fits = move |o: &&Output| o.columns == columns && o.values.len() == across * across * columns;
            outputs.iter().filter(fits).map(|o| o.values.as_slice()).collect::<Vec<_>>()
        };
        let (scores, boxes) = (of(1), of(4));
        let (&[class, object], &[boxes]) = (&scores[..], &boxes[..]) else {
            return Err(DetectError::Model(format!("no scores and boxes for stride {stride}, as YuNet has them")));
        };
        for (i, ((class, object), place)) in class.iter().zip(object).zip(boxes.chunks_exact(4)).enumerate() {
            let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            let &[dx, dy, w, h] = place else { continue };
            if score < LEAST || w > LONGEST || h > LONGEST {
                continue;
            }
            let s = stride as f32;
            let (x, y) = (((i % across) as f32 + dx) * s, ((i / across) as f32 + dy) * s);
            let (w, h) = (w.exp() * s, h.exp() * s);
            let (left, top) = (x - w / 2.0, y - h / 2.0);
            all.push(Found { left, top, right: left + w, bottom: top + h, score });
        }
    }
    all.retain(Found::is_sound);
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all.truncate(MOST);
    Ok(suppress(all, SAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;

    /// Sees a face of 32 by 64 pixels around the place of stride 16 that the brightest blue lies in.
    struct Fake;

    fn silent() -> Vec<Output> {
        let of = |columns: usize, stride: usize| {
            let n = SIDE / stride;
            Output { columns, values: vec![0.0; n * n * columns] }
        };
        [1, 1, 4, 10].iter().flat_map(|&c| STRIDES.map(|s| of(c, s))).collect()
    }

    impl Network for Fake {
        fn run(&mut self, input: Vec<f32>, _: usize, _: usize) -> Result<Vec<Output>, DetectError> {
            let mut outputs = silent();
            let blue = &input[..SIDE * SIDE];
            let Some(i) = (0..blue.len()).max_by(|a, b| blue[*a].total_cmp(&blue[*b])).filter(|i| blue[*i] > 0.0)
            else {
                return Ok(outputs);
            };
            let n = (i / SIDE / 16) * (SIDE / 16) + i % SIDE / 16;
            outputs[1].values[n] = 0.81;
            outputs[4].values[n] = 1.0;
            outputs[7].values[n * 4..n * 4 + 4].copy_from_slice(&[0.5, -0.5, 2f32.ln(), 4f32.ln()]);
            Ok(outputs)
        }

        fn only_size(&self) -> Option<(usize, usize)> {
            Some((SIDE, SIDE))
        }
    }

    #[test]
    fn an_answer_is_read_as_boxes() {
        let mut input = vec![0.0; 3 * SIDE * SIDE];
        input[(5 * 16) * SIDE + 7 * 16] = 255.0;
        let found = decode(&Fake.run(input, SIDE, SIDE).unwrap()).unwrap();
        let [f] = found[..] else { panic!("{found:?}") };
        // the middle is half a stride to the right of the place and half a stride above
        let near = |a: f32, b: f32| (a - b).abs() < 0.01;
        assert!(near(f.left, 120.0 - 16.0) && near(f.right, 136.0) && near(f.score, 0.9), "{f:?}");
        assert!(near(f.top, 72.0 - 32.0) && near(f.bottom, 104.0), "{f:?}");
    }

    #[test]
    fn what_is_no_answer_of_yunet_is_refused_and_nonsense_is_no_face() {
        assert!(matches!(decode(&silent()[1..]), Err(DetectError::Model(_))));
        let mut outputs = silent();
        outputs.iter_mut().for_each(|o| o.values.fill(f32::NAN));
        assert_eq!(decode(&outputs).unwrap(), []);
        outputs.iter_mut().for_each(|o| o.values.fill(f32::INFINITY));
        assert_eq!(decode(&outputs).unwrap(), []);
    }

    #[test]
    fn a_face_is_found_at_its_place_in_the_picture_once() {
        let chroma = Plane::filled(640, 360, 128);
        let mut luma = Plane::filled(1280, 720, 16);
        for y in 400..408 {
            luma.data[y * 1280 + 900..y * 1280 + 908].fill(235);
        }
        let picture =
            Picture { planes: [luma, chroma.clone(), chroma], pts: 0, duration: 1, full_range: false, damaged: false };
        let mut detector = YuNet::new(Fake).unwrap();
        let found = detector.detect(&picture).unwrap();
        assert!(!found.is_empty());
        assert!(
            found.iter().all(|f| f.left < 908.0 && f.right > 880.0 && f.top < 408.0 && f.bottom > 380.0),
            "{found:?}"
        );
    }
}
