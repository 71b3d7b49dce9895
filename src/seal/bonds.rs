//! Key sessions of one stream, each bound to the one before it: what shows that somebody without a key has not cut the
//! stream and carried it on with a session of his own.

use std::collections::BTreeMap;

use subtle::ConstantTimeEq;

use crate::format::{Keys, limits};

use super::error::SealError;
use super::schedule::{Chain, EpochKey};
use super::step_budget::StepBudget;

/// Most sessions of a stream that are remembered: eleven years of daily ones.
const REMEMBERED: usize = 1 << 12;
/// Most streams whose pieces may come mixed.
const STREAMS: usize = 1 << 10;

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
    /// There were more of them: one that begins may be one that is known no more.
    has_forgotten: bool,
    /// The first session that opened and is not shown to go on from the one before it.
    unproven: Option<u32>,
    budget: StepBudget,
}

/// The sessions of one stream.
#[derive(Default)]
struct Sessions {
    /// H of the stream.
    stream_hash: [u8; 32],
    /// A keys record of the stream came.
    begun: bool,
    /// A stream of the same H may have come, and be forgotten.
    may_go_on: bool,
    /// The sessions of the stream that opened or are bound to one that did.
    known: BTreeMap<u32, Known>,
    /// The session that opened last, if no other one came after it.
    open: Option<Chain>,
    /// Damage was passed over: from here on a session must be bound to what is known.
    strict: bool,
}

/// What is known of a session.
struct Known {
    commitment: [u8; 32],
    bond: Bond,
    /// The epoch with which it began.
    first: u64,
    /// The one after the last of it that came.
    next: u64,
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
            None => Sessions { stream_hash: *stream_hash, may_go_on: self.has_forgotten, ..Sessions::default() },
        };
        if self.streams.len() == STREAMS {
            self.streams.remove(0);
            self.has_forgotten = true;
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

    /// Checks that an epoch of the session that opened last, whose start record begins at byte `offset`, can be one of
    /// it: the sessions after it that are known leave room.
    ///
    /// Errors: [`SealError::Unbound`].
    pub fn check_epoch(&self, epoch: u64, offset: u64) -> Result<(), SealError> {
        let open = self.streams.last().and_then(|s| Some((s, s.open.as_ref()?.session())));
        match open {
            Some((stream, session)) if !stream.has_room(session, epoch, epoch) => {
                Err(SealError::Unbound { session, offset })
            }
            _ => Ok(()),
        }
    }

    /// An epoch of the session that opened last has come.
    pub fn add_epoch(&mut self, epoch: u64) {
        let Some(stream) = self.streams.last_mut() else { return };
        let open = stream.open.as_ref().map(Chain::session);
        if let Some(known) = open.and_then(|session| stream.known.get_mut(&session)) {
            known.next = known.next.max(epoch.saturating_add(1));
        }
    }

    /// An epoch was passed, whose start record begins at byte `offset`: of the session that opened last only what
    /// follows is kept.
    ///
    /// Errors: [`SealError::Unbound`], [`SealError::TooFar`].
    pub fn pass_epoch(&mut self, epoch: u64, offset: u64) -> Result<(), SealError> {
        self.see_epoch(epoch, offset)?;
        self.afford(epoch.saturating_add(1), offset)?;
        if let Some(chain) = self.chain() {
            // the container's order bounds the distance
            chain.pass(epoch);
        }
        Ok(())
    }

    /// An epoch of the session that opened last was seen, and its keys are not needed.
    ///
    /// Errors: [`SealError::Unbound`].
    pub fn see_epoch(&mut self, epoch: u64, offset: u64) -> Result<(), SealError> {
        self.check_epoch(epoch, offset)?;
        self.add_epoch(epoch);
        Ok(())
    }

    /// The keys of an epoch of the session that opened last, one for each track; its start record begins at byte
    /// `offset`. `None` where no session is open.
    ///
    /// Errors: [`SealError::Unbound`], [`SealError::TooFar`]; [`SealError::EpochCommitment`] for an epoch that is past.
    pub(super) fn epoch_keys(
        &mut self,
        epoch: u64,
        tracks: usize,
        offset: u64,
    ) -> Result<Option<Vec<EpochKey>>, SealError> {
        self.check_epoch(epoch, offset)?;
        self.afford(epoch.saturating_add(1), offset)?;
        let Some(chain) = self.chain() else { return Ok(None) };
        // the reader has bounded the distance; an epoch before the chain's first is one that the order forbids
        let keys = chain.keys_at(epoch, tracks);
        keys.map(Some).ok_or(SealError::EpochCommitment { offset, epoch })
    }

    /// Takes the steps out of the budget that lead the open chain to the epoch of this number.
    fn afford(&mut self, epoch: u64, offset: u64) -> Result<(), SealError> {
        let Some(at) = self.chain().map(|chain| chain.epoch()) else { return Ok(()) };
        let can = self.budget.take(epoch.saturating_sub(at));
        if can { Ok(()) } else { Err(SealError::TooFar { offset, epoch }) }
    }

    /// The present container was read up to this byte: what is read pays for steps along key chains.
    pub fn read_to(&mut self, offset: u64) {
        self.budget.read_to(offset);
    }

    /// This many bytes of the input were passed over.
    pub fn pass_over_bytes(&mut self, bytes: u64) {
        self.budget.pass_over(bytes);
    }

    /// What is read next is another container.
    pub fn next_container(&mut self) {
        self.budget.next_container();
    }

    /// The steps along key chains that were taken so far.
    pub fn steps(&self) -> u64 {
        self.budget.taken()
    }

    /// The stream has ended, and is complete: nothing follows it, and its keys are wiped. What comes with the same H is
    /// another stream.
    pub fn end(&mut self) {
        self.streams.pop();
    }

    /// Checks the keys record of the stream that comes next, which begins at byte `offset`. To be called before
    /// anything of the session counts, and, where that is no error, followed by [`Bonds::open`] or [`Bonds::closed`].
    ///
    /// Errors: [`SealError::Unbound`], [`SealError::TooFar`].
    pub fn check(&mut self, keys: &Keys, offset: u64) -> Result<Bond, SealError> {
        let next = |chain: &Chain| chain.session().checked_add(1) == Some(keys.session);
        let is_near = |chain: &Chain| steps_to(chain, keys).is_some();
        if self.chain().is_some_and(|chain| next(chain) && is_near(chain)) {
            self.afford(keys.first_epoch, offset)?;
        }
        let bond = self.streams.last_mut().map_or(Some(Bond::First), |s| s.check(keys));
        bond.ok_or(SealError::Unbound { session: keys.session, offset })
    }

    /// The session has opened; `chain` is at its first epoch.
    pub fn open(&mut self, keys: &Keys, bond: Bond, chain: Chain) {
        if bond == Bond::Unproven {
            self.unproven.get_or_insert(keys.session);
        }
        if let Some(stream) = self.streams.last_mut() {
            stream.remember(keys, bond);
            stream.open = Some(chain);
        }
    }

    /// The first session that opened and is not shown to go on from the one before it.
    pub fn unproven(&self) -> Option<u32> {
        self.unproven
    }

    /// What is said of it.
    pub fn warning(session: u32) -> String {
        format!(
            "key session {session} opens, and nothing shows that it goes on from the one before it, which is not there \
             or which no given key opens"
        )
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
        if let Some(known) = self.known.get(&session) {
            return bool::from(known.commitment.ct_eq(&keys.commitment)).then_some(known.bond);
        }
        if !self.has_room(session, keys.first_epoch, keys.first_epoch) {
            return None;
        }
        match session {
            _ if is_first && !self.may_go_on => Some(Bond::First),
            _ if self.strict && !self.known.is_empty() => None,
            // there is none before session 0
            0 => Some(Bond::First),
            _ => Some(Bond::Unproven),
        }
    }

    /// Whether the sessions that are known leave room for one of this number with these epochs: each session has one
    /// epoch at least, and they follow one another.
    fn has_room(&self, session: u32, first: u64, last: u64) -> bool {
        // sessions that lie between them, and so epochs
        let between = |before: u32, after: u32| u64::from(after.saturating_sub(before).saturating_sub(1));
        let before = self.known.range(..session).next_back();
        let after = self.known.range(session..).find(|(number, _)| **number > session);
        before.is_none_or(|(n, known)| known.next.saturating_add(between(*n, session)) <= first)
            && after.is_none_or(|(n, known)| last.saturating_add(between(session, *n)) < known.first)
    }

    fn remember(&mut self, keys: &Keys, bond: Bond) {
        let (commitment, first) = (keys.commitment, keys.first_epoch);
        let new = || Known { commitment, bond, first, next: first.saturating_add(1) };
        let known = self.known.entry(keys.session).or_insert_with(new);
        if bond == Bond::Proven {
            (known.commitment, known.bond) = (commitment, bond);
        }
        if self.known.len() > REMEMBERED {
            self.known.pop_first();
        }
    }
}

