//! The programs in `examples/` for users of the library do what they say.

use std::path::Path;
use std::process::Command;

use crate::support::clips::clip;
use crate::support::examples::example;
use crate::support::testdata;

fn run(name: &str, arguments: &[&Path]) -> String {
    let output = Command::new(example(name)).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_film_is_sealed_to_a_folder_opened_and_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (film, archive) = (folder.path().join("film.mp4"), folder.path().join("archive"));
    clip(&film, "-f lavfi -i testsrc2=size=160x120:rate=25 -t 2 -c:v libx264 -g 25");
    let certificate = testdata("certs/p256.pem");
    let kept = run("seal_to_folder", &[&film, &certificate, &archive]);
    assert_eq!(kept.lines().count(), 1, "{kept}");
    let segment = archive.join(kept.split(':').next().unwrap());

    let opened = run("open_and_decode", &[&segment, &testdata("certs/p256.key")]);
    assert!(opened.starts_with("h264, "), "{opened}");
    assert!(opened.contains("\n50 pictures, 2 key frames, "), "{opened}");

    let elsewhere = run("custom_storage", &[&segment]);
    assert!(elsewhere.starts_with("gate (original): 1 segments\n"), "{elsewhere}");
}
