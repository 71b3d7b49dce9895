//! Which epochs of a stream were read.

use super::close::{Close, Reason};
use super::start::Start;
use super::stream::{Continues, StreamRecord};

/// Where the part of a stream that was read begins and ends, so that it can be seen whether another part follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochSpan {
    /// H: SHA-256 of the stream record.
    pub hash: [u8; 32],
    /// The stream's id.
    pub id: [u8; 16],
    /// The stream that this one continues.
    pub continues: Option<Continues>,
    /// Number of the first epoch, and the hash of the close record before it.
    pub first: Option<(u64, [u8; 32])>,
    /// Number of the last epoch that was closed, and the hash of its close record.
    pub last: Option<(u64, [u8; 32])>,
    /// The last close record says that the stream ends with it.
    pub is_ended: bool,
    /// It is neither sealed nor signed, so that anybody may lawfully have left epochs out.
    pub is_open: bool,
}

impl EpochSpan {
    /// Nothing but the stream record was read, of this hash.
    pub(super) fn new(s: &StreamRecord, hash: [u8; 32]) -> Self {
        let is_open = !s.sealed() && s.signer.is_empty();
        EpochSpan { hash, id: s.id, continues: s.continues, first: None, last: None, is_ended: false, is_open }
    }

    pub(super) fn start(&mut self, s: &Start) {
        self.first.get_or_insert((s.epoch, s.previous_close));
    }

    /// `hash` is that of the close record.
    pub(super) fn close(&mut self, c: &Close, hash: [u8; 32]) {
        (self.last, self.is_ended) = (Some((c.epoch, hash)), c.reason != Reason::NotLast);
    }
}
