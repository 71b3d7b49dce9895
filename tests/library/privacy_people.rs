//! Nobody in a drawn scene is visible after learning, and the rest of the scene is.

use vidveil::privacy::{Protected, Reason};

use crate::support::draw::judge::Verdict;
use crate::support::draw::{
    Figure, LEARN, Scene, W, all_hidden, hidden_pixels, hidden_share, protect, settings, untouched,
};
use crate::support::thorough;

/// Protects `count` pictures of a scene; in each picture after learning every figure must be hidden
/// that is wholly in the picture, and 99 of 100 of the pixels of those who come and go.
/// Gives the mean share of the picture that is untouched, and the pictures.
fn nobody_shows(
    scene: impl Fn(i64) -> Scene,
    people: impl Fn(i64) -> Vec<Figure>,
    count: i64,
) -> (f32, Vec<Protected>) {
    let originals: Vec<_> = (0..count).map(|t| scene(t).draw(t, &people(t))).collect();
    let out = protect(settings(), originals.clone());
    assert_eq!(out.len(), originals.len());
    let (mut shown, mut seen) = (0.0, (0, 0));
    for (t, (out, original)) in out.iter().zip(&originals).enumerate() {
        let t = t as i64;
        assert_eq!((out.picture.pts, out.picture.duration), (t, 1));
        if t < LEARN {
            assert!(all_hidden(&out.picture), "picture {t} shows something while the background is learned");
            assert_eq!(out.facts.whole, Some(Reason::Learning));
            continue;
        }
        for figure in people(t) {
            let share = hidden_share(&out.picture, &figure);
            let inside = (12..W as i32 - 12).contains(&figure.x);
            assert!(share >= 0.99 || !inside, "picture {t}: {share} is hidden of {figure:?}");
            let (hidden, all) = hidden_pixels(&out.picture, &figure);
            seen = (seen.0 + hidden, seen.1 + all);
        }
        shown += untouched(&out.picture, original);
    }
    assert!(seen.0 * 1000 >= seen.1 * 990, "{} of all pixels of figures {} are hidden", seen.0, seen.1);
    (shown / (count - LEARN) as f32, out)
}

/// Walks in from the left after learning and out on the right.
fn walker(t: i64, look: Figure) -> Vec<Figure> {
    vec![Figure { x: (t - 28) as i32 * 5 - 20, ..look }]
}

#[test]
fn empty_scene_is_left_as_it_is() {
    for textured in [false, true] {
        let (shown, _) = nobody_shows(|_| Scene { textured, noise: 3.0, ..Scene::default() }, |_| Vec::new(), 60);
        assert!(shown > 0.999, "{shown} of the empty scene is untouched");
    }
}

#[test]
fn walker_in_other_clothes_is_hidden_from_the_first_pixel_on() {
    for luma in [-40, 45] {
        let (shown, out) = nobody_shows(|_| Scene::default(), |t| walker(t, Figure::grey(0, luma)), 90);
        for (t, out) in out.iter().enumerate() {
            assert!(hidden_share(&out.picture, &walker(t as i64, Figure::grey(0, luma))[0]) >= 0.99, "picture {t}");
        }
        assert!(shown > 0.75, "{shown} of the scene is untouched");
    }
}

#[test]
fn walker_ten_to_twenty_levels_off_is_hidden() {
    for textured in [false, true] {
        // each difference before one of the two scenes, or before both
        let differences: &[i32] = match (thorough(), textured) {
            (true, _) => &[-20, -10, 10, 14],
            (false, true) => &[-20, 10],
            (false, false) => &[-10, 14],
        };
        for &luma in differences {
            nobody_shows(|_| Scene { textured, ..Scene::default() }, |t| walker(t, Figure::grey(0, luma)), 90);
        }
    }
}

#[test]
fn walker_off_by_colour_only_is_hidden() {
    for (cb, cr) in [(8, 0), (0, -8), (-12, 12)] {
        nobody_shows(|_| Scene::default(), |t| walker(t, Figure { cb, cr, ..Figure::grey(0, 0) }), 90);
    }
}

