//! `protect` as its users see it: every picture at its time, nobody in it, and the key in one process only.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use vidveil::format::{Reader, Record};

use crate::support::streams::edited;
use crate::support::yard::{Yard, assert_status, kill, stderr, told, until};

/// A still background full of detail: where it is not hidden, neighbouring pixels differ much.
const DETAIL: &str = "geq=lum='128+90*sin(X*1.9)*sin(Y*2.3)':cb=128:cr=128";
const H264: &str = "-c:v libx264 -preset ultrafast -qp 12 -g 10 -threads 1";
const H265: &str = "-c:v libx265 -preset ultrafast -qp 12 -x265-params log-level=none:bframes=0:keyint=20:pools=1";

/// `FILE` with 10 pictures a second; `encode` says the codec.
fn detailed(yard: &Yard, file: &str, size: &str, seconds: u32, encode: &str) {
    yard.done(&format!(
        "ffmpeg -v error -f lavfi -i nullsrc=size={size}:rate=10:duration=0.1 -vf \"{DETAIL},loop=-1:1,fps=10,trim=duration={seconds},setpts=N/10/TB\" \
         -r 10 {encode} {file}"
    ));
}

/// The mean difference of neighbouring pixels in each picture of a video of this size.
fn detail(yard: &Yard, file: &str, (width, height): (usize, usize)) -> Vec<f64> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(yard.path(file))
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    let of_row = |row: &[u8]| row.windows(2).map(|p| f64::from(p[0].abs_diff(p[1]))).sum::<f64>();
    let of_picture = |p: &[u8]| p.chunks(width).map(of_row).sum::<f64>() / (width * height) as f64;
    output.stdout.chunks_exact(width * height).map(of_picture).collect()
}

/// Which pictures are hidden whole: nearly flat, where the original is full of detail.
fn hidden(yard: &Yard, file: &str, size: (usize, usize)) -> Vec<bool> {
    let detail = detail(yard, file, size);
    assert!(detail.iter().all(|d| *d < 8.0 || *d > 20.0), "neither shown nor hidden: {detail:?}");
    detail.into_iter().map(|d| d < 8.0).collect()
}

/// Size, aspect, and the times from the first picture on, since a file begins with that.
fn facts(yard: &Yard, file: &str) -> String {
    yard.done(&format!(
        "ffprobe -v error -select_streams v:0 -show_entries stream=width,height,sample_aspect_ratio,display_aspect_ratio \
         -of default {file}; times {file} | awk 'NR == 1 {{ first = $1 }} {{ print $1 - first }}'"
    ))
}

fn is_range(yard: &Yard, file: &str) -> String {
    yard.done(&format!("ffprobe -v error -select_streams v:0 -show_entries stream=color_range -of csv=p=0 {file}"))
}

