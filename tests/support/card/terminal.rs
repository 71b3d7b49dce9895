//! A command on a terminal of its own: script(1) gives it one, and what is typed is typed when it is asked for.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::limit::end;

/// Runs the command; types `answer` and Enter whenever what shows ends with `prompt`. Gives the exit status
/// and all that showed.
pub fn on_a_terminal(command: &Command, prompt: &str, answer: &str) -> (Option<i32>, String) {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    let line = format!("exec {}", line.join(" "));
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("SHELL", "/bin/sh");
    for (name, value) in command.get_envs() {
        script.env(name, value.unwrap());
    }
    if let Some(folder) = command.get_current_dir() {
        script.current_dir(folder);
    }
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let typing = (prompt.to_owned(), format!("{answer}\n"));
    let reading = std::thread::spawn(move || {
        let (mut shown, mut answered, mut room) = (Vec::new(), 0, [0; 4096]);
        while let Ok(count @ 1..) = screen.read(&mut room) {
            shown.extend_from_slice(&room[..count]);
            // what came since the last answer: a prompt in two pieces is answered once
            let text = String::from_utf8_lossy(&shown[answered..]);
            if text.trim_end_matches(' ').ends_with(typing.0.trim_end()) {
                answered = shown.len();
                keyboard.write_all(typing.1.as_bytes()).unwrap();
            }
        }
        shown
    });
    let status = end(&mut child);
    let shown = String::from_utf8_lossy(&reading.join().unwrap()).replace('\r', "");
    (status.unwrap_or_else(|| panic!("it does not end: {shown}")).code(), shown)
}
