//! Readers and transactions of the PC/SC daemon, each with a time limit: its own calls block for as long as a card, or
//! another program, likes.

use std::cell::Cell;
use std::ffi::CString;
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Context, Disposition, Protocol, Protocols, ReaderState, Scope, ShareMode, State, Transaction};
use zeroize::Zeroizing;

use super::super::{Patience, PinPrompt, Piv, Transmit};
use super::worker::{Progress, Stage, Worker};
use crate::keys::DeviceError;

/// Between two attempts at a card that another program has for itself.
const RETRY: Duration = Duration::from_millis(100);
/// For a card to become ready.
const SETTLE: Duration = Duration::from_secs(1);
/// Maximum number of times that others reset the card, or it is taken out and put in again, before it is given up.
const ATTEMPTS: u32 = 8;
/// A short APDU's answer is 258 bytes; some readers add to it.
const ANSWER: usize = 1024;

/// A reader of the PC/SC daemon.
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Whether a card is in it.
    pub present: bool,
}

/// The PC/SC daemon, and one reader of it.
pub struct Service {
    worker: Worker<Line>,
    reader: String,
    wait: Duration,
    connection: Cell<u64>,
}

/// What the thread keeps from one call to the next.
#[derive(Default)]
struct Line {
    context: Option<Context>,
    card: Option<pcsc::Card>,
    /// Counts the cards that were connected to.
    connection: u64,
}

impl Service {
    /// The daemon; `wait` is for other programs, and for somebody to touch the card.
    pub fn new(wait: Duration) -> Self {
        Self::of("", wait)
    }

    /// The daemon, to talk to the card in `reader`.
    pub fn of(reader: &str, wait: Duration) -> Self {
        Service { worker: Worker::new(Line::default()), reader: reader.to_owned(), wait, connection: Cell::new(0) }
    }

    /// The reader's name.
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// The number of the connection that [`Service::talk`] used last. Another number may be another card.
    pub fn connection(&self) -> u64 {
        self.connection.get()
    }

    /// All readers, in the daemon's order.
    pub fn readers(&self, prompt: &mut dyn PinPrompt) -> Result<Vec<Reader>, DeviceError> {
        self.worker.run(self.wait, prompt, |line, _| {
            let (context, mut states) = line.readers()?;
            poll(&context, &mut states, Duration::ZERO)?;
            let reader = |state: &ReaderState| Reader {
                name: state.name().to_string_lossy().into_owned(),
                present: state.event_state().contains(State::PRESENT),
            };
            Ok(states.iter().map(reader).collect())
        })
    }

    /// Waits until a reader or a card comes or goes, but not longer than `limit`, some hundred milliseconds.
    pub fn pause(&self, limit: Duration, prompt: &mut dyn PinPrompt) -> Result<(), DeviceError> {
        self.worker.run(self.wait, prompt, move |line, _| {
            let (context, mut states) = line.readers()?;
            poll(&context, &mut states, Duration::ZERO)?;
            states.push(ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE));
            states.iter_mut().for_each(ReaderState::sync_current_state);
            poll(&context, &mut states, limit)
        })
    }

    /// One transaction with the card; `talk` also gets the number of the connection. A PIN that `talk` gave is taken
    /// back, or the card is reset, before anybody else may speak to it.
    ///
    /// Errors: those of `talk`; no card, a card that was removed meanwhile, is held by others, or does not answer.
    pub fn talk<T: Send + 'static>(
        &self,
        prompt: &mut dyn PinPrompt,
        talk: impl FnOnce(&Piv<'_>, u64) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        let (reader, wait) = (self.reader.clone(), self.wait);
        let (connection, result) = self.worker.run(self.wait, prompt, move |line, progress| {
            let known = line.connection > 0;
            let result = line.transaction(&reader, wait, progress, talk).map_err(|e| match e {
                // it was there before
                DeviceError::NoCard | DeviceError::UnknownReader(_) | DeviceError::NoReader if known => {
                    DeviceError::Removed
                }
                e => e,
            });
            Ok((line.connection, result))
        })?;
        self.connection.set(connection);
        result
    }
}

impl Line {
    fn context(&mut self) -> Result<Context, DeviceError> {
        if let Some(context) = self.context.as_ref().filter(|context| context.is_valid().is_ok()) {
            return Ok(context.clone());
        }
        let context = Context::establish(Scope::System).map_err(|e| device_error(e, ""))?;
        Ok(self.context.insert(context).clone())
    }

    /// The names of the readers, with nothing known of them.
    fn readers(&mut self) -> Result<(Context, Vec<ReaderState>), DeviceError> {
        let context = self.context()?;
        let names = match context.list_readers_owned() {
            Err(pcsc::Error::NoReadersAvailable) => Vec::new(),
            Err(e) => {
                self.context = None;
                return Err(device_error(e, ""));
            }
            Ok(names) => names,
        };
        Ok((context, names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect()))
    }