/// The steps to the first epoch of the session that comes next; `None` where it is past, or too far away for a session.
fn steps_to(chain: &Chain, keys: &Keys) -> Option<u64> {
    keys.first_epoch.checked_sub(chain.epoch()).filter(|steps| *steps <= limits::SESSION_EPOCHS)
}

/// Whether the bond of a keys record was made with the chain of the session before it.
fn binds(chain: &mut Chain, keys: &Keys) -> bool {
    if steps_to(chain, keys).is_none() {
        return false;
    }
    let Ok(text) = keys.bond_text() else { return false };
    chain.bond_at(keys.first_epoch, &text).is_some_and(|bond| bond.ct_eq(&keys.bond).into())
}

#[cfg(test)]
mod tests {
    use crate::format::{Message, MessageKind, SlotContent};

    use super::*;

    fn keys(session: u32) -> Keys {
        let message = Message { kind: MessageKind::Secret, recipients: vec![vec![1]], cms: vec![1] };
        let (groups, messages) = (Vec::new(), vec![message]);
        let content = SlotContent { generation: 1, written_ns: 0, groups, messages, changed_by: None, mac: [0; 32] };
        Keys::new(session, u64::from(session), [0; 32], Vec::new(), content, 4096).unwrap()
    }

    #[test]
    fn a_stream_that_may_be_a_forgotten_one_is_not_taken_for_a_first_one() {
        let mut bonds = Bonds::default();
        let begin = |bonds: &mut Bonds, n: usize, session: u32| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            bonds.begin(&hash);
            bonds.check(&keys(session), 0).unwrap()
        };
        for n in 0..STREAMS {
            assert_eq!(begin(&mut bonds, n, 1), Bond::First, "{n}");
        }
        // here one is forgotten, and it may be whichever comes next
        for n in [STREAMS, STREAMS + 1, STREAMS + 1 + 9, 0] {
            let bond = begin(&mut bonds, n, 1);
            assert_eq!(bond, if n == STREAMS { Bond::First } else { Bond::Unproven }, "{n}");
        }
        assert_eq!(begin(&mut bonds, STREAMS + 2, 0), Bond::First);
    }
}
