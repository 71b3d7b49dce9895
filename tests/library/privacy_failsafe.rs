//! Whatever cannot be judged is hidden as a whole.

use vidveil::media::{Picture, Plane};
use vidveil::privacy::{Protector, Reason, Settings, TimeBase};

use crate::support::draw::{Figure, LEARN, Scene, W, all_hidden, hidden_share, protect, settings};
use crate::support::thorough;

fn empty(range: std::ops::Range<i64>) -> impl Iterator<Item = Picture> {
    range.map(|t| Scene::default().draw(t, &[]))
}

#[test]
fn moved_camera_hides_everything_until_the_new_view_is_learned() {
    // along a line and slantwise; both with VIDVEIL_THOROUGH
    for pan in [(30, 0), (-60, 20)].into_iter().take(if thorough() { 2 } else { 1 }) {
        let turned = Scene { pan, ..Scene::default() };
        let out = protect(settings(), empty(0..40).chain((40..80).map(|t| turned.draw(t, &[]))));
        for (t, out) in out.iter().enumerate() {
            let t = t as i64;
            if t < LEARN || (40..40 + LEARN).contains(&t) {
                assert!(all_hidden(&out.picture), "pan {pan:?}, picture {t}");
            }
        }
        assert_eq!(out[40].facts.whole, Some(Reason::CameraMoved), "pan {pan:?}");
        assert!(
            !all_hidden(&out[39].picture) && out[79].facts.share < 0.02,
            "pan {pan:?}: the view is learned in the end"
        );
    }
}

#[test]
fn a_camera_that_creeps_takes_the_scene_along_and_people_stay_hidden() {
    // two pixels each second, for fourteen pixels in all; somebody stands there from the third second on
    let pan = |t: i64| (((t - 30).max(0) / 5) as i32, 0);
    let somebody = |t: i64| (t > 25).then_some(Figure::grey((t - 25).min(12) as i32 * 9, 45));
    let scene = |t: i64| Scene { pan: pan(t), ..Scene::default() };
    let out = protect(settings(), (0..100).map(|t| scene(t).draw(t, somebody(t).as_slice())));
    for (t, out) in out.iter().enumerate().skip(LEARN as usize) {
        assert_eq!(out.facts.whole, None, "picture {t}");
        if let Some(f) = somebody(t as i64).filter(|f| f.x > 12) {
            let share = hidden_share(&out.picture, &f);
            assert!(share > 0.98, "picture {t}: {share} of somebody is hidden");
        }
    }
    assert!(out[99].facts.share < 0.4, "{}", out[99].facts.share);
}

#[test]
fn camera_that_trembles_by_a_pixel_goes_on() {
    let pan = |t: i64| (i32::from(t % 3 == 1), i32::from(t % 5 == 2));
    let out = protect(settings(), (0..60).map(|t| Scene { pan: pan(t), ..Scene::default() }.draw(t, &[])));
    assert!(out.iter().skip(LEARN as usize).all(|o| o.facts.whole.is_none()));
}

#[test]
fn another_scene_hides_everything() {
    let other = Scene { textured: false, ..Scene::default() };
    let out = protect(settings(), empty(0..40).chain((40..50).map(|t| other.draw(t, &[]))));
    for (t, out) in out.iter().enumerate().skip(40) {
        assert!(all_hidden(&out.picture), "picture {t}");
    }
}

#[test]
fn light_that_fails_hides_everything() {
    let dark = Scene { light: 150, ..Scene::default() };
    let out = protect(settings(), empty(0..40).chain((40..46).map(|t| dark.draw(t, &[]))));
    assert!(out[40..].iter().all(|o| all_hidden(&o.picture)));
    assert_eq!(out[40].facts.whole, Some(Reason::Light));
}

#[test]
fn light_that_goes_off_and_on_again_hides_everything_until_the_scene_is_known() {
    // Off for half a second: the scene is still known. Off for three: the dark is learned, and the light again.
    for (off, known) in [(5, true), (30, false)] {
        let light = |t: i64| if (40..40 + off).contains(&t) { 120 } else { 1000 };
        let out = protect(settings(), (0..110).map(|t| Scene { light: light(t), ..Scene::default() }.draw(t, &[])));
        for (t, out) in out.iter().enumerate().skip(40) {
            let t = t as i64;
            let dark = (40..40 + off).contains(&t) && (known || t < 50 + LEARN);
            let again = !known && (40 + off..40 + off + LEARN).contains(&t);
            assert!(!(dark || again) || all_hidden(&out.picture), "off for {off}, picture {t}");
        }
        assert_eq!(out[109].facts.share, 0.0, "off for {off}: the scene is shown in the end");
        assert_eq!(out[40 + off as usize].facts.whole.is_none(), known);
    }
}

