//! What the programs that a command starts find in their environment: no secret of ours. strace shows it of each.

use crate::support::yard::{Yard, assert_status, told};

/// What must not be passed on, each with a value that shows.
const SECRETS: &str = "export AWS_ACCESS_KEY_ID=hidden-1 AWS_SECRET_ACCESS_KEY=hidden-2 AWS_SESSION_TOKEN=hidden-3 \
    DB_PASSWORD=hidden-4 GITHUB_TOKEN=hidden-5 CARD_PIN=hidden-6 PASSPHRASE=hidden-7 API_KEY=hidden-8 \
    CLIENT_SECRET=hidden-9 HARMLESS=seen";

/// A yard with a sealed recording.
fn yard() -> Yard {
    let yard = Yard::with_camera(3);
    yard.done(
        "capture -q camera.mp4 --epoch 1s | encrypt-stream -q -r certs/ > sealed.vv; mkdir in; cp sealed.vv in/a.vv",
    );
    yard
}

/// Every program that the command starts, with its arguments and its environment.
#[track_caller]
fn started_by(yard: &Yard, command: &str) -> Vec<String> {
    let strace = "strace -f -qq -v -s 1000000 -e trace=execve -e signal=none -o calls";
    let output = yard.sh(&format!("{SECRETS}; {strace} {command}"));
    assert_status(&output, 0);
    let calls = yard.text("calls");
    let mut programs = calls.lines().filter(|line| line.contains("execve("));
    let own = programs.next().unwrap();
    assert!(own.contains("hidden-1") && own.contains("HARMLESS=seen"), "strace shows no environment: {own}");
    let started: Vec<_> = programs.map(str::to_owned).collect();
    assert!(!started.is_empty(), "{command} starts nothing: {}", told(&output));
    started
}

#[test]
fn who_reads_and_decodes_video_has_no_environment() {
    let yard = yard();
    for command in [
        "capture -q camera.mp4 -o out.vv",
        "protect -q --learn 1s -i desk.key sealed.vv -o public.vv",
        "view -q -i desk.key --snapshot 1 sealed.vv -o picture.png",
        "view -q -i desk.key --contact-sheet sheet.png sealed.vv",
    ] {
        for program in started_by(&yard, command) {
            assert!(!program.contains("hidden-") && !program.contains("HARMLESS"), "{command}: {program}");
        }
    }
}

#[test]
fn a_player_gets_no_secret_and_no_descriptor() {
    let yard = yard();
    yard.done("printf '#!/bin/sh\\ncat > shown; ls /proc/self/fd > open; exit 0\\n' > player; chmod 755 player");
    let started = started_by(&yard, "view -q -i desk.key --play --player ./player sealed.vv 5< sealed.vv");
    for program in &started {
        // the process that makes the video for the player has no environment at all
        let is_ours = program.contains("--handle-foreign-video");
        assert!(!program.contains("hidden-") && program.contains("HARMLESS=seen") != is_ours, "{program}");
    }
    assert!(yard.size("shown") > 1000);
    // of ls: stdin, stdout, stderr, and the folder that it reads
    assert_eq!(yard.text("open").lines().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn jobs_get_the_secrets_that_they_are_given_by_name() {
    let yard = yard();
    let run = |more: &str| {
        let command = format!("reprocess -q {more} -i desk.key --do 'decrypt-stream -q | cat' --again-after 0s in out");
        started_by(&yard, &command)
    };
    let started = run("");
    assert!(started.iter().any(|program| program.contains("decrypt-stream") && program.contains("HARMLESS=seen")));
    for program in &started {
        assert!(!program.contains("hidden-"), "{program}");
    }
    let started = run("--pass-env GITHUB_TOKEN");
    let job = started.iter().find(|program| program.contains("decrypt-stream")).unwrap();
    assert!(job.contains("hidden-5") && job.matches("hidden-").count() == 1, "{job}");
    // who only watches over the jobs does not get it either
    let others =
        started.iter().filter(|program| program.contains("set -o pipefail\", ") || program.contains("while read -r"));
    assert!(others.clone().count() >= 2 && others.clone().all(|program| !program.contains("hidden-")), "{started:?}");
}
