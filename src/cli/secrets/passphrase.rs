//! Pass phrases: from a file, or from the terminal. Never from the command line or the environment.

use std::fs::File;
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::read_secret_file;
use crate::base::text;
use crate::cli::flags::PassphraseFlags;
use crate::cli::{Failure, Session};

/// Reads a pass phrase from `--passphrase-file` (its first line), or asks for it on /dev/tty.
///
/// `what` names what it opens, as in `"desk.key"`, for the prompt.
///
/// # Errors
///
/// A [`Failure`]: the file is missing or no text; there is no terminal to ask on.
pub fn read_passphrase(flags: &PassphraseFlags, what: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    match &flags.passphrase_file {
        Some(path) => first_line(path, "pass phrase", session),
        None => ask(&format!("pass phrase of {}: ", text::printable(what)), session),
    }
}

/// As [`read_passphrase`], for a new pass phrase: not empty, and asked for twice on the terminal.
///
/// # Errors
///
/// As [`read_passphrase`]; it is empty, or the two differ.
pub fn ask_new_passphrase(flags: &PassphraseFlags, what: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    let phrase = read_passphrase(flags, what, session)?;
    if phrase.is_empty() {
        return Err(Failure::usage("the new pass phrase is empty").into());
    }
    if flags.passphrase_file.is_none() && *ask("once more: ", session)? != *phrase {
        return Err(Failure::usage("the two pass phrases differ").into());
    }
    Ok(phrase)
}

/// The first line of a file with a secret; `what` names the secret in messages.
pub(crate) fn first_line(path: &Path, what: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    let bytes = read_secret_file(path, session)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) => Ok(Zeroizing::new(line.to_owned())),
        Err(_) => Err(Failure::failed(format!("the {what} in {} is no text", text::quoted_path(path))).into()),
    }
}

fn ask(prompt: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    let no_terminal =
        || Failure::refused("there is no terminal to ask for the pass phrase").hint("give --passphrase-file FILE");
    ask_on_terminal(prompt, session).ok_or_else(|| no_terminal().into())
}

/// Asks on /dev/tty without an echo; `None` when there is no terminal.
pub(crate) fn ask_on_terminal(prompt: &str, session: &Session) -> Option<Zeroizing<String>> {
    // opened first, to distinguish a missing terminal from a failed read
    let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
    session.aside(|| {
        let _echo_off = EchoOff::new(&tty);
        rpassword::prompt_password(format!("{}: {prompt}", session.name())).ok().map(Zeroizing::new)
    })
}

/// Switches the echo off from before the prompt on: what is typed as soon as it shows, or before, is not seen either.
struct EchoOff<'a> {
    tty: &'a File,
    before: Option<Termios>,
}

impl<'a> EchoOff<'a> {
    fn new(tty: &'a File) -> Self {
        let before = tcgetattr(tty).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            quiet.local_modes.insert(LocalModes::ECHONL);
            // where it fails, it is as it was without it
            let _ = tcsetattr(tty, OptionalActions::Now, &quiet);
        }
        EchoOff { tty, before }
    }
}

impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(self.tty, OptionalActions::Now, before);
        }
    }
}
