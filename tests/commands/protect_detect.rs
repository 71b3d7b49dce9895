//! `protect --also faces`: those who never move.

use crate::support::yard::{Yard, assert_status, stderr, told};

#[test]
fn a_detector_and_its_model_go_together() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 > cam.vv");
    yard.write("cam.toml", b"also = \"faces\"\n");
    let missing =
        if cfg!(feature = "detect") { "needs a model" } else { "needs a detector, which this build leaves out" };
    for (flags, says) in [
        ("--also faces", missing),
        ("--scene cam.toml", missing),
        ("--model yunet.onnx", "--model is for --also"),
        ("--also cats", "invalid value 'cats'"),
        ("--detect-every 0", "not a whole number from 1 to 250"),
    ] {
        let output = yard.sh(&format!("protect {flags} cam.vv > no.vv"));
        assert_status(&output, 2);
        assert!(stderr(&output).contains(says), "{flags}: {}", told(&output));
        assert_eq!(yard.size("no.vv"), 0);
    }
}

#[cfg(feature = "detect")]
mod with_a_network {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::support::samples::samples;
    use vidveil::privacy::{Detector, Found, YuNet};

    #[test]
    fn what_is_no_model_is_reported_in_one_line() {
        let yard = Yard::with_camera(1);
        yard.done("capture camera.mp4 > cam.vv");
        yard.write("text.onnx", b"this is no network");
        yard.write("empty.onnx", b"");
        for (file, status, says) in [
            ("text.onnx", 2, "the model \"text.onnx\" cannot be used: not a network"),
            ("empty.onnx", 2, "the model \"empty.onnx\" cannot be used: not a network"),
            ("none.onnx", 1, "none.onnx"),
        ] {
            let output = yard.sh(&format!("protect --also faces --model {file} cam.vv > no.vv"));
            assert_status(&output, status);
            let errors: Vec<_> = stderr(&output).lines().filter(|l| l.contains("error:")).map(str::to_owned).collect();
            assert!(errors.len() == 1 && errors[0].contains(says), "{file}: {}", told(&output));
        }
    }

    fn data() -> Option<PathBuf> {
        let judge = std::env::var_os("VIDVEIL_JUDGE");
        if judge.is_none() {
            println!("skipped: VIDVEIL_JUDGE names no judge");
        }
        Some(Path::new(&judge?).join("../../data"))
    }

    /// Whether two boxes are of the same face: they share 4 parts in 10.
    fn same(a: &Found, b: &Found) -> bool {
        let side = |a0: f32, a1: f32, b0: f32, b1: f32| (a1.min(b1) - a0.max(b0)).max(0.0);
        let shared = side(a.left, a.right, b.left, b.right) * side(a.top, a.bottom, b.top, b.bottom);
        let area = |f: &Found| (f.right - f.left) * (f.bottom - f.top);
        shared > 0.4 * (area(a) + area(b) - shared)
    }

    /// Faces in the original, and those of them still found in the public stream, of some of the pictures from `first`
    /// on.
    fn left(yard: &Yard, model: &[u8], first: usize) -> (usize, usize) {
        let mut detector = YuNet::parse(model).unwrap();
        let [before, after] = ["clip.mp4", "public.mp4"].map(|file| samples(&yard.path(file), (480, 270), 100_000));
        assert_eq!(before.len(), after.len());
        let (mut all, mut left) = (0, 0);
        for (a, b) in before.iter().zip(&after).skip(first).step_by(5) {
            let sure = |f: &Found| f.score >= 0.6;
            let faces: Vec<_> = detector.detect(a).unwrap().into_iter().filter(sure).collect();
            let still: Vec<_> = detector.detect(b).unwrap().into_iter().filter(sure).collect();
            all += faces.len();
            left += faces.iter().filter(|f| still.iter().any(|s| same(f, s))).count();
        }
        (all, left)
    }

    #[test]
    #[ignore = "needs the judge's clips and model (VIDVEIL_JUDGE)"]
    fn those_who_sit_still_are_hidden_from_the_first_picture_on() {
        let Some(data) = data() else { return };
        let model = std::fs::read(data.join("models/yunet_n_640.onnx")).unwrap();
        let yard = Yard::new();
        yard.write("yunet.onnx", &model);
        yard.write("clip.gif", &std::fs::read(data.join("faces/classroom.gif")).unwrap());
        yard.done(
            "ffmpeg -v error -i clip.gif -fps_mode passthrough -c:v libx264 -preset ultrafast -qp 8 -pix_fmt yuv420p clip.mp4
             capture clip.mp4 > clip.vv
             view --snapshot 0 -o still.png clip.vv
             protect --reference still.png clip.vv | view -o public.mp4",
        );
        let (all, motion) = left(&yard, &model, 0);
        assert!(all > 20 && motion > all / 4, "the clip has {all} faces, {motion} of them are not hidden by motion");
        // a picture of all of them as the empty scene: nothing is hidden for learning's sake
        yard.write("cam.toml", b"reference = \"still.png\"\nalso = \"faces\"\nmodel = \"yunet.onnx\"\n");
        yard.done("protect --scene cam.toml --report r.json clip.vv | view -f -o public.mp4");
        assert_eq!(left(&yard, &model, 0).1, 0);
        assert!(!yard.text("r.json").contains("\"learning\":"), "shown from the first picture on");
        yard.done("protect --learn 1s --also faces --model yunet.onnx clip.vv | view -f -o public.mp4");
        assert_eq!(left(&yard, &model, 16).1, 0);
    }
}
