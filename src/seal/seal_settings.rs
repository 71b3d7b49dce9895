//! How a stream is sealed, and to whom.

use crate::keys::RecipientSet;

/// Where a sealer gets its recipients from. It asks at every epoch.
pub trait RecipientSource {
    /// The certificates as they are now, sorted by whether they can be used at `now_ns` (UTC).
    /// Errors: a text that says what could not be read.
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String>;

    /// A key session has begun: from `epoch` on the usable ones of `set` can open.
    fn opened(&mut self, _epoch: u64, _set: &RecipientSet) {}
}

/// How a stream is sealed.
#[derive(Debug, Clone, Copy)]
pub struct SealSettings {
    /// Length of an epoch in ns.
    pub rekey_ns: i64,
    /// Length of a key session in ns.
    pub session_ns: i64,
    /// Least size of a slot in the keys record, bytes.
    pub key_room: u32,
    /// Packets are padded to a multiple of this number of bytes; 0 and 1 pad nothing.
    pub pad: u32,
    /// Fewest certificates that must be usable.
    pub minimum_recipients: usize,
}

impl Default for SealSettings {
    fn default() -> Self {
        let s = 1_000_000_000;
        SealSettings { rekey_ns: 60 * s, session_ns: 86_400 * s, key_room: 16 << 10, pad: 0, minimum_recipients: 1 }
    }
}
