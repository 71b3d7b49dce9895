//! How commands are run, and what is asserted of how they ended.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs a command with these bytes on stdin. It may stop reading before their end.
pub fn fed(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

/// Runs a program with `input` on stdin.
pub fn run(program: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments);
    fed(command, input)
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Everything about how a command ended, for the message of a failed assertion.
pub fn told(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

#[track_caller]
pub fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", told(output));
}

/// The exit status, and all of stderr.
#[track_caller]
pub fn assert_ends(output: &Output, status: i32, said: &str) {
    assert_eq!((output.status.code(), stderr(output).as_str()), (Some(status), said));
}

/// The exit status, and words that stderr has in some place.
#[track_caller]
pub fn assert_says(output: &Output, status: i32, words: &[&str]) {
    assert_status(output, status);
    let said = stderr(output);
    for word in words {
        assert!(said.contains(word), "\"{word}\" is not in:\n{said}");
    }
}
