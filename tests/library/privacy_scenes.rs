//! What is known of a scene before: the empty scene, and its other lights.

use vidveil::media::Picture;
use vidveil::privacy::{Protected, Protector, Reason, Settings};

use crate::support::draw::{self, Figure, LEARN, Scene, W, all_hidden, hidden_share, settings, untouched};

fn by_reference(scene: &Scene, pictures: Vec<Picture>) -> Vec<Protected> {
    let mut protector = Protector::new(settings());
    protector.know_empty(scene.draw(1000, &[]));
    let mut out: Vec<_> = pictures.into_iter().flat_map(|p| protector.push(p)).collect();
    out.extend(protector.flush());
    out
}

#[test]
fn with_a_reference_people_are_hidden_and_the_rest_is_shown_from_the_first_picture_on() {
    let somebody = Figure::grey(120, 40);
    let pictures: Vec<_> = (0..30).map(|t| Scene::default().draw(t, &[somebody])).collect();
    for (t, out) in by_reference(&Scene::default(), pictures.clone()).iter().enumerate() {
        assert_eq!(out.facts.whole, None, "picture {t}");
        assert!(hidden_share(&out.picture, &somebody) > 0.99, "picture {t}");
        assert!(untouched(&out.picture, &pictures[t]) > 0.6, "picture {t}");
    }
}

#[test]
fn a_reference_of_another_view_or_size_is_not_believed() {
    let turned = Scene { pan: (30, 10), ..Scene::default() };
    let empty: Vec<_> = (0..30).map(|t| Scene::default().draw(t, &[])).collect();
    let out = by_reference(&turned, empty.clone());
    assert!(out[..LEARN as usize].iter().all(|o| all_hidden(&o.picture)));
    assert_eq!((out[0].facts.whole, out[29].facts.whole), (Some(Reason::CameraMoved), None));

    let mut protector = Protector::new(settings());
    let mut small = empty[0].clone();
    small.planes.iter_mut().for_each(|p| {
        p.height /= 2;
        p.data.truncate(p.width * p.height);
    });
    protector.know_empty(small);
    let out: Vec<_> = empty.into_iter().flat_map(|p| protector.push(p)).collect();
    assert_eq!(out[0].facts.whole, Some(Reason::Learning));
}

#[test]
fn a_light_that_was_seen_before_is_not_learned_again() {
    // day, the lamps fail, day again; somebody comes after that
    let (day, night) = (Scene::default(), Scene { light: 200, ..Scene::default() });
    let somebody = Figure::grey(120, 40);
    let run = |illumination_states: usize| {
        let mut protector = Protector::new(Settings { illumination_states, ..settings() });
        let mut out = Vec::new();
        for t in 0..130 {
            let picture = match t {
                0..40 => day.draw(t, &[]),
                40..90 => night.draw(t, &[]),
                90..110 => day.draw(t, &[]),
                _ => day.draw(t, &[somebody]),
            };
            out.extend(protector.push(picture));
        }
        out.extend(protector.flush());
        out
    };
    let (one, two) = (run(1), run(2));
    for out in [&one, &two] {
        assert!((40..60).all(|t| all_hidden(&out[t].picture)), "a new light is learned");
        assert!(!all_hidden(&out[85].picture));
        assert!(all_hidden(&out[90].picture), "the first picture of a light can be anything");
    }
    assert!((92..109).all(|t| all_hidden(&one[t].picture)));
    assert!((92..109).all(|t| two[t].facts.whole.is_none()), "{:?}", two[92].facts);
    assert!((110..130).all(|t| hidden_share(&two[t].picture, &somebody) > 0.99));
}

