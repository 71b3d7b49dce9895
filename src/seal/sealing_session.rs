//! The key session that a sealer is in, and the next one.

use crate::format::{Clock, FormatError, Keys, RecordType, limits, sha256};
use crate::keys::RecipientSet;

use super::error::SealError;
use super::schedule::Chain;
use super::seal_settings::SealSettings;
use super::session;

/// The open key session.
pub(super) struct Session {
    pub number: u32,
    pub chain: Chain,
    pub commitment: [u8; 32],
    pub keys_hash: [u8; 32],
    pub fingerprints: Vec<[u8; 32]>,
    pub opened_mono_ns: i64,
    pub first_epoch: u64,
}

/// A session that is not written yet, with its keys record and that record's bytes.
pub(super) struct NewSession {
    pub session: Session,
    pub keys: Box<Keys>,
    pub record: Vec<u8>,
}

impl Session {
    /// A session that begins with `first_epoch`, for the usable ones of `recipients`, bound to the one `before`.
    pub fn begin(
        stream_hash: &[u8; 32],
        before: Option<&Session>,
        first_epoch: u64,
        recipients: &RecipientSet,
        key_room: u32,
        now: Clock,
    ) -> Result<NewSession, SealError> {
        let number = before.map_or(0, |s| s.number.saturating_add(1));
        let before = before.map(|s| &s.chain);
        let (key, keys) = session::create(stream_hash, number, before, first_epoch, recipients, key_room, now.wall_ns)?;
        let record = keys.to_record().map_err(|fault| FormatError::unwritable(RecordType::Keys, fault))?;
        let session = Session {
            number,
            chain: key.chain(first_epoch),
            commitment: keys.commitment,
            keys_hash: sha256(&record),
            fingerprints: fingerprints(recipients),
            opened_mono_ns: now.mono_ns,
            first_epoch,
        };
        Ok(NewSession { session, keys: Box::new(keys), record })
    }

    /// Whether the epoch that is due is one of this session.
    pub fn goes_on(&self, recipients: &RecipientSet, epoch: u64, settings: &SealSettings, now: Clock) -> bool {
        self.fingerprints == fingerprints(recipients)
            && now.mono_ns.saturating_sub(self.opened_mono_ns) < settings.session_ns
            && epoch.saturating_sub(self.first_epoch) < limits::SESSION_EPOCHS
    }
}

fn fingerprints(recipients: &RecipientSet) -> Vec<[u8; 32]> {
    recipients.usable.iter().map(|r| r.certificate.fingerprint()).collect()
}
