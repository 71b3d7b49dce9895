//! What can be reviewed after `protect`, files that are read twice, and a camera that does not wait.

use serde_json::Value;
use vidveil::format::{Reader, Record, Role};

use crate::support::yard::{Yard, assert_status, stderr, told};

/// `near.vv`: 40 pictures of a grey wall, a white figure crosses it from the second second on.
fn near(yard: &Yard) {
    yard.done(
        "ffmpeg -v error -f lavfi -i \"nullsrc=s=160x120:r=10:d=4,geq=lum='90+30*sin(X*0.7)*sin(Y*0.9)':cb=128:cr=128\" \
             -f lavfi -i color=c=white:s=20x60:r=10:d=4 -filter_complex \"[0][1]overlay=x='-70+t*50':y=40\" \
             -c:v libx264 -preset ultrafast -qp 10 -g 10 -pix_fmt yuv420p near.mp4
         capture near.mp4 > near.vv; enroll desk",
    );
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{l}: {e}"))).collect()
}

#[test]
fn report_plot_and_sealed_overlay_tell_what_was_hidden() {
    let yard = Yard::new();
    near(&yard);
    let flags = "--learn 1s --method solid --lookahead 1 --hold 0";
    yard.done(&format!(
        "encrypt-stream -r certs near.vv > sealed.vv; protect -i desk.key {flags} sealed.vv > alone.vv
         protect -i desk.key {flags} --report report.json --plot timeline.png --overlay over.vv -r certs sealed.vv > public.vv"
    ));
    assert!(yard.bytes("alone.vv") == yard.bytes("public.vv"), "reviewing changes nothing");

    let all = lines(&yard.text("report.json"));
    let (summary, pictures) = all.split_last().unwrap();
    assert_eq!(pictures.len(), 40);
    assert_eq!((&summary["summary"]["pictures"], &summary["summary"]["repeated"]), (&40.into(), &0.into()));
    assert_eq!(summary["summary"]["whole"]["learning"].as_u64(), Some(12), "a dozen at least: {summary}");
    for (n, p) in pictures.iter().enumerate() {
        assert_eq!(p["picture"].as_u64(), Some(n as u64));
        assert!((p["seconds"].as_f64().unwrap() - n as f64 / 10.0).abs() < 1e-6, "{p}");
        let learning = n < 12;
        assert_eq!(p["whole"].as_str(), learning.then_some("learning"), "{p}");
        assert_eq!(p["share"].as_f64() == Some(1.0), learning, "{p}");
    }
    // in the middle the figure stands about x = 80, y = 40 to 100
    let part = &pictures[30]["parts"][0];
    let of = |key: &str| part[key].as_u64().unwrap();
    assert!(of("x") <= 80 && of("x") + of("width") >= 100 && of("y") <= 40 && of("y") + of("height") >= 100, "{part}");
    assert!(pictures[30]["blobs"][0].as_u64().unwrap() >= 56 && pictures[30]["share"].as_f64().unwrap() < 0.5);

    let plot = yard.bytes("timeline.png");
    assert!(plot.starts_with(b"\x89PNG") && plot.len() > 1000);

    // the overlay is sealed, an original, and shows the figure with lines around it
    let mut reader = Reader::new(&*yard.bytes("over.vv").leak());
    let Some(Record::Stream(s)) = reader.next().unwrap() else { panic!("no stream") };
    assert!(s.sealed() && s.role == Role::Original);
    let output = yard.sh("view -o no.mp4 over.vv");
    assert_status(&output, 4);
    yard.done(
        "view -i desk.key -o over.mp4 over.vv
         ffmpeg -v error -i over.mp4 -fps_mode passthrough -f rawvideo -pix_fmt yuv420p over.raw",
    );
    let raw = yard.bytes("over.raw");
    let size = 160 * 120 * 3 / 2;
    assert_eq!(raw.len(), 40 * size);
    let picture = &raw[30 * size..31 * size];
    let (luma, cb) = (&picture[..160 * 120], &picture[160 * 120..]);
    assert!(luma[70 * 160 + 90] > 200, "the figure itself is seen");
    let yellow = cb[..80 * 60].iter().filter(|v| **v < 60).count();
    assert!((20..1500).contains(&yellow), "{yellow} samples of outlines");
}

