//! `protect --people-model`: those who are there and still.

use crate::support::toy_network::{Fault, toy_network};
use crate::support::yard::{Yard, assert_status, stderr, told};

/// A room in which a white figure stands from the first picture on, for seconds.
fn room(yard: &Yard) {
    yard.done(
        "ffmpeg -v error -f lavfi -i \"nullsrc=s=160x120:r=10:d=0.1,geq=lum='60+40*sin(X*0.9)*sin(Y*1.3)':cb=120:cr=130\" \
             -vf loop=40:1,fps=10,setpts=N/10/TB,drawbox=x=60:y=30:w=24:h=64:color=white:t=fill -r 10 \
             -c:v libx264 -preset ultrafast -qp 10 -pix_fmt yuv420p room.mp4
         capture room.mp4 > room.vv",
    );
}

/// The share of the figure's samples that are grey, picture by picture.
#[cfg(feature = "detect")]
fn hidden(yard: &Yard, file: &str) -> Vec<f64> {
    yard.done(&format!(
        "view -f -o shown.mp4 {file}
         ffmpeg -v error -y -i shown.mp4 -fps_mode passthrough -vf crop=24:64:60:30 -pix_fmt gray -f rawvideo shown.raw"
    ));
    let is_grey = |v: &u8| (120..=136).contains(v);
    let share = |p: &[u8]| p.iter().filter(|v| is_grey(v)).count() as f64 / p.len() as f64;
    yard.bytes("shown.raw").chunks(24 * 64).map(share).collect()
}

#[test]
#[cfg(feature = "detect")]
fn who_is_there_and_still_is_hidden_by_their_looks() {
    let yard = Yard::new();
    room(&yard);
    std::fs::create_dir(yard.path("models")).unwrap();
    yard.write("models/people.onnx", &toy_network(Fault::None));
    yard.write("cam.toml", b"people-model = \"models/people.onnx\"\n");
    let always = "--method solid --learn 2s";
    yard.done(&format!(
        "protect {always} room.vv > blind.vv
         protect {always} --people-model models/people.onnx room.vv > flag.vv
         protect {always} --scene cam.toml room.vv > file.vv
         VIDVEIL_MODELS=$PWD/models protect {always} room.vv > installed.vv
         protect {always} --scene cam.toml --people-model none room.vv > none.vv"
    ));
    let last = hidden(&yard, "blind.vv").pop().unwrap();
    assert!(last < 0.1, "the figure is background without a detector, or this proves nothing: {last}");
    assert!(yard.bytes("none.vv") == yard.bytes("blind.vv"));
    for file in ["flag.vv", "file.vv", "installed.vv"] {
        let hidden = hidden(&yard, file);
        assert!(hidden.len() >= 40 && hidden.iter().all(|s| *s > 0.9), "{file}: {hidden:?}");
    }
    // those who check the settings later see that nobody was looked for
    assert!(yard.done("inspect none.vv").contains("people-model"), "{}", yard.done("inspect none.vv"));
}

#[test]
fn without_a_detector_it_is_said_what_cannot_be_seen() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 > cam.vv; mkdir models");
    let output = yard.sh("VIDVEIL_MODELS=$PWD/models protect cam.vv > public.vv");
    assert_status(&output, 0);
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 1, "{}", told(&output));
    assert!(said.contains("there and still while the scene is learned"), "{said}");
    assert!(!cfg!(feature = "detect") || said.contains("scripts/get-model people"), "{said}");
    for quiet in ["-q", "--people-model none"] {
        assert_eq!(yard.done(&format!("VIDVEIL_MODELS=$PWD/models protect {quiet} cam.vv > public.vv")), "");
    }
}

#[test]
#[cfg(not(feature = "detect"))]
fn a_build_without_detectors_says_so() {
    let yard = Yard::new();
    room(&yard);
    yard.write("people.onnx", &toy_network(Fault::None));
    let output = yard.sh("protect --people-model people.onnx room.vv > no.vv");
    assert_status(&output, 2);
    assert!(stderr(&output).contains("--people-model needs a detector, which this build leaves out"));
}

