//! Tests of `people`: a stage with people on it, and a detector that sees them without fail.

use std::sync::{Arc, Mutex};

use super::people::People;
use super::person_net::PersonFinder;
use super::scaled::Area;
use super::{DetectError, Found, Track};
use crate::media::{Picture, Plane};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

#[derive(Default)]
struct Stage {
    people: Vec<Found>,
    /// Those who are too small for the whole picture.
    only_near: bool,
    fails: bool,
    looks: Vec<Area>,
}

#[derive(Clone, Default)]
struct Finder(Arc<Mutex<Stage>>);

impl PersonFinder for Finder {
    fn find(&mut self, _: &Picture, view: Area) -> Result<Vec<Found>, DetectError> {
        let mut stage = self.0.lock().unwrap();
        stage.looks.push(view);
        if stage.fails {
            return Err(DetectError::Run("no answer".into()));
        }
        if stage.only_near && view.height == HEIGHT {
            return Ok(Vec::new());
        }
        let (left, top) = (view.left as f32, view.top as f32);
        let (right, bottom) = (left + view.width as f32, top + view.height as f32);
        let seen = stage.people.iter().map(|p| Found {
            left: p.left.clamp(left, right),
            top: p.top.clamp(top, bottom),
            right: p.right.clamp(left, right),
            bottom: p.bottom.clamp(top, bottom),
            score: p.score,
        });
        Ok(seen.filter(Found::is_sound).collect())
    }
}

struct Scene {
    stage: Arc<Mutex<Stage>>,
    people: People,
    picture: Picture,
    now: i64,
}

impl Scene {
    fn new(per_second: f32) -> Self {
        let finder = Finder::default();
        let chroma = Plane::filled(WIDTH / 2, HEIGHT / 2, 128);
        let planes = [Plane::filled(WIDTH, HEIGHT, 90), chroma.clone(), chroma];
        let picture = Picture { planes, pts: 0, duration: 1, full_range: false, damaged: false };
        let stage = Arc::clone(&finder.0);
        Self { stage, people: People::new(Box::new(finder), per_second, 2000), picture, now: 0 }
    }

    fn put(&self, people: &[(f32, f32, f32)]) {
        let person = |&(x, y, score)| Found { left: x, top: y, right: x + 60.0, bottom: y + 150.0, score };
        self.stage.lock().unwrap().people = people.iter().map(person).collect();
    }

    /// The next picture of 25 a second.
    fn next(&mut self, learning: bool) -> Vec<Track> {
        self.next_with(learning, &[])
    }

    fn next_with(&mut self, learning: bool, activity: &[Found]) -> Vec<Track> {
        self.now += 40;
        self.people.look(&self.picture, self.now, learning, activity).unwrap().to_vec()
    }

    /// The pictures of `ms` milliseconds; gives what was known in each.
    fn run(&mut self, ms: i64, learning: bool) -> Vec<Vec<Track>> {
        (0..ms / 40).map(|_| self.next(learning)).collect()
    }

    fn looks(&self) -> Vec<Area> {
        std::mem::take(&mut self.stage.lock().unwrap().looks)
    }
}

#[test]
fn while_learning_all_views_are_looked_at_and_no_picture_costs_much() {
    let mut scene = Scene::new(3.0);
    let mut most = 0;
    for _ in 0..50 {
        let before = scene.stage.lock().unwrap().looks.len();
        scene.next(true);
        most = most.max(scene.stage.lock().unwrap().looks.len() - before);
    }
    let looks = scene.looks();
    let of = |area: &Area| looks.iter().filter(|a| *a == area).count();
    // the whole picture, three squares of its height, and fifteen of half of it, twice in two seconds
    assert!(looks.iter().all(|a| of(a) >= 2), "{looks:?}");
    let mut different: Vec<_> = looks.iter().map(|a| (a.left, a.top, a.width)).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 19);
    assert!(most <= 4 && looks.len() <= 45, "{most} {}", looks.len());
    // later it is three a second
    scene.run(10_000, false);
    let later = scene.looks().len();
    assert!((29..=31).contains(&later), "{later}");
}

#[test]
fn who_sits_is_still_and_hidden_without_a_gap() {
    let mut scene = Scene::new(3.0);
    scene.put(&[(300.0, 300.0, 0.8), (900.0, 320.0, 0.3)]);
    scene.run(2000, true);
    for tracks in scene.run(30_000, false) {
        assert_eq!(tracks.iter().filter(|t| t.hides).count(), 2, "{tracks:?}");
        assert!(tracks.iter().all(|t| t.still && t.hits > 1));
    }
    // gone: hidden for another 12 s, and then no more
    scene.put(&[]);
    let after = scene.run(20_000, false);
    let hidden = after.iter().position(|t| t.iter().all(|t| !t.hides)).unwrap() as i64 * 40;
    assert!((8_000..=12_100).contains(&hidden), "{hidden}");
    assert!(after.last().unwrap().is_empty());
}

