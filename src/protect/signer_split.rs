//! Where a public stream becomes two, because the certificate of its signer ends.
//!
//! The child has no key; its parent passes it the time until which it may sign.

use crate::base::wall_ns;
use crate::format::{Clock, Continues, StreamRecord, sha256};

/// Watches for the first key frame after the signer's end.
#[derive(Debug)]
pub(super) struct SignerSplit {
    /// UTC ns; `None` when nobody signs, or the split was made.
    signed_until_ns: Option<i64>,
    was_made: bool,
    /// Id of the stream before the split.
    before: Option<[u8; 16]>,
}

impl SignerSplit {
    pub fn new(signed_until_ns: Option<i64>) -> Self {
        SignerSplit { signed_until_ns, was_made: false, before: None }
    }

    /// Whether another stream begins with the next picture, which is a key frame or not. `stated_ns` is what the start
    /// record of an epoch would say: the time of the recording. Neither it nor the time of this machine may be after
    /// the end. A stream in which nothing is shown yet is not divided: the parent sees by itself that it cannot sign
    /// it.
    pub fn is_now(&mut self, key: bool, stated_ns: i64, is_first: bool) -> bool {
        let is_over = |until: &mut i64| key && stated_ns.max(wall_ns()) > *until;
        let is_now = self.signed_until_ns.take_if(is_over).is_some() && !is_first;
        self.was_made |= is_now;
        is_now
    }

    /// The clock for what is written: `now`, but the one `before` where the signer has ended and the key frame has not
    /// come yet with which the next stream begins.
    pub fn clock(&self, now: Clock, before: Clock) -> Clock {
        if self.signed_until_ns.is_some_and(|until| now.wall_ns > until) { before } else { now }
    }

    /// The record of a stream that begins. After the split it has an id of its own, and names the stream before the
    /// split as the one that it continues.
    pub fn record(&mut self, record: StreamRecord) -> StreamRecord {
        if !self.was_made {
            self.before = Some(record.id);
            return record;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(&[&record.id[..], b"after the signer's end"].concat())[..16]);
        // the parent, which signs, knows the hash
        let continues = self.before.replace(id).map(|stream| Continues { stream, last_close: [0; 32] });
        StreamRecord { id, continues, ..record }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_now(until: Option<i64>, key: bool, stated_ns: i64, is_first: bool) -> [bool; 2] {
        let mut split = SignerSplit::new(until);
        [(); 2].map(|()| split.is_now(key, stated_ns, is_first))
    }

    #[test]
    fn a_stream_is_divided_once_at_a_key_frame_by_either_clock() {
        let (past, future) = (wall_ns() - 1, wall_ns() + 3_600_000_000_000);
        assert_eq!(is_now(Some(past), true, 0, false), [true, false], "this machine's clock");
        assert_eq!(is_now(Some(future), true, future + 1, false), [true, false], "the recording's clock");
        assert_eq!(is_now(Some(future), true, future, false), [false, false], "in time");
        assert_eq!(is_now(Some(past), false, 0, false), [false, false], "no key frame");
        assert_eq!(is_now(Some(past), true, 0, true), [false, false], "nothing was shown yet");
        assert_eq!(is_now(None, true, i64::MAX, false), [false, false], "nobody signs");
    }
}
