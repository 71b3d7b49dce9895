//! Tests of `person_net` and of the kinds of networks, with answers made by hand.

use super::network::{Network, Output};
use super::person_net::{PersonFinder, PersonNet};
use super::scaled::Area;
use super::{DetectError, Found};
use crate::media::{Picture, Plane};

/// What stands in for a network.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    NanoDet,
    Yolox,
    /// Of another network.
    Other,
    /// Scores that are no numbers.
    Nan,
}

/// Sees, around the darkest place of stride 16 of the input, somebody 32 wide and 64 tall.
struct Fake {
    answer: Answer,
    only: Option<(usize, usize)>,
    sizes: Vec<(usize, usize)>,
}

fn fake(answer: Answer, only: Option<(usize, usize)>) -> Fake {
    Fake { answer, only, sizes: Vec::new() }
}

impl Network for Fake {
    fn run(&mut self, input: Vec<f32>, width: usize, height: usize) -> Result<Vec<Output>, DetectError> {
        assert_eq!(input.len(), 3 * width * height);
        self.sizes.push((width, height));
        if self.only.is_some_and(|only| only != (width, height)) {
            return Err(DetectError::Run("another size".into()));
        }
        let places = |s: usize| (width / s) * (height / s);
        let blue = &input[..width * height];
        let darkest = (0..blue.len()).min_by(|a, b| blue[*a].total_cmp(&blue[*b])).unwrap();
        let dark: f32 = if self.answer == Answer::Yolox { 60.0 } else { -0.8 };
        let seen = blue[darkest] < dark.min(blue[0]);
        let (column, row) = (darkest % width / 16, darkest / width / 16);
        let place = row * (width / 16) + column;
        Ok(match self.answer {
            Answer::Yolox => {
                let mut values = vec![0.0; (places(8) + places(16) + places(32)) * 85];
                if seen {
                    let row = &mut values[(places(8) + place) * 85..][..85];
                    row[..6].copy_from_slice(&[0.5, 0.5, 2f32.ln(), 4f32.ln(), 0.9, 1.0]);
                }
                vec![Output { columns: 85, values }]
            }
            Answer::Other => vec![Output { columns: 4, values: vec![0.0; 400] }],
            Answer::NanoDet | Answer::Nan => {
                let of = |columns: usize, s: usize| Output { columns, values: vec![0.0; places(s) * columns] };
                let mut outputs: Vec<_> = [80, 44].iter().flat_map(|&c| [8, 16, 32].map(|s| of(c, s))).collect();
                if self.answer == Answer::Nan {
                    outputs[0].values.fill(f32::NAN);
                }
                if seen {
                    outputs[1].values[place * 80] = 0.9;
                    // a ghost of the same one, next door
                    outputs[1].values[(place - 1) * 80] = 0.5;
                    for (place, edges) in [(place, [1, 2, 1, 2]), (place - 1, [0, 2, 2, 2])] {
                        for (edge, bin) in edges.into_iter().enumerate() {
                            outputs[4].values[place * 44 + edge * 11 + bin] = 50.0;
                        }
                    }
                }
                outputs
            }
        })
    }

    fn only_size(&self) -> Option<(usize, usize)> {
        self.only
    }
}

/// Light, with a dark spot of 8 pixels at `x`, `y`.
fn picture(x: usize, y: usize) -> Picture {
    let chroma = Plane::filled(640, 360, 128);
    let mut luma = Plane::filled(1280, 720, 200);
    for line in y..y + 8 {
        luma.data[line * 1280 + x..line * 1280 + x + 8].fill(16);
    }
    Picture { planes: [luma, chroma.clone(), chroma], pts: 0, duration: 1, full_range: false, damaged: false }
}

fn near(found: &Found, x: f32, y: f32, wide: f32, tall: f32) {
    let (cx, cy) = ((found.left + found.right) / 2.0, (found.top + found.bottom) / 2.0);
    // the network judges places 16 apart
    let within = wide / 2.0;
    assert!((cx - x).abs() <= within && (cy - y).abs() <= within, "{found:?}");
    assert!((found.right - found.left - wide).abs() < 1.0, "{found:?}");
    assert!((found.bottom - found.top - tall).abs() < 1.0, "{found:?}");
}

#[test]
fn somebody_is_found_once_at_their_place_in_the_picture() {
    for answer in [Answer::NanoDet, Answer::Yolox] {
        for only in [None, Some((416, 416))] {
            let mut net = PersonNet::new(fake(answer, only)).unwrap();
            let whole = Area { left: 0, top: 0, width: 1280, height: 720 };
            let part = Area { left: 560, top: 0, width: 720, height: 720 };
            for (view, scale) in [(whole, 1280.0 / 416.0), (part, 720.0 / 416.0)] {
                let found = net.find(&picture(904, 404), view).unwrap();
                let [f] = found[..] else { panic!("{answer:?} {view:?}: {found:?}") };
                near(&f, 908.0, 408.0, 32.0 * scale, 64.0 * scale);
                assert!((f.score - 0.9).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn the_network_is_given_no_more_than_the_view_has() {
    let mut net = PersonNet::new(fake(Answer::NanoDet, None)).unwrap();
    for (view, size) in [
        (Area { left: 0, top: 0, width: 1280, height: 720 }, (416, 256)),
        (Area { left: 0, top: 0, width: 720, height: 720 }, (416, 416)),
        (Area { left: 1000, top: 0, width: 720, height: 720 }, (192, 416)),
        (Area { left: 0, top: 0, width: 1280, height: 1 }, (416, 32)),
    ] {
        net.find(&picture(904, 404), view).unwrap();
        assert_eq!(net.network().sizes.last(), Some(&size), "{view:?}");
    }
    let outside = Area { left: 1280, top: 0, width: 720, height: 720 };
    assert_eq!(net.find(&picture(904, 404), outside).unwrap(), []);
}

#[test]
fn what_answers_as_no_person_detector_is_refused() {
    for (answer, only, says) in [
        (Answer::Other, None, "its answer, 100x4, is not a person detector's"),
        (Answer::Nan, None, "on an empty picture"),
        (Answer::NanoDet, Some((640, 32)), ""),
    ] {
        match PersonNet::new(fake(answer, only)) {
            Err(e) => assert!(!says.is_empty() && e.to_string().contains(says), "{e}"),
            Ok(net) => assert!(says.is_empty(), "{answer:?} {:?}", net.network().sizes),
        }
    }
}

#[test]
fn a_box_ends_with_its_view() {
    let mut net = PersonNet::new(fake(Answer::NanoDet, None)).unwrap();
    let view = Area { left: 560, top: 0, width: 720, height: 720 };
    let found = net.find(&picture(1270, 710), view).unwrap();
    let [f] = found[..] else { panic!("{found:?}") };
    assert!(f.right <= 1280.0 && f.bottom <= 720.0 && f.left > 1200.0, "{f:?}");
}
