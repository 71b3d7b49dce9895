//! The jobs of scripts/cron and scripts/systemd on a small archive: quiet when all is well, one line and the exit
//! status when not.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::repository;
use crate::support::yard::{Yard, assert_status, commands, stderr, told};

const JOBS: [&str; 3] = ["vidveil-verify", "vidveil-rewrap", "vidveil-expiry"];

fn scripts(path: &str) -> PathBuf {
    repository("scripts").join(path)
}

/// The command of a crontab's only line, as cron gives it to the shell.
fn cron_command(job: &str) -> String {
    let crontab = fs::read_to_string(scripts("cron").join(job)).unwrap();
    assert_eq!(crontab.matches('\n').count(), 1, "{crontab}");
    let mut fields = crontab.trim_end().splitn(7, ' ');
    let when: Vec<_> = fields.by_ref().take(5).collect();
    assert!(when.iter().all(|f| *f == "*" || f.parse::<u8>().is_ok()), "{when:?}");
    assert_eq!(fields.next(), Some("vidveil"), "the user");
    let command = fields.next().unwrap();
    // cron takes the first "%" without a backslash for the end of the line
    assert!(command.match_indices('%').all(|(at, _)| command[..at].ends_with('\\')), "{command}");
    command.replace("\\%", "%")
}

/// An archive of three signed segments for a desk, whose certificate ends in 40 days, and a server; etc/ and var/ as
/// the jobs want them.
pub fn site() -> Yard {
    let yard = Yard::new();
    yard.done(
        "mkdir -p etc/certs var
        enroll-cert -q --generate --name desk --days 40 --key etc/officer.key -o etc/certs/desk.pem
        enroll-cert -q --generate --name server --key server.key -o etc/certs/server.pem
        enroll-cert -q --generate --for signing --name archiver --key archiver.key -o etc/archiver.pem
        enroll-cert -q --generate --for signing --name officer --key etc/officer-sign.key -o etc/officer-sign.pem
        scene camera.mp4 160x120 6
        capture -q --camera gate camera.mp4 |
            encrypt-stream -q -r etc/certs --sign archiver.key --signer etc/archiver.pem --rekey-interval 1s |
            record -q var/gate --segment 2s",
    );
    assert_eq!(segments(&yard).len(), 3);
    yard
}

fn segments(yard: &Yard) -> Vec<PathBuf> {
    let entries = fs::read_dir(yard.path("var/gate")).unwrap().map(|e| e.unwrap().path());
    let mut segments: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "vv")).collect();
    segments.sort();
    segments
}

/// Runs a job of cron with this machine's folders; `clock` as in "+10d".
fn run(yard: &Yard, job: &str, clock: &str) -> Output {
    let here = |name: &str| yard.path(name).to_str().unwrap().to_owned();
    let command = cron_command(job)
        .replace("/usr/local/share/vidveil/one-line", scripts("cron/one-line").to_str().unwrap())
        .replace("/usr/local/bin/vidveil", commands().join("vidveil").to_str().unwrap())
        .replace("/etc/vidveil", &here("etc"))
        .replace("/var/lib/vidveil", &here("var"));
    // only the time of day: a thread that sleeps for a moment must not sleep for days
    let home = format!("HOME={}", here("home"));
    let cron = [
        "-i",
        "PATH=/usr/bin:/bin",
        // as cron sets it: that of the user
        &home,
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "faketime",
        "-f",
        clock,
        "/bin/sh",
        "-c",
        &command,
    ];
    Command::new("env").args(cron).current_dir("/").output().unwrap()
}

#[track_caller]
fn assert_quiet(output: &Output) {
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{}", told(output));
}

/// Exit status, and one line that has all of these.
#[track_caller]
fn assert_one_line(output: &Output, status: i32, says: &[&str]) {
    assert_status(output, status);
    let line = stderr(output);
    assert!(output.stdout.is_empty() && line.matches('\n').count() == 1, "{}", told(output));
    assert!(says.iter().all(|s| line.contains(s)), "{line}");
}

