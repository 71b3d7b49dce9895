//! A prompt on a terminal: what is typed never shows, and the terminal is as it was, however the prompt ends. And what
//! stands in the files that are read instead of asking.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use crate::support::keys::certs_dir;
use crate::support::output::stderr;
use crate::support::wait::{PATIENCE, until};

const PROMPT: &str = "pass phrase of \"p256.enc.key\": ";

/// decrypt-stream on a terminal of its own, asking for a pass phrase.
struct Asking {
    script: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    shown: String,
    pid: u32,
    tty: String,
}

impl Asking {
    fn start() -> Self {
        let command = env!("CARGO_BIN_EXE_decrypt-stream");
        // the shell outlives the command, so that its terminal does; what nohup(1) ignores is not ignored here
        let inner = format!(
            "tty; sh -c 'echo pid=$$; exec env --default-signal \"{command}\" -i p256.enc.key /dev/null >/dev/null'; \
             echo status=$?; read x"
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--command", &inner, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .current_dir(certs_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, screen) = channel();
        let mut stdout = script.stdout.take().unwrap();
        thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok(n @ 1..) = stdout.read(&mut room) {
                if send.send(room[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keyboard = script.stdin.take().unwrap();
        let mut asking = Asking { script, keyboard, screen, shown: String::new(), pid: 0, tty: String::new() };
        asking.wait_for(PROMPT, 1);
        let line = |begin: &str| asking.shown.lines().find(|l| l.starts_with(begin)).unwrap().trim().to_owned();
        let (tty, pid) = (line("/dev/"), line("pid="));
        (asking.tty, asking.pid) = (tty, pid[4..].parse().unwrap());
        asking
    }

    /// Reads the screen until `text` has shown `times` times.
    fn wait_for(&mut self, text: &str, times: usize) {
        let until = Instant::now() + PATIENCE;
        while self.shown.matches(text).count() < times {
            let left = until.saturating_duration_since(Instant::now());
            let more = self.screen.recv_timeout(left).unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.shown));
            self.shown += &String::from_utf8_lossy(&more);
        }
    }

    /// How the command ended, when all of that line has come.
    fn status(&mut self) -> String {
        self.wait_for("status=", 1);
        let line = |shown: &str| {
            shown.split("status=").nth(1).and_then(|rest| Some(rest.split_once('\n')?.0.trim().to_owned()))
        };
        loop {
            if let Some(status) = line(&self.shown) {
                return status;
            }
            self.wait_for("\n", self.shown.matches('\n').count() + 1);
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn echoes(&self) -> bool {
        let output = Command::new("stty").args(["-a", "-F", &self.tty]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().any(|word| word.trim_end_matches(';') == "echo")
    }

    fn is_stopped(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        stat.rsplit(") ").next().unwrap().starts_with('T')
    }

    fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn the_echo_is_back_after_every_signal_that_ends_a_prompt() {
    for (signal, status) in [
        ("INT", 130),
        ("TERM", 143),
        ("HUP", 129),
        ("QUIT", 131),
        ("ALRM", 142),
        ("USR1", 138),
        ("USR2", 140),
        ("ABRT", 134),
        ("XCPU", 152),
        ("VTALRM", 154),
        ("PROF", 155),
    ] {
        let mut asking = Asking::start();
        until("the echo is off", || !asking.echoes());
        asking.signal(signal);
        asking.wait_for("status=", 1);
        assert!(asking.echoes(), "{signal}");
        // a command that ends by itself at a request to stop says 130
        let ended = asking.status();
        assert!([status.to_string(), "130".into()].contains(&ended), "{signal}: {ended}");
    }
}

#[test]
fn a_prompt_that_is_stopped_gives_the_echo_back_and_asks_again() {
    for signal in ["TSTP", "STOP"] {
        let mut asking = Asking::start();
        until("the echo is off", || !asking.echoes());
        asking.signal(signal);
        until("it is stopped", || asking.is_stopped());
        if signal == "TSTP" {
            assert!(asking.echoes(), "stopped");
        } else {
            // nobody can catch this one: a shell puts its own settings in place
            assert!(Command::new("stty").args(["echo", "-F", &asking.tty]).status().unwrap().success());
        }
        asking.signal("CONT");
        asking.wait_for(PROMPT, 2);
        until("the echo is off again", || !asking.echoes());
        asking.type_line("wrong horse");
        asking.wait_for("status=", 1);
        assert!(asking.shown.contains("wrong pass phrase"), "{}", asking.shown);
        assert!(!asking.shown.contains("wrong horse"), "{}", asking.shown);
        assert!(asking.echoes());
    }
}

fn decrypt_with(dir: &Path, phrase: &[u8]) -> String {
    fs::write(dir.join("phrase"), phrase).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_decrypt-stream"))
        .current_dir(dir)
        .args(["-i", certs_dir().join("p256.enc.key").to_str().unwrap(), "--passphrase-file", "phrase", "/dev/null"])
        .output()
        .unwrap();
    stderr(&output)
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_pass_phrase() {
    let dir = tempfile::tempdir().unwrap();
    let phrase = fs::read(certs_dir().join("passphrase.txt")).unwrap();
    let right = decrypt_with(dir.path(), &phrase);
    assert!(!right.contains("pass phrase"), "{right}");
    assert_eq!(decrypt_with(dir.path(), &[b"\xef\xbb\xbf", &phrase[..]].concat()), right);
    // in UTF-16 or UTF-32 it is never taken for another pass phrase: what to do is said
    let text = String::from_utf8(phrase).unwrap();
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    let wider = |order: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| order(u32::from(c))).collect::<Vec<_>>();
    for (phrase, mark, encoding) in [
        (wide(u16::to_le_bytes), &b"\xff\xfe"[..], "UTF-16"),
        (wide(u16::to_be_bytes), b"\xfe\xff", "UTF-16"),
        (wide(u16::to_le_bytes), b"", "UTF-16"),
        (wide(u16::to_be_bytes), b"", "UTF-16"),
        (wider(u32::to_le_bytes), b"\xff\xfe\0\0", "UTF-32"),
        (wider(u32::to_be_bytes), b"\0\0\xfe\xff", "UTF-32"),
        (wider(u32::to_le_bytes), b"", "UTF-32"),
        (wider(u32::to_be_bytes), b"", "UTF-32"),
    ] {
        let told = decrypt_with(dir.path(), &[mark, &phrase].concat());
        assert!(told.contains(encoding) && told.contains(&format!("iconv -f {encoding}")), "{told}");
    }
}
