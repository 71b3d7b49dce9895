//! What opens a stream: private keys, and grants.

use crate::format::Grant;
use crate::keys::Identity;

/// What opens a stream.
#[derive(Default)]
pub struct Keyring {
    /// Private keys.
    pub identities: Vec<Box<dyn Identity>>,
    /// Grants that come apart from the stream.
    pub grants: Vec<Grant>,
    /// The keys serve every command of a pipeline, as those of a key agent do: a public stream in it is no surprise.
    pub shared: bool,
}

impl From<Vec<Box<dyn Identity>>> for Keyring {
    fn from(identities: Vec<Box<dyn Identity>>) -> Self {
        Keyring { identities, ..Keyring::default() }
    }
}
