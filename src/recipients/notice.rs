//! What is worth a warning about files of certificates and revocation lists.

use crate::base::text::quoted;
use crate::keys::{KeyError, ListFault};

/// What is worth a warning although recording goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A file cannot be used, and its last good copy is.
    #[error("{name}: {error}; the certificate that was there is used for {left} more epochs")]
    Kept {
        /// The file.
        name: String,
        /// What is wrong with it.
        error: KeyError,
        /// For how many more epochs.
        left: u32,
    },
    /// A folder cannot be listed, and what was in it is used.
    #[error("{folder}: {why}; the certificates that were there are used for {left} more epochs")]
    FolderKept {
        /// The folder.
        folder: String,
        /// Why it cannot be listed.
        why: String,
        /// For how many more epochs.
        left: u32,
    },
    /// A file of certificates holds something else besides.
    #[error("{}: PEM of {} is no certificate, and is passed over", quoted(.name), quoted(.label))]
    PassedOver {
        /// The file.
        name: String,
        /// What stands after BEGIN.
        label: String,
    },
    /// A file of revocation lists cannot be used; its last good copy, where there was one, still is.
    #[error(
        "{name}: {why}; {}",
        if *.kept { "what was there before is used until it expires" } else { "it does not count" }
    )]
    List {
        /// The file.
        name: String,
        /// What is wrong with it.
        why: String,
        /// Whether a copy from before is used.
        kept: bool,
    },
    /// A folder of revocation lists is empty, or such a file is gone.
    #[error(
        "there is no revocation list in {}{}",
        quoted(.folder),
        if *.kept { "; what was there before is used until it expires" } else { "" }
    )]
    NoLists {
        /// The folder.
        folder: String,
        /// Whether a copy from before, or a list in another folder, is used.
        kept: bool,
    },
    /// Something is wrong with a revocation list, or it expires soon.
    #[error("the revocation list in {} {fault}", quoted(.name))]
    ListFault {
        /// The file.
        name: String,
        /// What is wrong with it.
        fault: ListFault,
    },
}

impl Notice {
    /// Whether it is about revocation lists, not certificates.
    pub fn is_about_lists(&self) -> bool {
        matches!(self, Notice::List { .. } | Notice::NoLists { .. } | Notice::ListFault { .. })
    }
}
