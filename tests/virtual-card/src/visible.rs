//! What the daemon's clients see.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{Context, ReaderState, Scope, State};

use crate::Failure;

/// Waits until the reader of this name is empty, and the daemon has noticed. A command that failed shows it empty at
/// once; but a card that comes before the daemon's next look, a few times a second, is taken for the old one and never
/// seen.
pub fn wait_for_empty(reader: &str) -> Result<(), Failure> {
    // insertions and removals that it noticed
    wait_until(reader, |state| state.event_state().contains(State::EMPTY) && state.event_count().is_multiple_of(2))
}

/// Waits until there is a card in it. The daemon asks for the ATR before it notifies its clients: one that starts in
/// between sees no card.
pub fn wait_for_card(reader: &str) -> Result<(), Failure> {
    wait_until(reader, |state| state.event_state().contains(State::PRESENT))
}

fn wait_until(reader: &str, so: impl Fn(&ReaderState) -> bool) -> Result<(), Failure> {
    let context = Context::establish(Scope::User)?;
    let mut states = [ReaderState::new(CString::new(reader)?, State::UNAWARE)];
    loop {
        context.get_status_change(Duration::from_secs(20), &mut states)?;
        if so(&states[0]) {
            return Ok(());
        }
        states[0].sync_current_state();
    }
}
