//! Settings of a scene: flags, the file of one camera, a picture of the empty scene.

use std::fs;
use std::path::PathBuf;

use vidveil::protect::{Scene, SceneFault};

use crate::support::yard::{Yard, assert_status, stderr, told};
use crate::support::{repository, testdata};

/// The scene files in testdata whose names begin so, with their texts.
fn files(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = testdata("scenes");
    let paths = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let named = paths.filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with(kind));
    named.map(|p| (p.clone(), fs::read_to_string(p).unwrap())).collect()
}

#[test]
fn wrong_keys_and_values_are_reported_with_their_line() {
    let bad = files("bad_");
    assert!(bad.len() >= 13);
    for (path, text) in bad {
        let SceneFault { line, what } = Scene::parse(&text).expect_err(&text);
        let expected = text.lines().next().and_then(|l| l.strip_prefix("# line ")).expect("the first line says");
        let (number, told) = expected.split_once(": ").unwrap();
        assert_eq!(line.to_string(), number, "{path:?}: {what}");
        assert!(what.contains(told) && !what.is_empty(), "{path:?}: {what}");
    }
    let good = files("good_");
    assert!(good.len() >= 4);
    for (path, text) in good {
        let scene = Scene::parse(&text).unwrap_or_else(|e| panic!("{path:?}: {e:?}"));
        let again = Scene::parse(&scene.to_toml()).unwrap();
        assert_eq!(Scene { reference: None, model: None, people_model: None, ..scene }, again, "{path:?}");
    }
}

#[test]
fn the_manual_page_has_every_key_and_default() {
    let root = repository("");
    let page = fs::read_to_string(root.join("man/vidveil-scene.5")).unwrap();
    let all = fs::read_to_string(root.join("testdata/scenes/good_all.toml")).unwrap();
    let keys = |text: &str| -> Vec<String> {
        text.lines().filter_map(|l| Some(l.split_once(" = ")?.0.trim().to_owned())).collect()
    };
    let (all, defaults) = (keys(&all), Scene::default().resolved().to_toml());
    assert!(all.len() == 21, "{all:?}");
    for key in &all {
        assert!(page.contains(&format!(".It Cm {key}")), "{key} is not in vidveil-scene(5)");
    }
    for line in defaults.lines() {
        let (key, value) = line.split_once(" = ").unwrap();
        let value = match value.trim_matches('"') {
            "60000ms" => "60s",
            value => value,
        };
        let entry = page.split(&format!(".It Cm {key}")).nth(1).unwrap().split(".It ").next().unwrap();
        assert!(
            entry.starts_with(&format!(" Pq {value}\n")),
            "{key}: the page does not say that {value} is the default"
        );
    }
}

#[test]
fn a_file_says_what_flags_say_and_flags_win() {
    let yard = Yard::with_camera(3);
    yard.done("capture camera.mp4 > cam.vv");
    yard.write(
        "cam7.toml",
        b"method = \"solid\"\nlearn = \"0s\"\nblock = 32\nalways-hide = [[[0, 0], [40, 0], [40, 40]]]\n",
    );
    yard.done("protect --scene cam7.toml cam.vv > file.vv");
    yard.done("protect --method solid --learn 0s --block 32 --always-hide '0,0 40,0 40,40' cam.vv > flags.vv");
    assert!(yard.bytes("file.vv") == yard.bytes("flags.vv"));
    yard.done("protect --scene cam7.toml --block 8 cam.vv > smaller.vv");
    assert!(yard.bytes("file.vv") != yard.bytes("smaller.vv"));
    yard.write("other.toml", b"block = 8\nmethod = \"solid\"\nlearn = \"0s\"\n");
    yard.done("protect --scene other.toml --always-hide '0,0 40,0 40,40' cam.vv > other.vv");
    assert!(yard.bytes("other.vv") == yard.bytes("smaller.vv"));

    yard.write("wrong.toml", b"block = 16\n\nblok = 8\n");
    for (flags, says) in [
        ("--scene wrong.toml", "\"wrong.toml\", line 3: unknown field `blok`"),
        ("--block 7", "not a whole number from 8 to 256"),
        ("--illumination-states 11", "not a whole number from 1 to 10"),
        ("--change-tolerance 0", "not a whole number from 1 to 100"),
        ("--never-hide 1,2", "a polygon has 3 to 64 corners"),
        ("--absorb soon", "the units are"),
        ("--place garden", "invalid value 'garden'"),
    ] {
        let output = yard.sh(&format!("protect {flags} cam.vv > no.vv"));
        assert_status(&output, 2);
        assert!(stderr(&output).contains(says), "{flags}: {}", told(&output));
        assert_eq!(yard.size("no.vv"), 0);
    }
    let output = yard.sh("protect --scene missing.toml cam.vv > no.vv");
    assert_status(&output, 1);
}

