//! Errors as a user reads them: what went wrong, and what to do.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use super::{Status, classify};
use crate::base::text;

/// An error that knows its exit status and, often, its remedy.
///
/// The message is one line, lower case, without a final period, with the offending value quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub status: Status,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with any status.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Failure { status, message: message.into(), hint: None }
    }

    /// Something outside failed (1).
    pub fn failed(message: impl Into<String>) -> Self {
        Failure::new(Status::Failed, message)
    }

    /// The command line makes no sense (2).
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Status::Usage, message)
    }

    /// The input is damaged, forged or truncated (3).
    pub fn damaged(message: impl Into<String>) -> Self {
        Failure::new(Status::Damaged, message)
    }

    /// No usable certificate or key, or refused by policy (4).
    pub fn refused(message: impl Into<String>) -> Self {
        Failure::new(Status::Refused, message)
    }

    /// The smart card is missing, or its PIN is wrong or blocked (5).
    pub fn card(message: impl Into<String>) -> Self {
        Failure::new(Status::Card, message)
    }

    /// A failure that was reported already, as by a child process: only the status counts.
    pub fn reported(status: Status) -> Self {
        Failure::new(status, "")
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Prints `COMMAND: error: MESSAGE`, and `COMMAND: hint: ...` where there is one, on stderr, and gives
/// the exit status.
///
/// A [`Failure`] anywhere in the chain decides; then what `classify` knows of the rooms' errors. A
/// pipe whose reader is gone is silent: the shell's own commands die of it silently.
pub fn report(command: &str, error: &anyhow::Error) -> Status {
    let verdict = explain(command, error);
    if verdict.status != Status::ReaderGone && !verdict.message.is_empty() {
        // A closed stderr must not change the exit status.
        let _ = io::stderr().lock().write_all(lines(command, &verdict).as_bytes());
    }
    verdict.status
}

/// The whole chain as one [`Failure`]: its status, its text on one line, its hint. `command` is the command that was
/// called.
pub fn explain(command: &str, error: &anyhow::Error) -> Failure {
    let message = message(error);
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Failure { message, ..failure.clone() };
        }
        if let Some((status, hint)) = classify::classify(cause, command) {
            return Failure { status, message, hint };
        }
    }
    Failure::failed(message)
}

/// The chain's texts joined by `: `; a cause that the text before already ends with is not repeated.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain() {
        let part = match cause.downcast_ref::<io::Error>() {
            Some(error) => text::io_reason(error),
            None => cause.to_string(),
        };
        if message.is_empty() {
            message = part;
        } else if !message.ends_with(&part) && !message.ends_with(&cause.to_string()) {
            message = format!("{message}: {part}");
        }
    }
    message
}

fn lines(command: &str, failure: &Failure) -> String {
    let mut lines = format!("{command}: error: {}\n", text::printable(&failure.message));
    if let Some(hint) = &failure.hint {
        lines += &format!("{command}: hint: {}\n", text::printable(hint));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_failure_below_context_keeps_its_status_and_its_hint() {
        let error = Err::<(), _>(Failure::refused("no key opens it").hint("give -i FILE"))
            .context("cannot open \"cam.vv\"")
            .unwrap_err();
        let verdict = explain("view", &error);
        assert_eq!(verdict.status, Status::Refused);
        assert_eq!(
            lines("view", &verdict),
            "view: error: cannot open \"cam.vv\": no key opens it\nview: hint: give -i FILE\n"
        );
    }

    #[test]
    fn a_broken_pipe_anywhere_is_the_readers_going() {
        let error = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write").unwrap_err();
        assert_eq!(explain("view", &error).status, Status::ReaderGone);
    }

    #[test]
    fn anything_else_has_failed() {
        assert_eq!(explain("view", &anyhow::anyhow!("it rains")).status, Status::Failed);
    }

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        let verdict = explain("view", &Failure::failed("no camera \"\x1b[2Jgate\"\n").into());
        assert_eq!(lines("capture", &verdict), "capture: error: no camera \"\\x1b[2Jgate\"\\n\n");
    }

    #[test]
    fn the_systems_errors_are_worded_like_ours() {
        let error = Err::<(), _>(io::Error::from_raw_os_error(28)).context("cannot write \"a.vv\"").unwrap_err();
        assert_eq!(message(&error), "cannot write \"a.vv\": no space left on device");
    }
}