#[test]
fn damaged_picture_is_hidden_and_never_learned() {
    let with_damage = |t: i64| {
        let mut picture = Scene::default().draw(t, &[]);
        if t % 7 == 3 {
            picture.damaged = true;
            picture.planes[0].data.iter_mut().for_each(|v| *v = v.wrapping_mul(7));
        }
        picture
    };
    let out = protect(settings(), (0..70).map(with_damage));
    assert_eq!(out.len(), 70);
    for (t, out) in out.iter().enumerate().skip(LEARN as usize + 3) {
        let damaged = t % 7 == 3;
        assert_eq!(all_hidden(&out.picture), damaged, "picture {t}");
        assert_eq!(out.facts.whole, damaged.then_some(Reason::Damaged));
        if !damaged {
            assert_eq!(out.facts.share, 0.0, "picture {t}: the damage was taken for the scene");
        }
    }
}

#[test]
fn missing_picture_has_its_place_its_time_and_nothing_to_see() {
    let mut protector = Protector::new(settings());
    let mut out = protector.hide_whole(-1, 4);
    assert!(out.is_empty(), "its size is not known yet");
    for t in 0..40 {
        if t == 30 {
            out.extend(protector.hide_whole(t, 3));
        } else {
            out.extend(protector.push(Scene::default().draw(t, &[])));
        }
    }
    out.extend(protector.flush());
    let times: Vec<_> = out.iter().map(|o| o.picture.pts).collect();
    assert_eq!(times, (-1..40).collect::<Vec<_>>());
    for (at, duration) in [(0, 4), (31, 3)] {
        assert_eq!(out[at].facts.whole, Some(Reason::Missing));
        assert_eq!(out[at].picture.duration, duration);
        assert!(all_hidden(&out[at].picture));
        assert_eq!(out[at].picture.width(), W);
    }
}

#[test]
fn missing_pictures_alone_come_out_grey_once_the_size_is_named() {
    let mut protector = Protector::new(settings());
    protector.expect_size(33, 17);
    let mut out = protector.hide_whole(5, 1);
    out.extend(protector.flush());
    assert_eq!(out.len(), 1);
    let picture = &out[0].picture;
    assert_eq!((picture.width(), picture.height(), picture.pts), (33, 17, 5));
    assert!(picture.planes.iter().all(|p| p.data.len() == p.width * p.height));
}

#[test]
fn another_size_or_subsampling_starts_learning_again() {
    let bigger = |t| {
        let planes = [Plane::filled(320, 240, 80), Plane::filled(160, 120, 128), Plane::filled(160, 120, 128)];
        Picture { planes, pts: t, duration: 1, full_range: false, damaged: false }
    };
    let wider_chroma = |t| {
        let planes = [Plane::filled(320, 240, 80), Plane::filled(160, 240, 128), Plane::filled(160, 240, 128)];
        Picture { planes, pts: t, duration: 1, full_range: false, damaged: false }
    };
    let out = protect(settings(), empty(0..30).chain((30..60).map(bigger)).chain((60..90).map(wider_chroma)));
    assert_eq!(out.iter().map(|o| o.picture.pts).collect::<Vec<_>>(), (0..90).collect::<Vec<_>>());
    for (t, out) in out.iter().enumerate() {
        assert_eq!(all_hidden(&out.picture), t % 30 < LEARN as usize, "picture {t}");
    }
}

#[test]
fn learning_goes_by_the_pictures_times() {
    let of = |step: i64, den: u32, learn_ms: u32| {
        let settings = Settings { time_base: TimeBase { num: 1, den }, learn_ms, ..settings() };
        let pictures = (0..70).map(|t| Picture { pts: t * step, ..Scene::default().draw(t, &[]) });
        protect(settings, pictures).iter().filter(|o| o.facts.whole.is_some()).count()
    };
    assert_eq!(of(3600, 90_000, 2000), 50);
    assert_eq!(of(1, 25, 2000), 50);
    assert_eq!(of(1, 25, 60_000), 70);
    // An outage of an hour is not an hour of learning, and times that stand still never end it.
    assert_eq!(of(3600 * 25, 25, 60_000), 60);
    assert_eq!(of(0, 25, 1000), 70);
}

#[test]
fn walker_is_hidden_in_the_pictures_around_a_damaged_one() {
    let people = |t: i64| [Figure::grey((t - 28) as i32 * 5 - 20, -40)];
    let pictures = (0..80).map(|t| Picture { damaged: t % 4 == 0, ..Scene::default().draw(t, &people(t)) });
    for (t, out) in protect(settings(), pictures).iter().enumerate().skip(30) {
        let share = hidden_share(&out.picture, &people(t as i64)[0]);
        assert!(share >= 0.99, "picture {t}: {share}");
    }
}