#[test]
fn somebody_who_stands_still_for_minutes_stays_hidden_and_leaves_no_ghost() {
    // the minute that is always tried, or all of them
    let leaves = if thorough() { 1500 } else { 600 };
    let place = |t: i64| if t < leaves { (t as i32 * 5 - 150).min(120) } else { 120 + (t - leaves) as i32 * 5 };
    let people = |t: i64| if t < 25 { Vec::new() } else { vec![Figure::grey(place(t), 18)] };
    let originals: Vec<_> = (0..leaves + 60).map(|t| Scene::default().draw(t, &people(t))).collect();
    let out = protect(settings(), originals.clone());
    for (t, out) in out.iter().enumerate().skip(LEARN as usize) {
        for figure in people(t as i64) {
            let share = hidden_share(&out.picture, &figure);
            assert!(share >= 0.99, "picture {t}: {share} of the figure at {} is hidden", figure.x);
        }
    }
    let last = out.len() - 5;
    let shown = untouched(&out[last].picture, &originals[last]);
    assert!(shown > 0.99, "{shown} of the scene that was left is untouched");
}

#[test]
fn changing_light_neither_shows_anybody_nor_hides_the_scene() {
    let light = |t: i64| 1000 - ((t - 40).clamp(0, 10) * 30 - (t - 70).clamp(0, 60) * 6) as i32;
    let (shown, _) =
        nobody_shows(|t| Scene { light: light(t), ..Scene::default() }, |t| walker(t, Figure::grey(0, -35)), 140);
    assert!(shown > 0.75, "{shown} of the scene is untouched");
}

#[test]
fn noise_of_the_night_hides_nothing_and_shows_nobody() {
    let scene = |_| Scene { noise: 6.0, light: 600, ..Scene::default() };
    let (shown, _) = nobody_shows(scene, |t| walker(t, Figure::grey(0, -30)), 90);
    assert!(shown > 0.7, "{shown} of the scene is untouched");
}

#[test]
fn somebody_who_was_there_while_learning_and_walks_on_is_hidden() {
    let people = |t: i64| vec![Figure::grey(-30 + t as i32 * 5, -40)];
    nobody_shows(|_| Scene::default(), people, 70);
}

#[test]
fn silhouettes_ten_to_twenty_levels_off_or_of_another_colour_are_hidden_walking_and_standing() {
    let grey = |luma| Figure::grey(0, luma);
    let colour = |cb, cr| Figure { cb, cr, ..Figure::grey(0, 0) };
    let looks = [grey(10), grey(-13), grey(16), grey(-20), colour(9, 0), colour(0, -10), colour(-8, 8)];
    for textured in [false, true] {
        for (i, look) in looks.into_iter().enumerate() {
            // each look before one of the two scenes, or before both
            if !thorough() && textured == (i % 2 == 0) {
                continue;
            }
            let noise = [2.0, 3.0][i % 2];
            // Walks in, stands for two seconds, walks out.
            let figure = |t: i64| {
                let walked = t - 24 - (t - 46).clamp(0, 20);
                Figure { x: walked as i32 * 6 - 20, ..look }
            };
            let scene = Scene { textured, noise, ..Scene::default() };
            let out = protect(settings(), (0..86).map(|t| scene.draw(t, &[figure(t)])));
            let mut verdict = Verdict::default();
            for (t, out) in out.iter().enumerate().skip(LEARN as usize) {
                verdict.look(&out.picture, &figure(t as i64));
            }
            let (all, head) = verdict.shares();
            assert!(
                all >= 0.99 && head >= 0.99 && verdict.gap == 0,
                "{look:?}, textured {textured}: {all} {head} {verdict:?}"
            );
        }
    }
}

#[test]
fn camera_that_trembles_shows_nobody_and_hides_little() {
    let pan = |t: i64| ((t * 7 % 3) as i32 - 1, (t * 5 % 3) as i32 - 1);
    let figure = |t: i64| walker(t, Figure::grey(0, -30))[0];
    let originals: Vec<_> = (0..90).map(|t| Scene { pan: pan(t), ..Scene::default() }.draw(t, &[figure(t)])).collect();
    let out = protect(settings(), originals.clone());
    let (mut verdict, mut shown) = (Verdict::default(), 0.0);
    for (t, out) in out.iter().enumerate().skip(LEARN as usize) {
        verdict.look(&out.picture, &figure(t as i64));
        shown += untouched(&out.picture, &originals[t]);
    }
    let (all, head) = verdict.shares();
    assert!(all >= 0.99 && head >= 0.99 && verdict.gap == 0, "{all} {head} {verdict:?}");
    assert!(shown / 70.0 > 0.75, "{} of the scene is untouched", shown / 70.0);
}
