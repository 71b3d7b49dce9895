//! How often a private key is asked without use. Whoever knows a certificate can write grants and keys records that
//! name it, and each one costs an operation of the private key: on a card that is a second, or a person who touches it.

use super::error::SealError;

/// Operations that may go by of which nothing opens.
const BARREN: usize = 256;

/// Operations of the private keys of which nothing has opened yet.
#[derive(Default)]
pub(super) struct KeyBudget(usize);

impl KeyBudget {
    /// An operation is about to be asked for.
    ///
    /// Errors: [`SealError::Barren`] when too many were in vain.
    pub fn ask(&mut self) -> Result<(), SealError> {
        self.check()?;
        self.charge();
        Ok(())
    }

    /// Whether one may be asked for.
    ///
    /// Errors: as [`KeyBudget::ask`].
    pub fn check(&self) -> Result<(), SealError> {
        if self.is_exhausted() { Err(SealError::Barren { limit: BARREN }) } else { Ok(()) }
    }

    /// One was done.
    pub fn charge(&mut self) {
        self.0 += 1;
    }

    /// An epoch was opened with this many keys.
    pub fn earn(&mut self, keys: usize) {
        self.0 = self.0.saturating_sub(keys);
    }

    pub fn is_exhausted(&self) -> bool {
        self.0 >= BARREN
    }
}
