//! What is known of a scene before: the empty scene, and its other lights.

mod privacy_draw;

use privacy_draw::{Figure, LEARN, Scene, all_hidden, hidden_share, settings, untouched};
use vidveil::media::Picture;
use vidveil::privacy::{Protected, Protector, Reason, Settings};

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
