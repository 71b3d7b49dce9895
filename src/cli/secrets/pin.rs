//! PINs of cards and tokens: from a file, from a descriptor, or from the terminal. Never from the command line or the
//! environment.

use std::fs::File;
use std::io::{ErrorKind, Read};
#[cfg(feature = "pkcs11")]
use std::path::Path;

use anyhow::Context;
use zeroize::Zeroizing;

#[cfg(feature = "pkcs11")]
use crate::devices::pkcs11::PinRequest;
use crate::keys::DeviceError;
#[cfg(feature = "pkcs11")]
use crate::keys::TokenError;

use super::passphrase::{first_line, secret_text};
use crate::base::text;
use crate::cli::flags::PinFlags;
use crate::cli::prompt::ask_on_terminal;
use crate::cli::{Failure, Session};

/// The longest PIN, in bytes.
const MAX_PIN: usize = 255;
/// The same with a mark before it and a return after it, and a byte that shows that it is too long.
const MAX_LINE: usize = 3 + MAX_PIN + 2;

/// Reads the PIN from where the flags say, or asks for it on /dev/tty.
///
/// `prompt` is what to ask, as in `PIN of the card "alice"`, without the colon. A descriptor can be read once: keep the
/// answer for the run.
///
/// # Errors
///
/// A [`Failure`]: the file or the descriptor cannot be read, or is no text. [`DeviceError::NoPin`] when there is no
/// terminal to ask on, [`DeviceError::MalformedPin`] when it is empty or too long.
pub fn read_pin(flags: &PinFlags, prompt: &str, session: &Session) -> anyhow::Result<Zeroizing<String>> {
    let pin = match (&flags.pin_file, flags.pin_fd) {
        (Some(path), _) => first_line(path, "PIN", session)?,
        (None, Some(fd)) => from_descriptor(fd)?,
        (None, None) => {
            ask_on_terminal(&format!("{}: ", text::printable(prompt)), session).map_err(DeviceError::from)?
        }
    };
    checked(pin)
}

fn checked(pin: Zeroizing<String>) -> anyhow::Result<Zeroizing<String>> {
    match pin.len() {
        0 => Err(DeviceError::MalformedPin("it is empty".into()).into()),
        1..=MAX_PIN => Ok(pin),
        _ => Err(DeviceError::MalformedPin("it is longer than 255 bytes".into()).into()),
    }
}

/// The PIN for the tokens of a run: a file and a descriptor are read once.
#[cfg(feature = "pkcs11")]
pub(crate) struct Pins<'a> {
    flags: &'a PinFlags,
    known: Option<Zeroizing<String>>,
}

#[cfg(feature = "pkcs11")]
impl<'a> Pins<'a> {
    pub fn new(flags: &'a PinFlags) -> Self {
        Pins { flags, known: None }
    }

    /// The PIN that a token asks for; `source` is the file that its URI names, which goes first.
    ///
    /// # Errors
    ///
    /// As [`read_pin`]; [`TokenError::LastTry`] when a wrong PIN would block the token and nobody sees a prompt.
    pub fn of(
        &mut self,
        token: &PinRequest,
        source: Option<&Path>,
        session: &Session,
    ) -> anyhow::Result<Zeroizing<String>> {
        let name = text::quoted(&token.token);
        if token.at_device {
            session.hint(format!("put the PIN in at the device of the token {name}"));
            return Ok(Zeroizing::default());
        }
        let asks = source.is_none() && self.flags.asks();
        if token.last_try && !asks {
            return Err(DeviceError::from(TokenError::LastTry(token.token.clone())).into());
        }
        if let Some(path) = source {
            return checked(first_line(path, "PIN", session)?);
        }
        let warning = if token.last_try { " (the last try: a wrong one blocks it)" } else { "" };
        let pin = match self.known.take() {
            Some(pin) => pin,
            None => read_pin(self.flags, &format!("PIN of the token {name}{warning}"), session)?,
        };
        // another token has another PIN: a person is asked for each
        self.known = (!asks).then(|| pin.clone());
        Ok(pin)
    }
}

/// Reads byte by byte to the line's end: the writer may leave the pipe open, or send something else after it.
fn from_descriptor(fd: u16) -> anyhow::Result<Zeroizing<String>> {
    let read = || format!("cannot read the PIN from descriptor {fd}");
    let mut file = File::open(format!("/dev/fd/{fd}")).with_context(read)?;
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE + 1));
    let mut byte = Zeroizing::new([0]);
    while line.len() < MAX_LINE {
        match file.read(&mut *byte) {
            Ok(1) if byte[0] != b'\n' => line.push(byte[0]),
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e).with_context(read),
        }
    }
    let pin = line.strip_suffix(b"\r").unwrap_or(&line);
    secret_text(pin).map_err(|why| Failure::failed(format!("the PIN from descriptor {fd} {why}")).into())
}