#[test]
fn the_nightly_verify_finds_damage_and_holes() {
    let yard = site();
    assert_quiet(&run(&yard, "vidveil-verify", "+0"));
    assert_eq!(yard.text("var/verify.txt").matches(": authenticated").count(), 3);

    let middle = segments(&yard)[1].clone();
    let good = fs::read(&middle).unwrap();
    let mut bad = good.clone();
    // in the frames: the lists of recipients before them have two fixed slots
    let at = bad.len() - 3500;
    bad[at] ^= 1;
    fs::write(&middle, &bad).unwrap();
    let report = yard.path("var/verify.txt");
    assert_one_line(&run(&yard, "vidveil-verify", "+0"), 3, &["verify: error: ", report.to_str().unwrap()]);
    let name = middle.file_name().unwrap().to_str().unwrap();
    assert!(yard.text("var/verify.txt").contains(name), "{}", yard.text("var/verify.txt"));

    fs::remove_file(&middle).unwrap();
    assert_one_line(&run(&yard, "vidveil-verify", "+0"), 3, &["verify: error: ", "hole"]);
    fs::write(&middle, &good).unwrap();
    assert_quiet(&run(&yard, "vidveil-verify", "+0"));
}

#[test]
fn the_expiry_warning_comes_a_month_before_recording_stops() {
    let yard = site();
    assert_quiet(&run(&yard, "vidveil-expiry", "+0"));
    assert_quiet(&run(&yard, "vidveil-expiry", "+9d"));
    assert_one_line(&run(&yard, "vidveil-expiry", "+11d"), 4, &["recording stops in 28 days", "CN=desk"]);
    assert_one_line(
        &run(&yard, "vidveil-expiry", "+41d"),
        4,
        &["2 usable certificates are asked for, and there are 1"],
    );
    // a successor next to it, and all is well again
    yard.done("enroll-cert -q --generate --name successor --key successor.key -o etc/certs/successor.pem");
    assert_quiet(&run(&yard, "vidveil-expiry", "+41d"));
}

#[test]
fn the_end_of_a_signer_is_warned_of_as_well() {
    let ends_in_40_days = "enroll-cert -q -f --generate --for signing --days 40 --name";
    for (name, command) in [
        ("archiver", format!("{ends_in_40_days} archiver --key archiver.key -o etc/archiver.pem")),
        ("officer", format!("{ends_in_40_days} officer --key etc/officer-sign.key -o etc/officer-sign.pem")),
    ] {
        let yard = site();
        // the desk's certificate is not what ends here
        yard.done("enroll-cert -q --generate --name more --key more.key -o etc/certs/more.pem");
        yard.done(&command);
        assert_quiet(&run(&yard, "vidveil-expiry", "+9d"));
        let subject = format!("\"CN={name}\"");
        let soon = run(&yard, "vidveil-expiry", "+11d");
        assert_one_line(&soon, 4, &["the signer", &subject, "can sign for 28 days only"]);
        let late = run(&yard, "vidveil-expiry", "+41d");
        assert_one_line(&late, 4, &["the signer", &subject, "cannot sign: has expired"]);
    }
}

#[test]
fn the_monthly_rewrap_is_done_once_and_the_archive_still_verifies() {
    let yard = site();
    // more than 60 days of nobody's certificate: nothing to do
    yard.done("mv etc/certs/desk.pem desk.pem; enroll-cert -q --generate --name successor --key successor.key -o etc/certs/successor.pem");
    let opens = |key: &str| yard.sh(&format!("decrypt-stream -q -i {key} var/gate > /dev/null")).status.code();
    assert_eq!((opens("etc/officer.key"), opens("successor.key")), (Some(0), Some(4)));

    assert_quiet(&run(&yard, "vidveil-rewrap", "+0"));
    assert_eq!((opens("etc/officer.key"), opens("successor.key")), (Some(4), Some(0)));
    let after = state(&yard);
    assert_quiet(&run(&yard, "vidveil-rewrap", "+0"));
    // the officer's key opens nothing any more: a second time would have failed
    assert_quiet(&run(&yard, "vidveil-rewrap", "+31d"));
    assert_eq!(state(&yard), after);
    assert_quiet(&run(&yard, "vidveil-verify", "+0"));
}

#[test]
fn a_rewrap_that_cannot_open_says_so_and_changes_nothing() {
    let yard = site();
    yard.done("cp server.key officer.key; enroll-cert -q --generate --name nobody --key nobody.key -o nobody.pem; mv nobody.key etc/officer.key");
    let before = state(&yard);
    assert_one_line(&run(&yard, "vidveil-rewrap", "+0"), 1, &["reprocess: error: ", "3 failed"]);
    assert_eq!(state(&yard), before);
    assert!(yard.text("var/rewrap.txt").contains("refused"), "{}", yard.text("var/rewrap.txt"));
    assert_quiet(&run(&yard, "vidveil-verify", "+0"));
}