#[test]
fn count_times_size_and_aspect_are_the_cameras() {
    let yard = Yard::with_camera(2);
    for (name, container, encode) in [
        ("B-frames and wide pixels", "mp4", "-c:v libx264 -preset veryfast -bf 3 -g 12 -pix_fmt yuv420p -aspect 16:9"),
        ("full range", "mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuvj420p -color_range pc"),
        ("MJPEG 4:2:2", "avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj422p"),
        ("4:4:4", "mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p"),
        ("odd sizes", "avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -s 161x121"),
        ("odd sizes, H.264", "mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p -s 163x93"),
        ("MPEG-4 with B-frames", "mp4", "-c:v mpeg4 -bf 2 -q:v 4"),
        ("uneven times", "mp4", "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p"),
    ] {
        let input = format!("in.{container}");
        let filter = if name == "uneven times" { "-vf 'select=n-5*trunc(n/5)' -fps_mode vfr" } else { "" };
        yard.done(&format!("ffmpeg -v error -y -i camera.mp4 {filter} {encode} {input}"));
        let output = yard.sh(&format!("capture {input} | protect --learn 500ms | view -f -o public.mp4"));
        assert!(output.status.success(), "{name}: {}", told(&output));
        let steady = |text: String| text.replace("N/A", "1:1").replace("display_aspect_ratio=1:1\n", "");
        let (original, public) = (steady(facts(&yard, &input)), steady(facts(&yard, "public.mp4")));
        let without_aspect =
            |t: &str| t.lines().filter(|l| !l.starts_with("display")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(without_aspect(&public), without_aspect(&original), "{name}");
        if input.ends_with("mp4") {
            assert_eq!(public, original, "{name}");
        }
        if name == "full range" {
            assert_eq!((is_range(&yard, "public.mp4"), is_range(&yard, &input)), ("pc\n".into(), "pc\n".into()));
        }
    }
}

#[test]
fn the_whole_picture_is_hidden_while_it_learns() {
    let yard = Yard::new();
    detailed(&yard, "camera.mp4", "160x120", 4, H264);
    yard.done("capture camera.mp4 | protect --learn 2s | view -o public.mp4");
    let hidden = hidden(&yard, "public.mp4", (160, 120));
    assert_eq!(hidden.len(), 40);
    assert!(hidden[..20].iter().all(|h| *h), "{hidden:?}");
    assert!(hidden[26..].iter().all(|h| !*h), "an empty scene is not shown: {hidden:?}");
    yard.done("capture camera.mp4 | protect | view -o all.mp4");
    assert!(detail(&yard, "all.mp4", (160, 120)).iter().all(|d| *d < 8.0), "learning takes 60 s unless said otherwise");
}

#[test]
fn a_damaged_packet_of_the_camera_is_a_hidden_picture_and_no_failure() {
    let yard = Yard::new();
    detailed(&yard, "camera.mp4", "160x120", 4, &format!("{H264} -bf 0"));
    yard.done("capture camera.mp4 > cam.vv; enroll desk");
    // a key frame, whose packet everything after it leans on until the next one
    let bent = edited(&yard.bytes("cam.vv"), |n, packet| {
        if n == 30 {
            let from = packet.len() / 3;
            packet[from..].iter_mut().for_each(|b| *b ^= 0x5a);
        }
        true
    });
    yard.write("bent.vv", &bent);
    yard.done("encrypt-stream -r certs bent.vv > sealed.vv");
    let output = yard.sh("protect -i desk.key --learn 500ms sealed.vv -o public.vv");
    assert_status(&output, 0);
    let said = stderr(&output);
    assert!(said.starts_with("protect: warning: ") && said.contains(" of 40 pictures are damaged"), "{said}");
    assert!(!said.contains("warning: 0 of"), "{said}");
    yard.done("view -o public.mp4 public.vv");
    assert_eq!(facts(&yard, "public.mp4"), facts(&yard, "camera.mp4"));
    let hidden = hidden(&yard, "public.mp4", (160, 120));
    assert!(hidden[30], "the damaged picture is shown: {hidden:?}");
    assert!(hidden[15..28].iter().all(|h| !*h), "good pictures are hidden, too: {hidden:?}");
    assert!(yard.done("inspect --json public.vv").contains("\"end\":\"complete\""));
}

#[test]
fn pictures_that_lean_on_one_that_never_came_are_hidden() {
    let yard = Yard::new();
    for codec in [H264, H265] {
        yard.done("rm -rf camera.mp4 cam.vv certs desk*");
        detailed(&yard, "camera.mp4", "160x120", 4, &format!("{codec} -g 20 -bf 0"));
        yard.done("capture camera.mp4 > cam.vv; enroll desk");
        // a camera that loses an access unit says nothing of it: its frames are numbered as if nothing were missing
        yard.write("lost.vv", &edited(&yard.bytes("cam.vv"), |n, _| n != 25));
        let output =
            yard.sh("encrypt-stream -r certs lost.vv | protect -i desk.key --learn 500ms -o public.vv --force");
        assert_status(&output, 0);
        yard.done("view -o public.mp4 public.vv --force");
        let hidden = hidden(&yard, "public.mp4", (160, 120));
        assert_eq!(hidden.len(), 39, "{codec}");
        // picture 25 was number 26 of the camera, and 40 begins anew
        assert!(hidden[25..39].iter().all(|h| *h), "{codec}: what leans on the lost picture is shown: {hidden:?}");
        assert!(hidden[15..23].iter().all(|h| !*h), "{codec}: good pictures are hidden, too: {hidden:?}");
    }
}

#[test]
fn a_damaged_container_ends_the_public_stream_properly() {
    let yard = Yard::with_camera(3);
    yard.done(
        "capture camera.mp4 | encrypt-stream -r certs > sealed.vv; protect -i desk.key --learn 0s sealed.vv > whole.vv",
    );
    let mut bytes = yard.bytes("sealed.vv");
    let place = bytes.len() - 3000;
    bytes[place] ^= 1;
    yard.write("bent.vv", &bytes);
    yard.write("cut.vv", &yard.bytes("sealed.vv")[..place]);
    for input in ["bent.vv", "cut.vv"] {
        let output = yard.sh(&format!("protect -i desk.key --learn 0s {input} -o public.vv -f"));
        assert_status(&output, 3);
        assert!(
            stderr(&output).starts_with("protect: error: ") && stderr(&output).lines().count() == 2,
            "{}",
            told(&output)
        );
        let output = yard.sh("view -o public.mp4 -f public.vv");
        assert_status(&output, 3);
        let (part, whole) = (yard.done("times public.mp4"), yard.done("times camera.mp4"));
        assert!(part.lines().count() > 5 && part.len() < whole.len(), "{part}");
        let shown = |times: &str| times.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert!(shown(&part).is_subset(&shown(&whole)));
        let inspected = yard.sh("inspect --json public.vv");
        assert!(String::from_utf8_lossy(&inspected.stdout).contains("\"end\":\"cut\""), "{}", told(&inspected));
    }
}

#[test]
fn another_size_of_picture_is_learned_anew() {
    let yard = Yard::new();
    let encode = format!("{H264} -bf 0 -pix_fmt yuv420p");
    detailed(&yard, "small.ts", "160x120", 4, &encode);
    detailed(&yard, "large.ts", "192x144", 4, &encode);
    // once as two recordings, once as a camera that changes its mind within one
    yard.done("{ capture small.ts; capture large.ts; } > two.vv; cat small.ts large.ts > both.ts");
    let one = yard.sh("capture both.ts > one.vv");
    assert_status(&one, 0);
    for input in ["two.vv", "one.vv"] {
        let output = yard.sh(&format!("protect --learn 2s {input} > public.vv"));
        assert_status(&output, 0);
        let sizes = yard.done("inspect --json public.vv | grep -oE '\"(width|height)\":[1-9][0-9]*' | paste -sd' '");
        assert_eq!(sizes.matches("\"width\"").count(), 2, "{input}: {sizes}");
        assert!(sizes.contains("\"width\":160") && sizes.contains("\"width\":192"), "{input}: {sizes}");
        split(&yard);
        yard.done("view -f -o first.mp4 first.vv; view -f -o second.mp4 second.vv");
        let (first, second) = (hidden(&yard, "first.mp4", (160, 120)), hidden(&yard, "second.mp4", (192, 144)));
        assert_eq!((first.len(), second.len()), (40, 40), "{input}");
        assert!(first[..20].iter().all(|h| *h) && second[..20].iter().all(|h| *h), "{input}: {first:?} {second:?}");
        // a change is seen two pictures ahead, and hidden from there on
        assert!(!first[35] && !second[35], "{input}: {first:?} {second:?}");
    }
}

/// `public.vv` as the two streams in it.
fn split(yard: &Yard) {
    let bytes = yard.bytes("public.vv");
    let mut reader = Reader::new(bytes.as_slice());
    let mut end = 0;
    while let Some(record) = reader.next().unwrap() {
        if matches!(record, Record::End(_)) {
            end = usize::try_from(reader.offset()).unwrap();
            break;
        }
    }
    yard.write("first.vv", &bytes[..end]);
    yard.write("second.vv", &bytes[end..]);
}

/// `protect -i desk.key -o public.vv` in the middle of its work, and its decoder's process id.
fn in_the_middle(yard: &Yard, sealed: &[u8]) -> (Child, u32) {
    let arguments = ["-i", "desk.key", "--learn", "0s", "--lookahead", "0", "--low-latency", "-o", "public.vv"];
    let mut child = yard.command("protect", &arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(&sealed[..sealed.len() - 2000]).unwrap();
    until("some pictures are public", || yard.size("public.vv") > 3000);
    let worker = children(child.id());
    assert_eq!(worker.len(), 1, "protect decodes in one other process");
    (child, worker[0])
}

fn children(parent: u32) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|e| e.unwrap().file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default().to_owned();
        after_name.split(' ').nth(1) == Some(&parent.to_string())
    };
    numbers.filter(is_child).collect()
}

