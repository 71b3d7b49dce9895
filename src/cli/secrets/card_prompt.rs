//! Between a card and its owner: the PIN from the terminal or a file, and a hint where one has to wait.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::read_pin;
use crate::base::text;
use crate::cli::Session;
use crate::cli::flags::PinFlags;
use crate::cli::prompt::ask_on_terminal;
use crate::devices::card::piv::check_pin;
use crate::devices::card::{PinPrompt, PinRequest, Waiting};
use crate::keys::DeviceError;

/// When a wait was not reported for this long, it is a new one.
const PAUSE: Duration = Duration::from_secs(1);
/// How many times a PIN of the wrong form is asked for.
const ATTEMPTS: u32 = 3;

/// The terminal, or the file that is read instead.
pub(crate) struct CardPrompt {
    session: Session,
    /// From a file or a descriptor; `None` asks.
    given: Option<Zeroizing<String>>,
    last_try: bool,
    wait: String,
    /// When each wait was last reported.
    waited: HashMap<Waiting, Instant>,
}

impl CardPrompt {
    /// Reads the PIN at once where it comes from a file or a descriptor: what is wrong there is reported before a card
    /// is used. `wait` is how long it is waited for a card, as text.
    pub(crate) fn open(pin: &PinFlags, last_try: bool, wait: String, session: &Session) -> anyhow::Result<Self> {
        let given = if pin.asks() { None } else { Some(read_pin(pin, "PIN", session)?) };
        Ok(CardPrompt { session: session.clone(), given, last_try, wait, waited: HashMap::new() })
    }

    fn ask(&self, request: PinRequest<'_>) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        let reader = text::quoted(request.reader);
        match (request.wrong, request.left) {
            (_, Some(1)) => {
                let tries =
                    if request.wrong { "wrong PIN, and ONE try is left" } else { "there is ONE try left for the PIN" };
                self.session.warn(format!("{tries}: if the next one is wrong, the card is blocked"));
            }
            (true, Some(left)) => self.session.warn(format!("wrong PIN, {left} tries left")),
            (true, None) => self.session.warn("wrong PIN"),
            (false, _) => {}
        }
        for _ in 0..ATTEMPTS {
            let pin = ask_on_terminal(&format!("PIN of the card in {reader}: "), &self.session);
            let pin = pin?;
            if self.session.report().is_stopping() {
                return Err(DeviceError::Interrupted);
            }
            match (check_pin(pin.as_bytes()), request.left) {
                (Ok(()), _) => return Ok(Zeroizing::new(pin.as_bytes().to_vec())),
                (_, Some(1)) if pin.is_empty() => return Err(DeviceError::LastTry),
                (_, Some(left)) if pin.is_empty() && request.wrong => return Err(DeviceError::WrongPin { left }),
                (Err(e), _) if pin.is_empty() => return Err(e),
                (Err(e), _) => self.session.warn(format!("{e}; no try was used up")),
            }
        }
        Err(DeviceError::MalformedPin("it must have 6 to 8 characters".into()))
    }
}

impl PinPrompt for CardPrompt {
    fn pin(&mut self, request: PinRequest<'_>) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        let Some(pin) = &self.given else { return self.ask(request) };
        match request.left {
            Some(left) if request.wrong => Err(DeviceError::WrongPin { left }),
            Some(1) if !self.last_try => Err(DeviceError::LastTry),
            _ => Ok(Zeroizing::new(pin.as_bytes().to_vec())),
        }
    }

    fn waiting(&mut self, what: Waiting) -> bool {
        let wait = &self.wait;
        let before = self.waited.insert(what, Instant::now());
        if before.is_none_or(|before| before.elapsed() > PAUSE) {
            self.session.hint(match what {
                Waiting::Reader => format!("waiting {wait} for a smart card reader: plug it in"),
                Waiting::Card => format!("waiting {wait} for a smart card: put it into the reader"),
                Waiting::Service => "waiting for the smart card service".to_owned(),
                Waiting::OtherProgram => format!("another program holds the smart card: waiting {wait} for it"),
                Waiting::Touch => "the card takes its time: if it blinks, touch it".to_owned(),
                Waiting::Answer => "waiting for an answer of the smart card".to_owned(),
            });
        }
        !self.session.report().is_stopping()
    }
}
