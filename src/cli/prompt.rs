//! A question on the terminal whose answer does not show, and a terminal that is as it was, whatever ends the prompt.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Session;
use super::prompt_signals::{Came, Held};
use crate::keys::DeviceError;

/// The longest answer, in bytes, which is also the longest line that a terminal gives.
const MAX_ANSWER: usize = 4096;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// There is no terminal to ask on, or nothing was typed on it before its end.
    NoTerminal,
    /// The command was asked to stop.
    Stopped,
}

impl From<NoAnswer> for DeviceError {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::NoTerminal => DeviceError::NoPin,
            NoAnswer::Stopped => DeviceError::Interrupted,
        }
    }
}

/// Asks on /dev/tty without an echo.
///
/// # Errors
///
/// Why there is no answer.
pub(crate) fn ask_on_terminal(prompt: &str, session: &Session) -> Result<Zeroizing<String>, NoAnswer> {
    let mut tty = File::options().read(true).write(true).open("/dev/tty").map_err(|_| NoAnswer::NoTerminal)?;
    let prompt = format!("{}: {prompt}", session.name());
    session.aside(|| answer(&mut tty, &prompt))
}

fn answer(tty: &mut File, prompt: &str) -> Result<Zeroizing<String>, NoAnswer> {
    let failed = |_| NoAnswer::NoTerminal;
    let signals = Held::hold().map_err(failed)?;
    // all the room at once: a buffer that grows leaves copies in memory
    let mut line = Zeroizing::new(vec![0; MAX_ANSWER]);
    let mut length = 0;
    loop {
        let signal = {
            let _echo_off = EchoOff::new(tty);
            tty.write_all(prompt.as_bytes()).map_err(failed)?;
            match read_line(tty, &signals, &mut line, &mut length).map_err(failed)? {
                Some(signal) => signal,
                None => break,
            }
        };
        let _ = tty.write_all(b"\n");
        match signals.act(signal) {
            Came::Back => {}
            Came::Stop => return Err(NoAnswer::Stopped),
        }
    }
    line.truncate(length);
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    let text = std::str::from_utf8(&line).map_err(|_| NoAnswer::NoTerminal)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads until the line ends; gives the signal that comes before.
fn read_line(tty: &mut File, signals: &Held, line: &mut [u8], length: &mut usize) -> io::Result<Option<i32>> {
    loop {
        {
            let mut waited: Vec<_> = std::iter::once(tty.as_fd())
                .chain(signals.wakers())
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
                .collect();
            match poll(&mut waited, None) {
                Err(e) if e != rustix::io::Errno::INTR => return Err(e.into()),
                _ => {}
            }
            if let Some(signal) = signals.next() {
                return Ok(Some(signal));
            }
            if waited.first().is_none_or(|tty| tty.revents().is_empty()) {
                continue;
            }
        }
        let room = line.get_mut(*length..).filter(|room| !room.is_empty()).ok_or(io::ErrorKind::InvalidData)?;
        match tty.read(room) {
            Ok(0) if *length == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => return Ok(None),
            Ok(n) => *length += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        if line.get(..*length).is_some_and(|line| line.ends_with(b"\n")) {
            return Ok(None);
        }
    }
}

/// Switches the echo off from before the prompt on: what is typed as soon as it shows, or before, is not seen either.
struct EchoOff {
    tty: Option<File>,
    before: Option<Termios>,
}

impl EchoOff {
    fn new(tty: &File) -> Self {
        let before = tcgetattr(tty).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            quiet.local_modes.insert(LocalModes::ECHONL);
            // where it fails, it is as it was without it
            let _ = tcsetattr(tty, OptionalActions::Now, &quiet);
        }
        EchoOff { tty: tty.try_clone().ok(), before }
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        if let (Some(tty), Some(before)) = (&self.tty, &self.before) {
            let _ = tcsetattr(tty, OptionalActions::Now, before);
        }
    }
}