#[test]
fn what_was_studied_before_is_not_learned_and_people_are_hidden_from_the_first_picture_on() {
    // somebody is there from the first picture on, walks, and somebody else stands for a third of the time
    let people = |t: i64| {
        let mut people = vec![Figure::grey(20 + t as i32 * 2, 45)];
        people.extend((t < 30).then_some(Figure::grey(200, -40)));
        people
    };
    let pictures: Vec<_> = (0..90).map(|t| Scene::default().draw(t, &people(t))).collect();
    let mut protector = Protector::new(settings());
    pictures.iter().for_each(|p| protector.study(p));
    protector.end_study();
    let mut out: Vec<_> = pictures.iter().cloned().flat_map(|p| protector.push(p)).collect();
    out.extend(protector.flush());
    assert_eq!(out.len(), 90);
    for (t, out) in out.iter().enumerate() {
        assert_eq!(out.facts.whole, None, "picture {t}");
        for somebody in people(t as i64) {
            assert!(hidden_share(&out.picture, &somebody) > 0.99, "picture {t}");
        }
        assert!(untouched(&out.picture, &pictures[t]) > 0.5, "picture {t}");
    }
    // a dozen pictures are too few to know a scene by
    let mut protector = Protector::new(settings());
    pictures[..6].iter().for_each(|p| protector.study(p));
    protector.end_study();
    let out: Vec<_> = pictures.into_iter().flat_map(|p| protector.push(p)).collect();
    assert_eq!(out[0].facts.whole, Some(Reason::Learning));
}

#[test]
fn a_picture_without_analysis_and_those_that_look_ahead_to_it_repeat_the_public_one() {
    let somebody = |t: i64| (t > 25).then_some(Figure::grey((t - 25) as i32 * 9, 45));
    let mut protector = Protector::new(settings());
    let mut out = Vec::new();
    for t in 0..50 {
        out.extend(match t {
            30..34 => protector.repeat(t, 1),
            _ => protector.push(Scene::default().draw(t, somebody(t).as_slice())),
        });
    }
    out.extend(protector.flush());
    assert!(out.iter().enumerate().all(|(t, o)| o.picture.pts == t as i64));
    for (t, o) in out.iter().enumerate() {
        // the two before look ahead to what was not analysed
        assert_eq!(o.facts.repeated, (28..34).contains(&t), "picture {t}");
        if o.facts.repeated {
            assert_eq!(o.picture.planes, out[27].picture.planes, "picture {t}");
        } else if let Some(f) = somebody(t as i64) {
            assert!(hidden_share(&o.picture, &f) > 0.99, "picture {t}");
        }
    }
    let mut first = Protector::new(settings());
    first.expect_size(64, 48);
    let out: Vec<_> = (0..4).flat_map(|t| first.repeat(t, 1)).collect();
    assert!(out.len() == 2 && out.iter().all(|o| all_hidden(&o.picture) && o.facts.share == 1.0));
}

#[test]
fn hidden_parts_are_reported_and_outlined() {
    let people = [Figure::grey(50, 45), Figure::grey(190, 45)];
    let pictures: Vec<_> = (0..30).map(|t| Scene::default().draw(t, if t > 22 { &people } else { &[] })).collect();
    let out = draw::protect(settings(), pictures.clone());
    let hidden = &out[26].facts.hidden;
    let parts = hidden.parts(10);
    assert_eq!(parts.len(), 2, "{parts:?}");
    for (part, f) in parts.iter().zip(&people) {
        assert!(part.x as i32 <= f.x - 10 && (part.x + part.width) as i32 >= f.x + 10, "{part:?}");
        assert!(part.y as i32 <= f.y - f.tall && (part.y + part.height) as i32 >= f.y, "{part:?}");
        assert!(part.width < 70 && part.height < 110, "{part:?}");
    }
    assert_eq!(hidden.parts(1), parts[..1]);
    let mut outlined = pictures[26].clone();
    hidden.outline(&mut outlined);
    let is_line = |x: usize, y: usize| outlined.planes[0].data[y * W + x] == 210;
    let Some(part) = parts.first() else { panic!() };
    let (mx, my) = (part.x + part.width / 2, part.y + part.height / 2);
    assert!(is_line(part.x, my) && is_line(part.x + part.width - 1, my) && is_line(mx, part.y));
    assert!(!is_line(mx, my) && !is_line(part.x.saturating_sub(3), my), "only the edge is drawn");
    assert_eq!(out[0].facts.hidden.parts(9).len(), 1, "the whole picture is one part");
}