/// The share of pictures' luma samples that are as in the solid method's grey, picture by picture.
fn grey(yard: &Yard, file: &str, pixels: usize) -> Vec<f64> {
    yard.done(&format!(
        "view -f -o shown.mp4 {file}; ffmpeg -v error -y -i shown.mp4 -fps_mode passthrough -pix_fmt gray -f rawvideo shown.raw"
    ));
    let is_grey = |v: &u8| (124..=132).contains(v);
    yard.bytes("shown.raw")
        .chunks(pixels)
        .map(|p| p.iter().filter(|v| is_grey(v)).count() as f64 / pixels as f64)
        .collect()
}

#[test]
fn a_reference_picture_spares_the_learning() {
    let yard = Yard::new();
    // an empty room; then somebody is in it from the first picture on
    yard.done(
        "ffmpeg -v error -f lavfi -i \"nullsrc=s=160x120:r=10:d=0.1,geq=lum='60+40*sin(X*0.9)*sin(Y*1.3)':cb=120:cr=130\" \
             -vf loop=30:1,fps=10,setpts=N/10/TB -r 10 -c:v libx264 -preset ultrafast -qp 10 -pix_fmt yuv420p empty.mp4
         ffmpeg -v error -i empty.mp4 -vf drawbox=x=60:y=30:w=24:h=64:color=white:t=fill -c:v libx264 -preset ultrafast -qp 10 room.mp4
         capture empty.mp4 | view -o empty.png --snapshot 1
         capture room.mp4 > room.vv",
    );
    yard.write("cam.toml", b"reference = \"empty.png\"\nmethod = \"solid\"\n");
    yard.done("protect --scene cam.toml --lookahead 0 room.vv > public.vv");
    let hidden = grey(&yard, "public.vv", 160 * 120);
    assert!(hidden.len() > 25 && hidden.iter().all(|s| (0.08..0.4).contains(s)), "{hidden:?}");

    yard.done("ffmpeg -v error -i empty.png -vf scale=80:60 small.png; cp cam.toml broken.png");
    for (file, says) in [
        ("small.png", "the reference picture \"small.png\" is 80x60, the video is 160x120"),
        ("broken.png", "the reference picture \"broken.png\" cannot be used"),
    ] {
        let output = yard.sh(&format!("protect --reference {file} room.vv > no.vv"));
        assert_status(&output, 2);
        assert!(stderr(&output).contains(says), "{}", told(&output));
    }
}

#[test]
fn small_blocks_are_warned_of_once() {
    let yard = Yard::new();
    yard.done(
        "ffmpeg -v error -f lavfi -i color=c=gray:s=320x240:r=10:d=4 -f lavfi -i color=c=white:s=60x200:r=10:d=4 \
             -filter_complex \"[0][1]overlay=x='-100+t*90':y=20\" -c:v libx264 -preset ultrafast -qp 12 near.mp4
         capture near.mp4 > near.vv",
    );
    let warnings = |flags: &str| {
        let output = yard.sh(&format!("protect --learn 1s {flags} near.vv > public.vv"));
        assert_status(&output, 0);
        stderr(&output)
    };
    let said = warnings("");
    assert!(said.starts_with("protect: warning: blocks of 16 pixels are small against people 2"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert_eq!(warnings("--method solid") + &warnings("--block 32"), "");
}
