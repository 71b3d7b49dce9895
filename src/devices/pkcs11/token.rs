//! A token that is logged in to.

use std::path::PathBuf;

use cryptoki::mechanism::MechanismType;
use cryptoki::session::Session;
use cryptoki::slot::Slot;

/// What is asked for when a token wants its PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRequest {
    /// The token's label.
    pub token: String,
    /// The PIN is put in at the device itself: nothing to give, but somebody must know of it.
    pub at_device: bool,
    /// A wrong PIN will block it.
    pub last_try: bool,
}

/// A token with a session that is logged in; logged out when the last of its keys is dropped.
pub(super) struct Token {
    pub session: Session,
    pub label: String,
    /// The private key operations that it offers.
    pub mechanisms: Vec<MechanismType>,
    pub module: PathBuf,
    pub slot: Slot,
}

impl Drop for Token {
    fn drop(&mut self) {
        // closing the last session does it, too; nobody is left to report an error to
        let _ = self.session.logout();
    }
}
