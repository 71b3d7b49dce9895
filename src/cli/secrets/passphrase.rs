//! Pass phrases: from a file, or from the terminal. Never from the command line or the environment.

use std::path::Path;

use zeroize::Zeroizing;

use super::read_secret_file;
use crate::base::{WideText, text};
use crate::cli::flags::PassphraseFlags;
use crate::cli::prompt::{NoAnswer, ask_on_terminal};
use crate::cli::{Failure, Session, Status};

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
    secret_text(line).map_err(|why| Failure::failed(format!("the {what} in {} {why}", text::quoted_path(path))).into())
}

fn ask(prompt: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    ask_on_terminal(prompt, session).map_err(|why| match why {
        NoAnswer::NoTerminal => Failure::refused("there is no terminal to ask for the pass phrase")
            .hint("give --passphrase-file FILE")
            .into(),
        NoAnswer::Stopped => Failure::new(Status::Interrupted, "interrupted").into(),
    })
}

/// A secret's text without the mark that editors of Windows put before it; what is said of text that cannot be one.
pub(crate) fn secret_text(line: &[u8]) -> Result<Zeroizing<String>, String> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let unmarked = || WideText::UNMARKED.into_iter().find(|wide| wide.begins(line));
    match WideText::by_mark(line).or_else(unmarked) {
        Some(wide) => Err(format!("is {}; convert it with: {}", wide.name(), wide.command())),
        None => std::str::from_utf8(line)
            .ok()
            .filter(|line| !line.contains('\0'))
            .map(|line| Zeroizing::new(line.to_owned()))
            .ok_or_else(|| "is no text".into()),
    }
}
