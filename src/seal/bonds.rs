//! Key sessions of one stream, each bound to the one before it: what shows that somebody without a key has not cut the
//! stream and carried it on with a session of his own.

use std::collections::BTreeMap;

use subtle::ConstantTimeEq;

use crate::format::{Keys, limits};

use super::error::SealError;
use super::schedule::Chain;

/// Most sessions of a stream that are remembered: eleven years of daily ones.
const REMEMBERED: usize = 1 << 12;
/// Most streams whose pieces may come mixed.
const STREAMS: usize = 16;

/// What is known of a key session's bond to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// No keys record of its stream came before it: it is the first one, or an excerpt begins with it.
    First,
    /// Whoever wrote its keys record had the keys of the session before.
    Proven,
    /// The session before it did not open, or did not come: anybody may have written it.
    Unproven,
}

/// Checks the bonds of the sessions that come, in one container after the other.
#[derive(Default)]
pub struct Bonds {
    /// The streams that were read, the present one last.
    streams: Vec<Sessions>,
}

/// The sessions of one stream.
#[derive(Default)]
struct Sessions {
    /// H of the stream.
    stream_hash: [u8; 32],
    /// A keys record of the stream came.
    begun: bool,
    /// The sessions of the stream that opened or are bound to one that did: their commitments, and their bonds.
    known: BTreeMap<u32, ([u8; 32], Bond)>,
    /// The session that opened last, if no other one came after it.
    open: Option<Chain>,
    /// Damage was passed over: from here on a session must be bound to what is known.
    strict: bool,
}

impl std::fmt::Debug for Bonds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bonds").field("streams", &self.streams.len()).finish_non_exhaustive()
    }
}

impl Bonds {
    /// A stream begins, or goes on in another excerpt. The least recent one is forgotten where there are too many.
    pub fn begin(&mut self, stream_hash: &[u8; 32]) {
        let known = self.streams.iter().position(|s| s.stream_hash == *stream_hash);
        let stream = match known {
            Some(at) => self.streams.remove(at),
            None => Sessions { stream_hash: *stream_hash, ..Sessions::default() },
        };
        if self.streams.len() == STREAMS {
            self.streams.remove(0);
        }
        self.streams.push(stream);
    }

    /// Damage was passed over: what comes next may be anybody's.
    pub fn pass_over(&mut self) {
        self.streams.last_mut().into_iter().for_each(|s| s.strict = true);
    }

    /// Whether a session of the stream opened, and none came after it: then the next one can be checked.
    pub fn is_open(&self) -> bool {
        self.streams.last().is_some_and(|s| s.open.is_some())
    }

    /// An epoch was passed: of the session that opened last only what follows is kept.
    pub fn pass_epoch(&mut self, epoch: u64) {
        if let Some(chain) = self.chain() {
            // the container's order bounds the distance
            chain.pass(epoch);
        }
    }

    /// The stream has ended, and is complete: nothing follows it, and its keys are wiped. What comes with the same H is
    /// another stream.
    pub fn end(&mut self) {
        self.streams.pop();
    }

    /// Checks the keys record of the stream that comes next, which begins at byte `offset`. To be called before
    /// anything of the session counts, and, where that is no error, followed by [`Bonds::open`] or [`Bonds::closed`].
    ///
    /// Errors: [`SealError::Unbound`].
    pub fn check(&mut self, keys: &Keys, offset: u64) -> Result<Bond, SealError> {
        let bond = self.streams.last_mut().map_or(Some(Bond::First), |s| s.check(keys));
        bond.ok_or(SealError::Unbound { session: keys.session, offset })
    }

    /// The session has opened; `chain` is at its first epoch.
    pub fn open(&mut self, keys: &Keys, bond: Bond, chain: Chain) {
        if let Some(stream) = self.streams.last_mut() {
            stream.remember(keys, bond);
            stream.open = Some(chain);
        }
    }

    /// The session does not open with any key that there is.
    pub fn closed(&mut self, keys: &Keys, bond: Bond) {
        if let Some(stream) = self.streams.last_mut() {
            if bond == Bond::Proven {
                stream.remember(keys, bond);
            }
            stream.open = None;
        }
    }

    /// Epoch keys of the session that opened last.
    pub(super) fn chain(&mut self) -> Option<&mut Chain> {
        self.streams.last_mut()?.open.as_mut()
    }
}

impl Sessions {
    /// `None` where the session is not the stream's.
    fn check(&mut self, keys: &Keys) -> Option<Bond> {
        let session = keys.session;
        let is_first = !std::mem::replace(&mut self.begun, true);
        let before = self.open.as_mut().filter(|chain| chain.session().checked_add(1) == Some(session));
        if let Some(chain) = before {
            // also where it came before, out of its order
            return binds(chain, keys).then_some(Bond::Proven);
        }
        if let Some((commitment, bond)) = self.known.get(&session) {
            return bool::from(commitment.ct_eq(&keys.commitment)).then_some(*bond);
        }
        match session {
            _ if is_first => Some(Bond::First),
            _ if self.strict && !self.known.is_empty() => None,
            // there is none before session 0
            0 => Some(Bond::First),
            _ => Some(Bond::Unproven),
        }
    }

    fn remember(&mut self, keys: &Keys, bond: Bond) {
        let known = self.known.entry(keys.session).or_insert((keys.commitment, bond));
        if bond == Bond::Proven {
            *known = (keys.commitment, bond);
        }
        if self.known.len() > REMEMBERED {
            self.known.pop_first();
        }
    }
}

/// Whether the bond of a keys record was made with the chain of the session before it.
fn binds(chain: &mut Chain, keys: &Keys) -> bool {
    let steps = keys.first_epoch.checked_sub(chain.epoch());
    if steps.is_none_or(|steps| steps > limits::SESSION_EPOCHS) {
        return false;
    }
    let Ok(text) = keys.bond_text() else { return false };
    chain.bond_at(keys.first_epoch, &text).is_some_and(|bond| bond.ct_eq(&keys.bond).into())
}
