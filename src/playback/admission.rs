//! Which streams may be read with the keys that were given.

use crate::format::{Role, StreamRecord};
use crate::seal::SealError;

use super::{Keyring, PlaybackError, SourceOptions};

/// What there is to open with, and so what may come.
pub(super) struct Admission {
    keys: GivenKeys,
    has_grants: bool,
    plain_ok: bool,
}

enum GivenKeys {
    None,
    /// Given to this reader.
    Own,
    /// Shared with a whole pipeline, in which public streams are no surprise.
    Shared,
}

impl Admission {
    pub fn new(keyring: &Keyring, options: &SourceOptions) -> Self {
        let keys = match (keyring.identities.is_empty(), keyring.shared) {
            (true, _) => GivenKeys::None,
            (false, false) => GivenKeys::Own,
            (false, true) => GivenKeys::Shared,
        };
        Admission { keys, has_grants: !keyring.grants.is_empty(), plain_ok: options.plain_ok }
    }

    /// Refuses a plain stream where a sealed one is expected.
    pub fn check(&self, s: &StreamRecord) -> Result<(), PlaybackError> {
        let expected = match self.keys {
            GivenKeys::None => true,
            GivenKeys::Own => false,
            GivenKeys::Shared => s.role == Role::Public,
        };
        if expected || s.sealed() || self.plain_ok {
            return Ok(());
        }
        Err(PlaybackError::NotSealed { shared: matches!(self.keys, GivenKeys::Shared) })
    }

    /// The error where no key is a recipient's: what was given decides what it says.
    pub fn not_a_recipient(&self, e: SealError) -> PlaybackError {
        match (e, &self.keys) {
            (SealError::NotRecipient { recipients, .. }, GivenKeys::None) => PlaybackError::NoKey { recipients },
            (SealError::NotRecipient { recipients, given, .. }, _) if self.has_grants => {
                PlaybackError::NotGranted { recipients, given }
            }
            (e, _) => e.into(),
        }
    }
}
