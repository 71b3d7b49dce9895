//! Waiting for something that comes, however busy the machine is.

use std::time::{Duration, Instant};

/// For how long a test waits for what must come. The limit is for a test that would hang, and no measure of anything.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until it is so.
#[track_caller]
pub fn until(what: &str, so: impl FnMut() -> bool) {
    until_or(what, String::new, so);
}

/// Waits until it is so, or fails with what `state` shows.
#[track_caller]
pub fn until_or(what: &str, state: impl Fn() -> String, mut so: impl FnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < limit, "waited in vain until {what}: {}", state());
        std::thread::sleep(Duration::from_millis(10));
    }
}
