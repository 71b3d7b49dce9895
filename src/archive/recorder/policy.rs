//! What may be recorded.

use crate::archive::error::ArchiveError;
use crate::format::{Role, StreamRecord};
use crate::keys::Signers;

/// What may be recorded.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Only streams of this role.
    pub only: Option<Role>,
    /// An original that is not sealed may be written, too.
    pub plain_original: bool,
    /// Only epochs that one of these has signed.
    pub signers: Option<Signers>,
}

impl Policy {
    /// # Errors
    ///
    /// The stream may not be recorded.
    pub(super) fn check(&self, s: &StreamRecord) -> Result<(), ArchiveError> {
        if let Some(only) = self.only.filter(|only| *only != s.role) {
            return Err(ArchiveError::OtherRole { role: s.role, camera: s.camera.clone(), only });
        }
        if s.role == Role::Original && !s.sealed() && !self.plain_original {
            return Err(ArchiveError::PlainOriginal { camera: s.camera.clone() });
        }
        Ok(())
    }
}
