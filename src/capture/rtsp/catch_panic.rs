//! Faults of libraries that read what a camera sends.
//!
//! Those for RTSP and SDP expect some things of the bytes that nobody promised, and panic. Then the connection is over,
//! and the recording is not.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives; `None` when it panicked, of which nothing is printed. What it worked on must not be used after
/// that.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |fault| {
            if !CATCHING.get() {
                others(fault);
            }
        }));
    });
    CATCHING.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    CATCHING.set(false);
    done
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_fault_is_no_end() {
        assert_eq!(super::catch_panic(|| 1), Some(1));
        assert_eq!(super::catch_panic(|| -> u8 { panic!("on purpose") }), None);
    }
}
