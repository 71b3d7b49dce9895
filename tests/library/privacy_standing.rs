//! Who stands still stays hidden; a place that is proven to be empty is shown again.

use vidveil::privacy::{Settings, TimeBase};

use crate::support::draw::{Figure, Scene, W, hidden_pixels, hidden_share, protect, settings, untouched};
use crate::support::thorough;

/// Two pictures a second, so that minutes are few pictures; learning takes 12 of them.
const LEARN: i64 = 12;

fn slow() -> Settings {
    Settings { time_base: TimeBase { num: 1, den: 2 }, ..settings() }
}

/// Walks in after learning, stands at `x` until `leaves`, walks on.
fn visitor(t: i64, x: i32, comes: i64, leaves: i64, look: Figure) -> Option<Figure> {
    let at = (t - comes) as i32 * 12 - 30;
    let at = if t < leaves { at.min(x) } else { x + (t - leaves) as i32 * 12 };
    (t >= comes && at < W as i32 + 40).then_some(Figure { x: at, ..look })
}

#[test]
fn several_who_stand_for_minutes_stay_hidden_through_noise_and_changing_light() {
    // the scene with texture is the harder one, and always tried
    for textured in [true, false].into_iter().take(if thorough() { 2 } else { 1 }) {
        let people = |t: i64| -> Vec<Figure> {
            let looks = [(60, 16, 520, 14), (120, 40, 480, -18), (190, 30, 500, 35)];
            looks
                .iter()
                .filter_map(|&(x, comes, leaves, luma)| visitor(t, x, comes, leaves, Figure::grey(0, luma)))
                .collect()
        };
        // A slow drift of a sixth, as clouds do, and a lamp that goes on for a while.
        let light =
            |t: i64| 1000 + ((t % 240 - 120).abs() - 60) as i32 * 3 / 2 + if (200..260).contains(&t) { 120 } else { 0 };
        let scene = |t| Scene { textured, noise: 3.0, light: light(t), ..Scene::default() };
        let originals: Vec<_> = (0..560).map(|t| scene(t).draw(t, &people(t))).collect();
        let out = protect(slow(), originals.clone());
        let mut seen = (0, 0);
        for (t, out) in out.iter().enumerate().skip(LEARN as usize) {
            for figure in people(t as i64).iter().filter(|f| (12..W as i32 - 12).contains(&f.x)) {
                let (hidden, all) = hidden_pixels(&out.picture, figure);
                assert!(hidden * 20 >= all * 19, "picture {t}: {hidden} of {all} pixels of {figure:?} are hidden");
                seen = (seen.0 + hidden, seen.1 + all);
            }
        }
        assert!(seen.0 * 1000 >= seen.1 * 998, "{} of {} pixels are hidden", seen.0, seen.1);
        assert!(untouched(&out[555].picture, &originals[555]) > 0.99, "what they left is shown");
        let shown = untouched(&out[300].picture, &originals[300]);
        assert!(shown > 0.6, "{shown} of the scene around them is untouched");
    }
}

#[test]
fn the_ghost_of_somebody_who_was_there_while_learning_heals() {
    // both scenes and both signs are always tried
    for (textured, luma) in [(false, -40), (true, 45), (true, -40)].into_iter().take(if thorough() { 3 } else { 2 }) {
        let stood = Figure::grey(120, luma);
        let people = |t: i64| {
            visitor(t, 120, 0, 30, stood).map(|f| Figure { x: f.x.max(120), ..f }).into_iter().collect::<Vec<_>>()
        };
        // The same clothes at the same place later.
        let again = |t: i64| visitor(t, 120, 100, 140, stood).into_iter().collect::<Vec<_>>();
        let all = |t: i64| [people(t), again(t)].concat();
        let scene = Scene { textured, ..Scene::default() };
        let originals: Vec<_> = (0..160).map(|t| scene.draw(t, &all(t))).collect();
        let out = protect(slow(), originals.clone());
        assert!(hidden_share(&out[45].picture, &stood) > 0.9, "the ghost is hidden at first");
        let shown = untouched(&out[90].picture, &originals[90]);
        assert!(shown > 0.99, "textured {textured}, {luma}: {shown} of the scene is shown after 30 s");
        for t in 100..150 {
            for figure in again(t).iter().filter(|f| (12..W as i32 - 12).contains(&f.x)) {
                let share = hidden_share(&out[t as usize].picture, figure);
                assert!(share >= 0.99, "picture {t}: {share} of who came back is hidden");
            }
        }
    }
}

#[test]
fn what_stays_is_absorbed_only_when_that_is_asked_for() {
    let people = |t: i64| visitor(t, 120, 20, 1000, Figure::grey(0, 30)).into_iter().collect::<Vec<_>>();
    let share = |absorb_ms| {
        let pictures = (0..200).map(|t| Scene::default().draw(t, &people(t)));
        let out = protect(Settings { absorb_ms, ..slow() }, pictures);
        [60, 199].map(|t: usize| hidden_share(&out[t].picture, &people(t as i64)[0]))
    };
    assert_eq!(share(None), [1.0, 1.0]);
    let [before, after] = share(Some(40_000));
    assert_eq!((before, after), (1.0, 0.0), "20 s and a minute and a half after somebody came");
}

#[test]
fn somebody_who_fills_much_of_the_picture_is_hidden_without_hiding_all_of_it() {
    let near = |t: i64| visitor(t, 110, 16, 100, Figure { tall: 170, y: 175, ..Figure::grey(0, -50) });
    let originals: Vec<_> =
        (0..90).map(|t| Scene::default().draw(t, &near(t).into_iter().collect::<Vec<_>>())).collect();
    for (t, out) in protect(slow(), originals).iter().enumerate().skip(LEARN as usize) {
        assert_eq!(out.facts.whole, None, "picture {t}");
        if let Some(figure) = near(t as i64) {
            assert!(hidden_share(&out.picture, &figure) >= 0.99, "picture {t}");
        }
    }
}