#[test]
fn who_is_found_once_is_looked_at_again_soon_and_hidden_until_then() {
    for only_near in [false, true] {
        let mut scene = Scene::new(3.0);
        scene.run(4000, true);
        scene.stage.lock().unwrap().only_near = only_near;
        scene.put(&[(320.0, 190.0, 0.6)]);
        let seen: Vec<_> = scene.run(20_000, false);
        let first = seen.iter().position(|t| !t.is_empty()).unwrap();
        for (i, tracks) in seen.iter().enumerate().skip(first) {
            assert!(tracks.iter().any(|t| t.hides), "{only_near} {i}: {tracks:?}");
        }
        let still = seen.iter().position(|t| t.iter().any(|t| t.still)).unwrap();
        assert!((still - first) * 40 < 2000, "{only_near}: {first} {still}");
    }
}

#[test]
fn a_walker_keeps_their_number() {
    let mut scene = Scene::new(8.0);
    let mut ids = Vec::new();
    for i in 0..250 {
        // a second of each width
        scene.put(&[(100.0 + 2.4 * i as f32, 250.0, 0.7)]);
        ids.extend(scene.next(false).iter().filter(|t| t.fresh && t.hits > 2).map(|t| t.id));
    }
    assert!(ids.len() > 10);
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(scene.people.tracks().iter().all(|t| !t.still));
}

#[test]
fn two_who_stand_close_are_two() {
    let mut scene = Scene::new(3.0);
    scene.put(&[(300.0, 300.0, 0.8), (318.0, 300.0, 0.7)]);
    scene.run(2000, true);
    let tracks = scene.next(true);
    assert_eq!(tracks.iter().filter(|t| t.still).count(), 2, "{tracks:?}");
}

#[test]
fn little_is_enough_for_whom_one_knows_and_not_for_a_new_one() {
    let mut scene = Scene::new(3.0);
    scene.put(&[(300.0, 300.0, 0.2)]);
    assert!(scene.run(2000, true).iter().all(Vec::is_empty));
    scene.put(&[(300.0, 300.0, 0.31)]);
    assert!(!scene.run(1000, true).last().unwrap().is_empty());
    scene.put(&[(300.0, 300.0, 0.2)]);
    let last = scene.run(20_000, false).pop().unwrap();
    assert!(last[0].still && last[0].hides);
}

#[test]
fn what_moves_is_looked_at_sooner() {
    let far = Found { left: 1200.0, top: 600.0, right: 1260.0, bottom: 700.0, score: 1.0 };
    let near = |a: &Area| a.left + a.width > 1230 && a.top + a.height > 650 && a.height < HEIGHT;
    let [calm, busy] = [vec![], vec![far]].map(|activity| {
        let mut scene = Scene::new(3.0);
        scene.run(2000, true);
        scene.looks();
        (0..1500).for_each(|_| drop(scene.next_with(false, &activity)));
        scene.looks().iter().filter(|a| near(a)).count()
    });
    assert!(busy >= 2 * calm, "{busy} looks instead of {calm}");
}

#[test]
fn a_failure_is_reported_and_the_next_picture_is_looked_at() {
    let mut scene = Scene::new(1.0);
    scene.put(&[(300.0, 300.0, 0.8)]);
    scene.stage.lock().unwrap().fails = true;
    assert!(scene.people.look(&scene.picture, 0, false, &[]).is_err());
    scene.stage.lock().unwrap().fails = false;
    assert_eq!(scene.next(false).len(), 1);
}

#[test]
fn how_tall_people_are_is_known_from_those_who_are_whole() {
    let mut scene = Scene::new(3.0);
    // one of them stands in the border of views
    scene.put(&[(300.0, 300.0, 0.8), (700.0, 500.0, 0.9), (100.0, 100.0, 0.4)]);
    assert_eq!(scene.people.usual_height(), None);
    scene.run(2000, true);
    assert_eq!(scene.people.usual_height(), Some(150.0));
    scene.people.forget();
    assert!(scene.people.tracks().is_empty() && scene.people.usual_height().is_some());
}

#[test]
fn times_and_pictures_that_jump_do_no_harm() {
    let mut scene = Scene::new(3.0);
    scene.put(&[(300.0, 300.0, 0.8)]);
    scene.run(1000, true);
    for at in [-5_000, 3_600_000, i64::MAX / 2, i64::MIN / 2, 0] {
        scene.stage.lock().unwrap().looks.clear();
        let tracks = scene.people.look(&scene.picture, at, false, &[]).unwrap();
        assert!(tracks.iter().all(|t| t.first_ms == at), "{at}: {tracks:?}");
        assert!((1..=4).contains(&scene.stage.lock().unwrap().looks.len()), "{at}");
    }
    let small = Plane::filled(64, 48, 100);
    let small = Picture { planes: [small.clone(), small.clone(), small], ..scene.picture.clone() };
    assert!(scene.people.look(&small, 40, false, &[]).unwrap().len() <= 1);
}