#[test]
#[cfg(feature = "detect")]
fn a_model_that_cannot_be_used_is_one_line_and_nothing_is_written() {
    let yard = Yard::new();
    room(&yard);
    let whole = toy_network(Fault::None);
    let mut cases = vec![("empty".to_owned(), Vec::new()), ("text".to_owned(), b"this is no network".to_vec())];
    let parts = [1, 2, 10, 1000, whole.len() / 2, whole.len() - 20];
    cases.extend(parts.map(|n| (format!("cut at {n}"), whole[..n].to_vec())));
    let faults = [Fault::Output, Fault::Nan, Fault::Huge, Fault::Short, Fault::Circle, Fault::Step, Fault::Input];
    cases.extend(faults.map(|fault| (format!("{fault:?}"), toy_network(fault))));
    for (name, model) in cases {
        yard.write("people.onnx", &model);
        let output = yard.sh("protect --people-model people.onnx room.vv > no.vv");
        let said = stderr(&output);
        let errors: Vec<_> = said.lines().filter(|l| l.contains("error:")).collect();
        assert!(errors.len() == 1 && !said.contains("panicked"), "{name}: {}", told(&output));
        assert!(
            errors[0].contains("the model of people \"people.onnx\" cannot be used: "),
            "{name}: {}",
            told(&output)
        );
        assert!(errors[0].len() < 400 && said.contains("scripts/get-model people"), "{name}: {}", told(&output));
        assert_status(&output, 2);
        assert_eq!(yard.size("no.vv"), 0);
    }
    // what asks for more memory than there is ends the process in jail, and nobody is shown
    yard.write("people.onnx", &toy_network(Fault::Large));
    let output = yard.sh("protect --people-model people.onnx room.vv > no.vv");
    assert_status(&output, 3);
    assert!(stderr(&output).contains("the decoder process died"), "{}", told(&output));
    let output = yard.sh("protect --people-model missing.onnx room.vv > no.vv");
    assert_status(&output, 1);
}

/// Number of threads of the processes that were started by `parent`.
#[cfg(feature = "detect")]
fn threads_below(parent: u32) -> usize {
    let mut count = 0;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // after the name, which may hold anything: the state, and who started it
        let started_by = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        if started_by == Some(parent) {
            count += std::fs::read_dir(process.path().join("task")).map_or(0, Iterator::count);
        }
    }
    count
}

#[test]
#[cfg(feature = "detect")]
fn a_network_takes_one_thread_however_many_processors_there_are() {
    use std::io::{Read, Write};
    let yard = Yard::new();
    room(&yard);
    yard.write("people.onnx", &toy_network(Fault::None));
    let stream = yard.bytes("room.vv");
    let [without, with] = ["none", "people.onnx"].map(|model| {
        let mut command = yard.command("protect", &["--learn", "1s", "--people-model", model]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // the last bytes do not come yet; what comes out comes after the network was tried
        stdin.write_all(&stream[..stream.len() - 100]).unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 64]).unwrap();
        let threads = threads_below(child.id());
        drop(stdin);
        child.wait_with_output().unwrap();
        threads
    });
    // the one that computes, and one that the library may start for itself
    assert!((without + 1..=without + 2).contains(&with), "{without} {with}");
}

#[test]
#[ignore = "needs a real network (VIDVEIL_MODELS, made by scripts/get-model people) and the judge's clips (VIDVEIL_JUDGE)"]
#[cfg(feature = "detect")]
fn a_real_network_sees_those_who_sit_and_those_who_walk() {
    use crate::support::samples::samples;
    use vidveil::privacy::{Area, PersonFinder, PersonNet};
    let (Some(models), Some(judge)) = (std::env::var_os("VIDVEIL_MODELS"), std::env::var_os("VIDVEIL_JUDGE")) else {
        return println!("skipped: VIDVEIL_MODELS or VIDVEIL_JUDGE names nothing");
    };
    let model = std::fs::read(std::path::Path::new(&models).join("people.onnx")).unwrap();
    let data = std::path::Path::new(&judge).join("../../data");
    let mut net = PersonNet::parse(&model).unwrap();
    // four sit in a class room; some eight walk over a square
    for (file, size, people) in [("faces/classroom.gif", (480, 270), 3), ("vtest.avi", (768, 576), 3)] {
        let pictures = samples(&data.join(file), size, 31);
        assert!(pictures.len() > 15, "{file}");
        for picture in pictures.iter().step_by(15) {
            let whole = Area { left: 0, top: 0, width: size.0, height: size.1 };
            let found = net.find(picture, whole).unwrap();
            let sure = found.iter().filter(|f| f.score > 0.4).count();
            assert!((people..=people * 4).contains(&sure), "{file}: {found:?}");
        }
    }
    let grey = vidveil::media::Plane::filled(640, 480, 128);
    let planes = [grey.clone(), grey.clone(), grey];
    let empty = vidveil::media::Picture { planes, pts: 0, duration: 1, full_range: false, damaged: false };
    let found = net.find(&empty, Area { left: 0, top: 0, width: 640, height: 480 }).unwrap();
    assert!(found.iter().all(|f| f.score < 0.4), "{found:?}");
}
