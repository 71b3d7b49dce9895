//! A time limit around every command: a card that never answers must not hang a test.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub use crate::support::output::{assert_says, told};
use crate::support::wait::PATIENCE;

pub trait Limited {
    /// As `output`, with nothing on stdin; a command that takes too long is killed, and the test fails.
    fn within_limit(&mut self) -> Output;

    /// What it prints; it must succeed.
    fn succeeds(&mut self) -> String;
}

impl Limited for Command {
    #[track_caller]
    fn within_limit(&mut self) -> Output {
        let spawned = self.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|e| panic!("{self:?}: {e}"));
        let stdout = read(child.stdout.take());
        let stderr = read(child.stderr.take());
        let status = end(&mut child).unwrap_or_else(|| panic!("{self:?} does not end"));
        Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
    }

    #[track_caller]
    fn succeeds(&mut self) -> String {
        let output = self.within_limit();
        assert!(output.status.success(), "{self:?}\n{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Waits for its end; none when it was killed.
pub fn end(child: &mut Child) -> Option<std::process::ExitStatus> {
    let limit = Instant::now() + PATIENCE;
    while Instant::now() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(3));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn read(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    let mut pipe = pipe.unwrap();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}