    /// The card that was connected to before, or now.
    fn connect(&mut self, reader: &str, wait: Duration) -> Result<pcsc::Card, DeviceError> {
        if let Some(card) = self.card.take() {
            return Ok(card);
        }
        let context = self.context()?;
        let name = CString::new(reader).map_err(|_| DeviceError::UnknownReader(reader.to_owned()))?;
        let begun = Instant::now();
        loop {
            match context.connect(&name, ShareMode::Shared, Protocols::ANY) {
                Ok(card) => {
                    self.connection += 1;
                    return Ok(card);
                }
                Err(pcsc::Error::SharingViolation) if begun.elapsed() < wait => thread::sleep(RETRY),
                // so it is for a moment when another program resets it, or it was put in just now
                Err(pcsc::Error::ProtoMismatch | pcsc::Error::UnresponsiveCard | pcsc::Error::UnpoweredCard)
                    if begun.elapsed() < SETTLE =>
                {
                    thread::sleep(RETRY)
                }
                Err(e) => {
                    self.context = None;
                    return Err(device_error(e, reader));
                }
            }
        }
    }

    fn transaction<T>(
        &mut self,
        reader: &str,
        wait: Duration,
        progress: &Progress,
        talk: impl FnOnce(&Piv<'_>, u64) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        progress.at(Stage::Connecting);
        let mut talk = Some(talk);
        let mut last = DeviceError::Removed;
        for _ in 0..ATTEMPTS {
            let mut card = self.connect(reader, wait)?;
            let connection = self.connection;
            let outcome = match card.transaction() {
                Ok(transaction) => {
                    // it is gone once it was used
                    let Some(talk) = talk.take() else { return Err(DeviceError::Removed) };
                    let (result, clean) = converse(&transaction, reader, progress, |piv| talk(piv, connection));
                    progress.at(Stage::Talking);
                    let end = if clean { Disposition::LeaveCard } else { Disposition::ResetCard };
                    Ok((result, transaction.end(end).is_ok() && clean))
                }
                Err(error) => Err(error),
            };
            let error = match outcome {
                Ok((result, usable)) => {
                    // a card that is gone has forgotten the PIN, too
                    let usable = usable && !matches!(result, Err(DeviceError::Removed));
                    self.card = Some(card).filter(|_| usable);
                    return result;
                }
                Err(error) => error,
            };
            match error {
                pcsc::Error::ResetCard => {
                    last = DeviceError::Busy;
                    let again = card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard);
                    self.card = Some(card).filter(|_| again.is_ok());
                }
                error => match device_error(error, reader) {
                    DeviceError::Removed => last = DeviceError::Removed,
                    e => {
                        // a daemon that was started anew wants a new context
                        self.context = None;
                        return Err(e);
                    }
                },
            }
        }
        Err(last)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // No PIN is known to the card between transactions, so that it needs no reset, which others would notice.
        if let Some(card) = self.card.take() {
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }
}

/// Has the conversation, and says whether the card can be left as it is.
fn converse<T>(
    transaction: &Transaction<'_>,
    reader: &str,
    progress: &Progress,
    talk: impl FnOnce(&Piv<'_>) -> Result<T, DeviceError>,
) -> (Result<T, DeviceError>, bool) {
    let is_t0 = transaction.status2_owned().is_ok_and(|status| status.protocol2() == Some(Protocol::T0));
    let link = Link { transaction, progress, is_t0 };
    let piv = Piv::new(&link, reader);
    let result = talk(&piv);
    let clean = !piv.is_verified() || piv.log_out().unwrap_or(false);
    (result, clean)
}

struct Link<'a, 'b> {
    transaction: &'a Transaction<'b>,
    progress: &'a Progress,
    is_t0: bool,
}

impl Transmit for Link<'_, '_> {
    fn transmit(&self, command: &[u8], patience: Patience) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        self.progress.at(match patience {
            Patience::Short => Stage::Talking,
            Patience::Key => Stage::KeyOperation,
        });
        let mut buffer = Zeroizing::new([0; ANSWER]);
        let answer = self.transaction.transmit(command, &mut *buffer).map_err(|e| match e {
            // both are also said of a card that never answered; this one did
            pcsc::Error::UnresponsiveCard | pcsc::Error::UnpoweredCard => DeviceError::Removed,
            e => device_error(e, ""),
        });
        let answer = answer.map(|answer| Zeroizing::new(answer.to_vec()));
        self.progress.at(Stage::Talking);
        answer
    }

    fn is_t0(&self) -> bool {
        self.is_t0
    }
}

fn poll(context: &Context, states: &mut [ReaderState], limit: Duration) -> Result<(), DeviceError> {
    if states.is_empty() {
        return Ok(());
    }
    match context.get_status_change(limit, states) {
        Ok(()) | Err(pcsc::Error::Timeout) => Ok(()),
        // one that went away while it was asked for: the next look shows it
        Err(pcsc::Error::UnknownReader) => Ok(()),
        Err(e) => Err(device_error(e, "")),
    }
}

/// The daemon's errors in our words.
fn device_error(e: pcsc::Error, reader: &str) -> DeviceError {
    use pcsc::Error::*;
    match e {
        NoService | ServiceStopped => DeviceError::NoService,
        NoReadersAvailable => DeviceError::NoReader,
        UnknownReader => DeviceError::UnknownReader(reader.to_owned()),
        NoSmartcard => DeviceError::NoCard,
        NotTransacted | RemovedCard | CommError | ReaderUnavailable => DeviceError::Removed,
        UnresponsiveCard | UnpoweredCard | UnsupportedCard | Timeout => DeviceError::Silent("smart card".into()),
        SharingViolation => DeviceError::Busy,
        SecurityViolation => DeviceError::Forbidden,
        e => DeviceError::Nonsense(e.to_string()),
    }
}
