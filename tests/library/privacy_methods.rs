//! What replaces a hidden cell.

use vidveil::media::Picture;
use vidveil::privacy::{Method, Protected, Settings};

use crate::support::draw::{Figure, H, LEARN, Scene, W, is_hidden, protect, settings};

fn people(t: i64) -> Vec<Figure> {
    vec![Figure::grey((t - 24) as i32 * 5 - 20, -45), Figure { tall: 140, y: 170, ..Figure::grey(180, 40) }]
        .into_iter()
        .filter(|_| t > 22)
        .collect()
}

fn pictures() -> Vec<Picture> {
    (0..50).map(|t| Scene::default().draw(t, &people(t))).collect()
}

fn with(method: Method) -> Vec<Protected> {
    protect(Settings { method, highlight: 0, ..settings() }, pictures())
}

/// Hidden 16 by 16 cells of a picture, as the strong method shows them.
fn cells(solid: &Picture) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    for y in (0..H).step_by(16) {
        for x in (0..W).step_by(16) {
            let hidden = (y..(y + 16).min(H)).flat_map(|y| (x..(x + 16).min(W)).map(move |x| (x, y)));
            let count = hidden.clone().filter(|&(x, y)| is_hidden(solid, x, y)).count();
            assert!(count == 0 || count == hidden.count(), "the cell at {x},{y} is hidden in part");
            if count > 0 {
                cells.push((x, y));
            }
        }
    }
    cells
}

/// The values of a plane in a cell that starts at a pixel.
fn values(picture: &Picture, p: usize, (x, y): (usize, usize)) -> Vec<u8> {
    let plane = &picture.planes[p];
    let (step, side) = if p == 0 { (1, 16) } else { (2, 8) };
    let (x, y) = (x / step, y / step);
    (y..(y + side).min(plane.height))
        .flat_map(|y| plane.data[y * plane.width..][x..(x + side).min(plane.width)].to_vec())
        .collect()
}

#[test]
fn pixelated_cells_are_flat_in_all_planes_and_near_the_mean() {
    let originals = pictures();
    let (solid, pixelated) = (with(Method::Solid), with(Method::Pixelate));
    let mut seen = 0;
    for (t, (solid, pixelated)) in solid.iter().zip(&pixelated).enumerate() {
        assert_eq!(solid.facts, pixelated.facts);
        let hidden = cells(&solid.picture);
        for &cell in &hidden {
            for p in 0..3 {
                let v = values(&pixelated.picture, p, cell);
                assert!(v.iter().all(|&x| x == v[0] && x % 4 == 0), "picture {t}, plane {p}, cell {cell:?}");
            }
            seen += 1;
        }
        if t >= LEARN as usize {
            for cell in (0..H).step_by(16).flat_map(|y| (0..W).step_by(16).map(move |x| (x, y))) {
                if !hidden.contains(&cell) {
                    for p in 0..3 {
                        assert_eq!(values(&pixelated.picture, p, cell), values(&originals[t], p, cell));
                    }
                }
            }
            let mean = |p: &Picture| p.planes[0].data.iter().map(|&v| f64::from(v)).sum::<f64>() / (W * H) as f64;
            assert!((mean(&pixelated.picture) - mean(&originals[t])).abs() < 1.5);
        }
    }
    assert!(seen > 1000, "only {seen} cells were hidden");
}

#[test]
fn highlight_makes_blocks_differ_and_changes_nothing_else() {
    let with = |highlight: u8| protect(Settings { method: Method::Pixelate, highlight, ..settings() }, pictures());
    let (none, some) = (with(0), with(7));
    let mut raised = 0;
    for (none, some) in none.iter().zip(&some) {
        assert_eq!(
            (&none.picture.planes[1], &none.picture.planes[2]),
            (&some.picture.planes[1], &some.picture.planes[2])
        );
        for (a, b) in none.picture.planes[0].data.iter().zip(&some.picture.planes[0].data) {
            assert!(a == b || *b == a + 4 || *b == a - 3);
            raised += u32::from(a != b);
        }
    }
    assert!(raised > 10_000);
    let usual = protect(Settings { method: Method::Pixelate, ..settings() }, pictures());
    let off = usual.iter().zip(&none).filter(|(a, b)| a.picture != b.picture).count();
    assert!(off > 20, "5 levels unless said otherwise");
}

