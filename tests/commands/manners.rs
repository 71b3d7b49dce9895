//! What every command does alike, tried with real processes on `examples/copy.rs`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::examples::example;
use crate::support::output::assert_ends;

fn copy() -> Command {
    let mut command = Command::new(example("copy"));
    command.stdin(Stdio::null());
    command
}

/// A folder with `in` in it, whose content is `evidence`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in"), "evidence").unwrap();
    folder
}

fn run_in(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    copy().current_dir(folder.path()).args(arguments).output().unwrap()
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_argument_goes_to_stdout_or_to_the_output() {
    let folder = folder();
    let output = run_in(&folder, &["in"]);
    assert_ends(&output, 0, "");
    assert_eq!(output.stdout, b"evidence");
    assert_ends(&run_in(&folder, &["in", "-o", "out"]), 0, "");
    assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"evidence");
    let piped = copy().arg("-").stdin(File::open(folder.path().join("in")).unwrap()).output().unwrap();
    assert_eq!(piped.stdout, b"evidence");
}

#[test]
fn an_input_that_cannot_be_read_is_reported_in_one_line() {
    let folder = folder();
    assert_ends(&run_in(&folder, &["none"]), 1, "copy: error: no such file: \"none\"\n");
    assert_ends(&run_in(&folder, &["."]), 2, "copy: error: \".\" is a folder, not a file\n");
    assert_ends(
        &run_in(&folder, &["in", "--forse"]),
        2,
        "copy: error: unexpected argument '--forse' found\ncopy: hint: a similar argument exists: '--force'\n",
    );
    assert_ends(&run_in(&folder, &[]), 3, "copy: error: nothing arrived: did the command before fail?\n");
}

#[test]
fn a_taken_name_is_replaced_with_force_only() {
    let folder = folder();
    fs::write(folder.path().join("out"), "older evidence").unwrap();
    for whole in [&["--whole"][..], &[]] {
        let plain = [&["in", "-o", "out"], whole].concat();
        assert_ends(
            &run_in(&folder, &plain),
            2,
            "copy: error: \"out\" exists already\n\
             copy: hint: choose another name, or use --force to replace it\n",
        );
        assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"older evidence");
        assert_ends(&run_in(&folder, &[&plain[..], &["-f"]].concat()), 0, "");
        assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"evidence");
        fs::write(folder.path().join("out"), "older evidence").unwrap();
    }
    assert_eq!(names(&folder), ["in", "out"]);
}

#[test]
fn the_input_is_never_the_output_by_any_name() {
    let folder = folder();
    fs::hard_link(folder.path().join("in"), folder.path().join("link")).unwrap();
    for whole in [&["--whole"][..], &[]] {
        let output = run_in(&folder, &[&["in", "-o", "link", "--force"], whole].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("copy: error: the output \"link\" is the input\n"));
    }
    let appended = File::options().append(true).open(folder.path().join("in")).unwrap();
    let output = copy().arg(folder.path().join("in")).stdout(appended).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read(folder.path().join("in")).unwrap(), b"evidence");
}

#[test]
fn a_failed_command_leaves_a_file_only_where_it_is_an_authentic_prefix() {
    for (status, kept) in [("1", false), ("2", false), ("3", true), ("4", false), ("5", false)] {
        let folder = folder();
        let output = run_in(&folder, &["in", "-o", "out", "--fail", status]);
        assert_ends(&output, status.parse().unwrap(), "copy: error: as you wish\ncopy: hint: do not say --fail\n");
        assert_eq!(folder.path().join("out").exists(), kept, "status {status}");
    }
    let folder = folder();
    run_in(&folder, &["in", "-o", "out", "--whole", "--fail", "1"]);
    assert_eq!(names(&folder), ["in"]);
}

#[test]
fn nothing_arrived_means_no_file() {
    let folder = folder();
    assert_eq!(run_in(&folder, &["-o", "out"]).status.code(), Some(3));
    assert_eq!(names(&folder), ["in"]);
}

#[test]
fn a_device_is_written_to_and_stays() {
    let folder = folder();
    let before = fs::metadata("/dev/null").unwrap().ino();
    assert_ends(&run_in(&folder, &["in", "-o", "/dev/null"]), 0, "");
    assert_eq!(run_in(&folder, &["in", "-o", "/dev/null", "--fail", "1"]).status.code(), Some(1));
    let whole = run_in(&folder, &["in", "-o", "/dev/null", "--whole", "--force"]);
    assert_ends(&whole, 2, "copy: error: \"/dev/null\" is no regular file\n");
    assert_eq!(fs::metadata("/dev/null").unwrap().ino(), before);
}

