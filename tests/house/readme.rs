//! Every command line that README shows is run, in README's order, in an empty folder with a camera's video in it.

use std::fs;
use std::process::Command;

use crate::support::clips::clip;
use crate::support::repository;
use crate::support::yard::path_with_commands;

/// The text between "```sh" and "```", block after block.
fn blocks(markdown: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in markdown.lines() {
        match (inside, line) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            // bash's -e does not mind a command after "!" that succeeds
            (true, line) if line.starts_with("! ") => {
                let command = &line[2..];
                script += &format!("if {command}; then echo 'did not fail: {command}' >&2; exit 99; fi\n");
            }
            (true, line) => script += &format!("{line}\n"),
            _ => {}
        }
    }
    script
}

#[test]
fn every_command_line_of_readme_works() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let script = blocks(&readme);
    assert!(script.lines().filter(|l| !l.is_empty()).count() > 20, "README's examples were not found");
    for command in
        ["enroll-cert", "capture", "encrypt-stream", "decrypt-stream", "protect", "view", "rewrap", "inspect", "verify"]
    {
        assert!(script.contains(command), "README shows no {command}");
    }
    let folder = tempfile::tempdir().unwrap();
    let source = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=5";
    let codec = "-c:v libx264 -preset veryfast -g 10 -pix_fmt yuv420p";
    clip(&folder.path().join("camera.mp4"), &format!("{source} {codec}"));
    let path = path_with_commands();
    let done = Command::new("bash").args(["-euc", &script]).env("PATH", path).current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}\n{said}\n{script}", done.status);
    for (file, frames) in [
        ("public.mp4", 50..=50),
        ("original.mp4", 50..=50),
        ("live.mp4", 50..=50),
        ("now.mp4", 50..=50),
        ("hsm.mp4", 50..=50),
        ("part.mp4", 20..=23),
    ] {
        let count = Command::new("ffprobe")
            .args(["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", file])
            .current_dir(&folder)
            .output()
            .unwrap();
        let count: u32 = String::from_utf8_lossy(&count.stdout).trim().parse().unwrap();
        // a part carries the pictures that its own lean on
        assert!(frames.contains(&count), "{count} frames in {file}");
    }
    assert_eq!(fs::metadata(folder.path().join("secret.bin")).unwrap().len(), 32, "openssl opens the session secret");
    assert!(fs::read_to_string(folder.path().join("now.frames")).unwrap().lines().count() >= 50);
}