/// Bytes and time of every segment.
fn state(yard: &Yard) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let one = |p: PathBuf| (p.clone(), (fs::read(&p).unwrap(), fs::metadata(&p).unwrap().modified().unwrap()));
    segments(yard).into_iter().map(one).collect()
}

#[test]
fn one_line_says_the_error_of_a_command_and_nothing_else() {
    let run = |command: &str| Command::new(scripts("cron/one-line")).args(["sh", "-c", command]).output().unwrap();
    assert_quiet(&run("echo result"));
    assert_one_line(
        &run("echo a: warning: x >&2; echo a: error: y >&2; echo a: hint: z >&2; exit 4"),
        4,
        &["a: error: y"],
    );
    assert_one_line(&run("echo odd >&2; echo more >&2; exit 1"), 1, &["odd"]);
    assert_one_line(&run("echo a: warning: x >&2; echo a: hint: y >&2"), 0, &["a: warning: x"]);
    assert_one_line(&run("exit 7"), 7, &["sh: error: ended with 7"]);
}

/// What a command gives to one-line, a word a line; without the niceness that systemd has a setting for.
fn words(command: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let show = folder.path().join("show");
    fs::write(&show, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
    let script = command.replace("/usr/local/share/vidveil/one-line", &format!("sh {}", show.display()));
    // where systemd has what cron's user has in its folders
    let folders = [("CREDENTIALS_DIRECTORY", "/etc/vidveil"), ("STATE_DIRECTORY", "/var/lib/vidveil")];
    let output = Command::new("sh").args(["-c", &script]).envs(folders).output().unwrap();
    assert_status(&output, 0);
    let words = String::from_utf8(output.stdout).unwrap().replace("nice\n-n\n19\n", "");
    words.lines().map(str::to_owned).collect()
}

#[test]
fn a_timer_does_what_cron_does() {
    for job in JOBS {
        let unit = fs::read_to_string(scripts("systemd").join(format!("{job}.service"))).unwrap();
        let exec =
            unit.lines().find_map(|l| l.strip_prefix("ExecStart=")).unwrap().replace("%%", "%").replace("$$", "$");
        let words_of_unit = words(&exec);
        assert!(words_of_unit.len() > 4, "{exec}");
        assert_eq!(words_of_unit, words(&cron_command(job)), "{job}");
        assert!(scripts("systemd").join(format!("{job}.timer")).exists());
    }
}

#[test]
fn the_jobs_are_installed_when_asked_for_and_systemd_accepts_them() {
    let machine = tempfile::tempdir().unwrap();
    let (built, prefix) = (machine.path().join("built"), machine.path().join("opt"));
    fs::create_dir(&built).unwrap();
    for source in fs::read_dir(repository("src/bin")).unwrap() {
        fs::write(built.join(source.unwrap().path().file_stem().unwrap()), "#!/bin/sh\n").unwrap();
    }
    let install = |flags: &[&str]| {
        let mut command = Command::new(scripts("install"));
        command.args(["--no-build", "--from"]).arg(&built).args(flags).arg(&prefix);
        assert_status(&command.output().unwrap(), 0);
    };
    install(&[]);
    assert!(
        !prefix.join("share/vidveil/cron").exists() && !prefix.join("lib/systemd").exists(),
        "nobody asked for them"
    );
    install(&["--with", "cron", "--with", "systemd", "--with", "cluster"]);
    for job in JOBS {
        let crontab = fs::read_to_string(prefix.join("share/vidveil/cron").join(job)).unwrap();
        assert!(!crontab.contains("/usr/local") && crontab.contains(prefix.to_str().unwrap()), "{crontab}");
    }
    assert!(prefix.join("share/vidveil/cluster/reprocess.sbatch").exists());

    let units = prefix.join("lib/systemd/system");
    let names: Vec<_> = fs::read_dir(&units).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(names.len() >= 2 * JOBS.len(), "{names:?}");
    match Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&names).output() {
        Ok(verdict) => assert_quiet(&verdict),
        Err(_) => eprintln!("skipped: systemd's verdict: there is no systemd-analyze (scripts/setup installs systemd)"),
    }

    let mut uninstall = Command::new(scripts("install"));
    assert_status(&uninstall.arg("--uninstall").arg(&prefix).output().unwrap(), 0);
    assert!(!prefix.exists(), "nothing is left");
}
