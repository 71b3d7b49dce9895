//! What an opener opens with: identities, grants that came without their stream, and the session that opened last.

use std::rc::Rc;

use crate::format::{Grant, Keys};
use crate::keys::Identity;

use super::bonds::{Bond, Bonds};
use super::error::SealError;
use super::grant::{self, GrantEntry};
use super::key_budget::KeyBudget;
use super::pending_grants::PendingGrants;
use super::schedule::SessionKey;
use super::session::{self, ListState, OpenedSession};

/// Kept over all streams of an input.
pub(super) struct Keyring {
    identities: Vec<Box<dyn Identity>>,
    pending: PendingGrants,
    /// The session that opened last, where the private key is on a device: another excerpt with the same keys record
    /// does not ask it again.
    last: Option<LastSession>,
    /// The sessions of the stream being read, and the epoch keys of the one that opened last.
    pub bonds: Bonds,
    budget: KeyBudget,
}

/// A session that opened for a recipient.
#[derive(Clone, Copy)]
pub(super) struct OpenSession {
    /// Its list of recipients is forged: the list before it opened the session.
    pub is_forged: bool,
    pub bond: Bond,
}

/// A session that opened.
struct LastSession {
    /// H of its stream, and the hash of its keys record.
    record: ([u8; 32], [u8; 32]),
    key: SessionKey,
    forged: bool,
}

impl Keyring {
    pub fn new(identities: Vec<Box<dyn Identity>>) -> Self {
        Keyring {
            identities,
            pending: PendingGrants::default(),
            last: None,
            bonds: Bonds::default(),
            budget: KeyBudget::default(),
        }
    }

    /// Whether it holds no identity, so that nothing can open, now or later.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Keeps a grant until its stream comes.
    pub fn keep(&mut self, g: &Grant) {
        self.pending.keep(g, &self.identities);
    }

    /// Keeps a grant of the stream being read in `waiting`, where it is for an identity here.
    pub fn keep_in(&self, waiting: &mut PendingGrants, g: &Grant) {
        waiting.keep(g, &self.identities);
    }

    /// The epoch keys of a grant for the stream with this hash, which is for an identity here.
    pub fn open_grant(&mut self, g: &Grant, stream_hash: &[u8; 32]) -> Result<Vec<GrantEntry>, SealError> {
        self.budget.ask()?;
        Ok(grant::open(g, stream_hash, &self.identities)?.unwrap_or_default())
    }

    /// An epoch was opened with `keys` keys: what was asked of the private keys was of use.
    pub fn was_of_use(&mut self, keys: usize) {
        self.budget.earn(keys);
    }

    /// Whether nothing more is asked of the private keys until something opens.
    pub fn is_exhausted(&self) -> bool {
        self.budget.is_exhausted()
    }

    /// The kept grants of the stream with this hash.
    pub fn pending(&self, stream_hash: &[u8; 32]) -> impl Iterator<Item = &Rc<Grant>> {
        self.pending.of(stream_hash)
    }

    /// Opens a session, whose epoch keys are then those of [`Bonds::chain`]. `record_hash` is that of its whole keys
    /// record, which begins at byte `offset`.
    pub fn open_session(
        &mut self,
        keys: &Keys,
        stream_hash: [u8; 32],
        record_hash: [u8; 32],
        offset: u64,
    ) -> Result<OpenSession, SealError> {
        // before a private key is used on it
        let bond = self.bonds.check(keys, offset)?;
        let opened = self.session_key(keys, stream_hash, record_hash);
        if let Err(SealError::NotRecipient { .. }) = &opened {
            self.bonds.closed(keys, bond);
        }
        let opened = opened?;
        self.bonds.open(keys, bond, opened.key.chain(keys.first_epoch));
        let is_forged = opened.forged;
        let asks_device = self.identities.iter().any(|i| i.is_on_device());
        self.last = asks_device.then_some(opened);
        Ok(OpenSession { is_forged, bond })
    }

    fn session_key(
        &mut self,
        keys: &Keys,
        stream_hash: [u8; 32],
        record_hash: [u8; 32],
    ) -> Result<LastSession, SealError> {
        let record = (stream_hash, record_hash);
        if let Some(last) = self.last.take().filter(|last| last.record == record) {
            return Ok(last);
        }
        self.budget.check()?;
        let opened = session::open(keys, &stream_hash, &self.identities);
        if !matches!(opened, Err(SealError::NotRecipient { .. })) {
            self.budget.charge();
        }
        let OpenedSession { key, list, .. } = opened?;
        match list {
            ListState::Proven => Ok(LastSession { record, key, forged: false }),
            ListState::Forged => Ok(LastSession { record, key, forged: true }),
            ListState::Superseded(e) => Err(e),
        }
    }
}
