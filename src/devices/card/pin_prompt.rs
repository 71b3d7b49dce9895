//! What a caller does for a card: it asks the owner for the PIN, and shows what is waited for. The library does neither
//! itself.

use zeroize::Zeroizing;

use crate::keys::DeviceError;

/// Which PIN is asked for, and how much depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinRequest<'a> {
    /// Name of the reader that the card is in.
    pub reader: &'a str,
    /// Attempts that are left, including this one; `None` when the card does not report them.
    pub left: Option<u32>,
    /// The PIN given before was wrong.
    pub wrong: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// There is no reader.
    Reader,
    /// There is no card in the reader.
    Card,
    /// The PC/SC daemon.
    Service,
    /// Another program, which holds the card.
    OtherProgram,
    /// The card, with a key operation: somebody may have to touch it.
    Touch,
    /// The card, with anything else.
    Answer,
}

/// The caller's side, as a terminal or a file with the PIN.
pub trait PinPrompt {
    /// Gives the PIN, 6 to 8 bytes.
    ///
    /// Errors: [`DeviceError::NoPin`] when there is nobody to ask, [`DeviceError::WrongPin`] for another one than the
    /// wrong one cannot be had, [`DeviceError::LastTry`] when the last try is not to be spent.
    fn pin(&mut self, request: PinRequest<'_>) -> Result<Zeroizing<Vec<u8>>, DeviceError>;

    /// Called several times a second while something takes longer than it should. False gives up.
    fn waiting(&mut self, what: Waiting) -> bool;
}
