//! When the daemon's clients see the card.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{Context, ReaderState, Scope, State};

use crate::Failure;

/// Waits until there is a card in the reader of this name. The daemon asks for the ATR before it tells its clients: one that
/// starts in between sees no card.
pub fn wait_for(reader: &str) -> Result<(), Failure> {
    let context = Context::establish(Scope::User)?;
    let mut states = [ReaderState::new(CString::new(reader)?, State::UNAWARE)];
    loop {
        context.get_status_change(Duration::from_secs(10), &mut states)?;
        if states[0].event_state().contains(State::PRESENT) {
            return Ok(());
        }
        states[0].sync_current_state();
    }
}
