//! What the rooms' errors mean for the exit status: the one place that maps them.

use std::error::Error;

use super::Status;

/// The exit status of a room's error, and what to do about it where something can be done.
type Verdict = (Status, Option<String>);

/// The verdict on one cause in a chain; `None` when it is no room's error.
///
/// One function for each room's error enum, tried in turn.
pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    let rooms: [fn(&(dyn Error + 'static)) -> Option<Verdict>; 0] = [];
    rooms.into_iter().find_map(|room| room(cause))
}