#[test]
fn the_average_of_many_pictures_tells_no_more_than_one() {
    // somebody comes and stands still, before a sensor with noise
    let noisy = Scene { noise: 5.0, ..Scene::default() };
    let still = |t: i64| (t > 22).then_some(Figure { tall: 90, y: 160, ..Figure::grey(120, -40) });
    let pictures: Vec<_> = (0..70).map(|t| noisy.draw(t, still(t).as_slice())).collect();
    let solid = protect(settings(), pictures.clone());
    let out = protect(Settings { method: Method::Pixelate, ..settings() }, pictures);
    let hidden: Vec<_> = solid[40..].iter().map(|s| cells(&s.picture)).collect();
    let stays = |cell: &&(usize, usize)| hidden.iter().all(|h| h.contains(cell));
    let all: Vec<_> = hidden[0].iter().filter(stays).copied().collect();
    assert!(all.len() > 12, "{all:?}");
    for cell in all {
        for p in 0..3 {
            let first = values(&out[40].picture, p, cell)[0];
            let sum: u32 = (40..70).map(|t| u32::from(values(&out[t].picture, p, cell)[0])).sum();
            assert_eq!(sum, 30 * u32::from(first), "cell {cell:?} of plane {p} says more in 30 pictures than in one");
        }
    }
}

#[test]
fn whom_cells_hide_is_shown_as_coarsely_as_they_are_tall() {
    // 140 pixels tall: a sixth is more than 16, so cells share one colour in squares of two by two of 32
    let tall = |t: i64| (t > 22).then_some(Figure { tall: 140, y: 170, ..Figure::grey(120, 40) });
    let out = protect(settings(), (0..40).map(|t| Scene::default().draw(t, tall(t).as_slice())));
    let hidden = cells(&out[30].picture);
    assert!(!hidden.is_empty() && hidden.len() < W / 16 * H / 16);
    let mut squares = std::collections::HashMap::new();
    for &(x, y) in &hidden {
        let first = *squares.entry((x / 64, y / 64)).or_insert((x, y));
        for p in 1..3 {
            let of = |cell| values(&out[30].picture, p, cell)[0];
            assert_eq!(of((x, y)), of(first), "cells {:?} and {first:?} of plane {p}", (x, y));
        }
    }
    assert!(hidden.len() > 2 * squares.len(), "cells keep to the silhouette, squares are coarser");
    assert!(out[30].facts.heights.iter().any(|&h| (130..160).contains(&h)), "{:?}", out[30].facts.heights);
}

#[test]
fn while_everything_is_hidden_cells_are_a_twelfth_of_the_height_or_more() {
    let out = with(Method::Pixelate);
    let luma = &out[5].picture.planes[0];
    for y in (0..H).step_by(32) {
        for x in (0..W).step_by(32) {
            let first = luma.data[y * W + x];
            for yy in y..(y + 32).min(H) {
                assert!(luma.data[yy * W..][x..(x + 32).min(W)].iter().all(|&v| v == first), "{x},{y}");
            }
        }
    }
}

#[test]
fn blur_and_colour_replace_the_same_cells() {
    let originals = pictures();
    let (solid, blur) = (with(Method::Solid), with(Method::Blur));
    let red = with(Method::Colourise { colour: [255, 0, 0] });
    for (t, solid) in solid.iter().enumerate().skip(LEARN as usize) {
        for cell in cells(&solid.picture) {
            let (y, cr) = (values(&red[t].picture, 0, cell), values(&red[t].picture, 2, cell));
            assert!(y.iter().all(|&v| v == y[0]) && cr.iter().all(|&v| v > 220), "picture {t}, cell {cell:?}");
            // Neighbouring samples of a strong blur hardly differ, whatever was there.
            let v = values(&blur[t].picture, 0, cell);
            let side = if cell.0 + 16 <= W { 16 } else { W - cell.0 };
            let step = v.chunks(side).flat_map(|r| r.windows(2)).map(|p| p[0].abs_diff(p[1])).max();
            assert!(step.is_none_or(|s| s <= 16), "picture {t}, cell {cell:?}: {step:?}");
            assert_ne!(v, values(&originals[t], 0, cell));
        }
    }
}

#[test]
fn zones_are_always_or_never_hidden() {
    let square = |x: i32, y: i32, side: i32| vec![(x, y), (x + side, y), (x + side, y + side), (x, y + side)];
    let always = Settings { always: vec![square(40, 40, 20)], ..settings() };
    let out = protect(always, (0..40).map(|t| Scene::default().draw(t, &[])));
    let mut expected = Vec::new();
    for y in [32, 48] {
        expected.extend([32, 48].map(|x| (x, y)));
    }
    assert_eq!(cells(&out[30].picture), expected);

    let never = Settings { never: vec![square(-5, -5, 500)], ..settings() };
    let out = protect(never, pictures());
    assert_eq!(out[35].facts.share, 0.0);
    assert_eq!(out[5].facts.share, 1.0, "learning hides all the same");
}

#[test]
fn same_pictures_same_result_on_any_thread() {
    let first = with(Method::Pixelate);
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(|| with(Method::Pixelate))).collect();
    for other in others {
        assert!(other.join().unwrap() == first);
    }
}