#[test]
fn the_process_that_decodes_never_sees_the_key() {
    let yard = Yard::with_camera(3);
    yard.done("capture camera.mp4 | encrypt-stream -r certs > sealed.vv");
    let sealed = yard.bytes("sealed.vv");
    let (mut child, worker) = in_the_middle(&yard, &sealed);
    let told = ["cmdline", "environ"].map(|file| fs::read(format!("/proc/{worker}/{file}")).unwrap_or_default());
    let line = String::from_utf8_lossy(&told[0]).into_owned();
    assert!(line.contains("--worker") && !line.contains("desk") && !line.contains("identity"), "{line}");
    assert!(!String::from_utf8_lossy(&told[1]).contains("desk.key"));
    // the system shows them to root only, since neither process may be looked into
    if let Ok(files) = fs::read_dir(format!("/proc/{worker}/fd")) {
        let open: Vec<_> = files.map(|f| fs::read_link(f.unwrap().path()).unwrap_or_default()).collect();
        let has = |what: &str| open.iter().any(|f| f.to_string_lossy().contains(what));
        assert!(has("pipe:") && !has("desk.key") && !has("public.vv"), "{open:?}");
    }
    child.stdin.as_mut().unwrap().write_all(&sealed[sealed.len() - 2000..]).unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_decoder_that_dies_leaves_a_well_formed_stream() {
    let yard = Yard::with_camera(3);
    yard.done("capture camera.mp4 | encrypt-stream -r certs > sealed.vv");
    let sealed = yard.bytes("sealed.vv");
    let (mut child, worker) = in_the_middle(&yard, &sealed);
    kill(worker, Signal::KILL);
    let _ = child.stdin.as_mut().unwrap().write_all(&sealed[sealed.len() - 2000..]);
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_status(&output, 3);
    assert!(stderr(&output).starts_with("protect: error: the decoder process died"), "{}", told(&output));
    let inspected = yard.sh("inspect --json public.vv");
    assert!(String::from_utf8_lossy(&inspected.stdout).contains("\"end\":\"cut\""), "{}", told(&inspected));
    assert_status(&yard.sh("view -o public.mp4 public.vv"), 3);
    assert!(yard.done("times public.mp4").lines().count() > 2);
}
