//! Golden files, as users would keep them: what `testdata/golden/README.md` shows is run as it stands there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::testdata;
use crate::support::yard::{Yard, path_with_commands, told};

fn golden() -> PathBuf {
    testdata("golden")
}

#[test]
fn every_example_of_the_readme_succeeds() {
    let readme = fs::read_to_string(golden().join("README.md")).unwrap();
    let examples: Vec<&str> =
        readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(examples.len() >= 5, "only {} examples found", examples.len());
    for example in examples {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", example])
            .current_dir(golden())
            .env("PATH", path_with_commands())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "{example}\n{}", told(&output));
    }
}

#[test]
fn the_clip_is_small_and_its_listing_complete() {
    assert!(fs::metadata(golden().join("gate.mp4")).unwrap().len() < 30_000);
    for listing in ["gate.frames", "gate.times", "gate.hidden"] {
        assert_eq!(fs::read_to_string(golden().join(listing)).unwrap().lines().count(), 60, "{listing}");
    }
}

/// The pictures of a 160x120 video, grey.
fn pictures(video: PathBuf) -> Vec<Vec<u8>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(video)
        .args(["-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    output.stdout.chunks_exact(160 * 120).map(<[u8]>::to_vec).collect()
}

/// Percent of the 16x16 blocks that differ clearly from the original's.
fn hidden(original: &[u8], public: &[u8]) -> i32 {
    let (mut blocks, mut changed) = (0, 0);
    for y in (0..112).step_by(16) {
        for x in (0..160).step_by(16) {
            let pixels = (y..y + 16).flat_map(|y| (x..x + 16).map(move |x| y * 160 + x));
            let difference: u32 = pixels.map(|i| u32::from(original[i].abs_diff(public[i]))).sum();
            blocks += 1;
            changed += i32::from(difference > 256 * 4);
        }
    }
    100 * changed / blocks
}

#[test]
fn as_much_of_each_picture_is_hidden_as_ever() {
    let yard = Yard::new();
    let clip = golden().join("gate.mp4");
    yard.done(&format!("capture {} | protect --learn 1s | view -o public.mp4", clip.display()));
    let (original, public) = (pictures(clip), pictures(yard.path("public.mp4")));
    assert_eq!(original.len(), public.len());
    let shares: Vec<i32> = original.iter().zip(&public).map(|(o, p)| hidden(o, p)).collect();
    let path = golden().join("gate.hidden");
    if std::env::var_os("VIDVEIL_WRITE_EXPECTED").is_some() {
        fs::write(&path, shares.iter().map(|s| format!("{s}\n")).collect::<String>()).unwrap();
    }
    let expected: Vec<i32> = fs::read_to_string(path).unwrap().lines().map(|l| l.parse().unwrap()).collect();
    let far: Vec<_> = shares.iter().zip(&expected).enumerate().filter(|(_, (s, e))| s.abs_diff(**e) > 6).collect();
    assert!(far.is_empty(), "(picture, (share, expected)): {far:?}");
}
