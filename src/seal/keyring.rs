//! What an opener opens with: identities, grants that came without their stream, and the session that opened last.

use crate::format::{Grant, Keys};
use crate::keys::Identity;

use super::error::SealError;
use super::grant::{self, GrantEntry};
use super::pending_grants::PendingGrants;
use super::schedule::{Chain, SessionKey};
use super::session::{self, ListState, OpenedSession};

/// Kept over all streams of an input.
pub(super) struct Keyring {
    identities: Vec<Box<dyn Identity>>,
    pending: PendingGrants,
    /// The session that opened last, where the private key is on a device: another excerpt with the same keys record
    /// does not ask it again.
    last: Option<OpenSession>,
}

/// A session that opened.
struct OpenSession {
    /// H of its stream, and the hash of its keys record.
    record: ([u8; 32], [u8; 32]),
    key: SessionKey,
    forged: bool,
}

impl Keyring {
    pub fn new(identities: Vec<Box<dyn Identity>>) -> Self {
        Keyring { identities, pending: PendingGrants::default(), last: None }
    }

    /// Whether it holds no identity, so that nothing can open, now or later.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Keeps a grant until its stream comes.
    pub fn keep(&mut self, g: Grant) {
        self.pending.keep(g, &self.identities);
    }

    /// The keys of a grant for the stream with this hash; none when it is for no identity here.
    pub fn grant(&self, g: &Grant, stream_hash: &[u8; 32]) -> Result<Vec<GrantEntry>, SealError> {
        Ok(grant::open(g, stream_hash, &self.identities)?.unwrap_or_default())
    }

    /// The kept grants of the stream with this hash.
    pub fn pending(&self, stream_hash: &[u8; 32]) -> impl Iterator<Item = &Grant> {
        self.pending.of(stream_hash)
    }

    /// The epoch keys of a session, and whether its list of recipients is forged, so that the one before it was used.
    /// `record_hash` is that of its whole keys record.
    pub fn open_session(
        &mut self,
        keys: &Keys,
        stream_hash: [u8; 32],
        record_hash: [u8; 32],
    ) -> Result<(Chain, bool), SealError> {
        let record = (stream_hash, record_hash);
        let open = match self.last.take().filter(|last| last.record == record) {
            Some(last) => last,
            None => {
                let OpenedSession { key, list, .. } = session::open(keys, &stream_hash, &self.identities)?;
                let forged = match list {
                    ListState::Proven => false,
                    ListState::Forged => true,
                    ListState::Superseded(e) => return Err(e),
                };
                OpenSession { record, key, forged }
            }
        };
        let opened = (open.key.chain(keys.first_epoch), open.forged);
        let asks_device = self.identities.iter().any(|i| i.is_on_device());
        self.last = asks_device.then_some(open);
        Ok(opened)
    }
}