#[test]
fn an_overlay_is_never_written_plain() {
    let yard = Yard::new();
    near(&yard);
    for (flags, status, says) in [
        ("--overlay over.vv", 2, "--recipient"),
        ("-r certs", 2, "-r is for --overlay"),
        ("--overlay - -r certs", 2, "go to files"),
        ("--overlay over.vv -r nowhere", 1, "nowhere"),
    ] {
        let output = yard.sh(&format!("protect --learn 0s {flags} near.vv > public.vv"));
        assert!(output.status.code() == Some(status) || says == "nowhere", "{}", told(&output));
        assert!(!output.status.success() && stderr(&output).contains(says), "{flags}: {}", told(&output));
        assert!(!yard.exists("over.vv"));
    }
    // certificates of which none can be used
    yard.done("mkdir old; cp \"$TESTDATA\"/certs/expired.pem old/");
    let output = yard.sh("protect --learn 0s --overlay over.vv -r old near.vv > public.vv");
    assert_status(&output, 4);
    assert!(!yard.exists("over.vv"), "{}", told(&output));
}

#[test]
fn two_passes_hide_people_and_nothing_else_from_the_first_picture_on() {
    let yard = Yard::new();
    near(&yard);
    yard.done(
        "encrypt-stream -r certs near.vv > sealed.vv
         protect -i desk.key --two-pass --report report.json sealed.vv > public.vv; times near.mp4 > a; view -o public.mp4 public.vv",
    );
    let all = lines(&yard.text("report.json"));
    let (summary, pictures) = all.split_last().unwrap();
    assert_eq!(pictures.len(), 40);
    assert!(pictures.iter().all(|p| p["whole"].is_null()), "{summary}");
    assert!(pictures[3]["share"].as_f64().unwrap() < 0.1 && pictures[30]["parts"][0]["width"].as_u64() >= Some(20));

    let output = yard.sh("protect -i desk.key --two-pass < sealed.vv > public.vv");
    assert_status(&output, 2);
    assert!(stderr(&output).contains("reads its input twice"), "{}", told(&output));
}

#[test]
fn a_late_analysis_repeats_the_public_picture_and_counts_it() {
    let yard = Yard::new();
    near(&yard);
    // no picture of a camera can be analysed in no time at all: each is late but the first
    let output = yard.sh("protect --learn 0s --realtime=0s --report report.json near.vv > public.vv");
    assert_status(&output, 0);
    let all = lines(&yard.text("report.json"));
    let (summary, pictures) = all.split_last().unwrap();
    let repeated = summary["summary"]["repeated"].as_u64().unwrap();
    assert!(repeated > 0 && pictures.len() == 40, "{summary}");
    assert!(
        stderr(&output).contains(&format!("{repeated} of 40 pictures were not analysed in time")),
        "{}",
        told(&output)
    );
    let facts = |p: &Value| (p["share"].clone(), p["parts"].clone());
    for pair in pictures.windows(2).filter(|pair| pair[1]["repeated"] == true) {
        assert_eq!(facts(&pair[0]), facts(&pair[1]));
    }
    // a file comes faster than the camera took it: nothing is late
    yard.done("protect --learn 1s --realtime=10m near.vv > a.vv; protect --learn 1s near.vv > b.vv; view -o a.mp4 a.vv; view -o b.mp4 b.vv");
    assert_eq!(yard.done("times a.mp4"), yard.done("times b.mp4"));
    assert_status(&yard.sh("protect --realtime --two-pass near.vv > no.vv"), 2);
}
