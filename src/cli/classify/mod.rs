//! What the rooms' errors mean for the exit status, and what to do about them: one file for each room's errors.

mod archive;
mod batch;
mod capture;
mod device;
mod evidence;
mod format;
mod media;
mod playback;
mod protect;
mod recipients;
mod rewrap;
#[cfg(feature = "rtsp")]
mod rtsp;
mod seal;
mod storage;
mod verdict;
mod verify;

use std::error::Error;

pub(crate) use seal::NEW_SIGNER;
pub(crate) use verify::of_outcome;

use verdict::Verdict;

/// The status and the hint of one cause in a chain; `None` when it is no room's error. `command` is the command that
/// was called.
pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    type Room = fn(&(dyn Error + 'static), &str) -> Option<Verdict>;
    let rooms: &[Room] = &[
        archive::classify,
        batch::classify,
        capture::classify,
        |cause, _| device::classify(cause),
        evidence::classify,
        |cause, _| format::classify(cause),
        |cause, _| media::classify(cause),
        playback::classify,
        protect::classify,
        recipients::classify,
        rewrap::classify,
        |cause, _| seal::classify(cause),
        storage::classify,
    ];
    rooms.iter().find_map(|room| room(cause, command))
}