#[test]
fn a_full_disk_is_a_failure_that_names_it() {
    let folder = folder();
    let output = run_in(&folder, &["in", "-o", "/dev/full"]);
    let said = "copy: error: cannot write \"/dev/full\": no space left on device (it has 0 B, and 8 B more are wanted)\n\
                copy: hint: make room there, or write to another disk\n";
    assert_ends(&output, 1, said);
}

#[test]
fn a_reader_that_goes_away_ends_it_without_a_word() {
    let mut child = copy().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"one").unwrap();
    assert_ends(&child.wait_with_output().unwrap(), 141, "");
}

/// Sends `byte` through the running copy.
fn echo(child: &mut Child, byte: u8) {
    child.stdin.as_mut().unwrap().write_all(&[byte]).unwrap();
    let mut back = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut back).unwrap();
    assert_eq!(back, [byte]);
}

#[test]
fn the_first_signal_lets_it_read_to_the_end_one_a_second_later_stops_it() {
    for (signal, signals, expected) in [(Signal::INT, 1, 0), (Signal::TERM, 1, 0), (Signal::INT, 2, 130)] {
        let mut child = copy().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        echo(&mut child, b'a');
        for n in 0..signals {
            if n > 0 {
                // sooner it would be the same one
                std::thread::sleep(std::time::Duration::from_millis(1500));
            }
            // The echo before shows that the handlers stand, and that the last signal was taken.
            kill_process(Pid::from_child(&child), signal).unwrap();
            if expected == 0 {
                echo(&mut child, b'b');
            } else {
                // The second one ends it, so its echo may not come any more.
                let _ = child.stdin.as_mut().unwrap().write_all(b"b");
                let _ = child.stdout.as_mut().unwrap().read(&mut [0]);
            }
        }
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{signals} of {signal:?}");
    }
}

#[test]
fn a_pass_phrase_comes_from_a_file_and_one_that_others_can_read_is_warned_of() {
    let folder = folder();
    let path = folder.path().join("phrase");
    fs::write(&path, "correct horse\nsecond line").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let arguments = ["in", "-o", "out", "-f", "--ask", "--passphrase-file", "phrase"];
    assert_ends(
        &run_in(&folder, &arguments),
        0,
        "copy: warning: \"phrase\" can be read by other users of this machine (mode 644)\n\
         copy: hint: chmod 600 \"phrase\"\n\
         copy: a pass phrase of 13 bytes\n",
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_ends(&run_in(&folder, &[&arguments[..], &["-q"]].concat()), 0, "");
}

#[test]
fn without_a_terminal_the_pass_phrase_is_refused_with_the_way_out() {
    let folder = folder();
    // setsid takes the terminal away that the tests may run on.
    let output = Command::new("setsid")
        .arg("--wait")
        .arg(example("copy"))
        .args(["in", "--ask"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_ends(
        &output,
        4,
        "copy: error: there is no terminal to ask for the pass phrase\n\
         copy: hint: give --passphrase-file FILE\n",
    );
}

/// Runs a command line of `copy` on a terminal of its own; gives its exit status and what showed.
fn on_a_terminal(folder: &tempfile::TempDir, line: &str) -> (Option<i32>, String) {
    let output = Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--command",
            &format!("copy() {{ '{}' \"$@\"; }}; {line}", example("copy").display()),
        ])
        .arg("/dev/null")
        .env("SHELL", "/bin/sh")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).replace('\r', ""))
}

#[test]
fn binary_data_is_written_to_a_terminal_on_request_only() {
    let folder = folder();
    let (status, shown) = on_a_terminal(&folder, "copy in");
    assert_eq!(
        (status, shown.lines().next()),
        (Some(2), Some("copy: error: binary data is not written to a terminal"))
    );
    assert_eq!(on_a_terminal(&folder, "copy in -o -"), (Some(0), "evidence".to_owned()));
    let (status, shown) = on_a_terminal(&folder, "copy > out");
    assert_eq!((status, shown.lines().next()), (Some(2), Some("copy: error: input is a terminal")));
}

#[test]
fn memory_is_never_written_to_a_core_file() {
    let mut child = copy().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    echo(&mut child, b'a');
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"]);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn help_ends_with_the_exit_status_table() {
    let output = copy().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("--passphrase-file <FILE>"));
    let table = help.split_once("Exit status:\n").unwrap().1;
    assert_eq!(table.lines().count(), 8);
    assert!(!help.contains("man-page"));
    assert_eq!(copy().arg("--version").output().unwrap().stdout, b"copy 0.1.0 (vidveil)\n");
}
