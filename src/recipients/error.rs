//! What can go wrong with the files of recipients.

use std::io;
use std::path::PathBuf;

use crate::base::text::quoted_path;
use crate::keys::{KeyError, LeftOut};
use crate::storage::StorageError;

use super::describe::left_out_text;

/// Maximum number of certificates that are named where one line says why none is left.
const NAMED: usize = 8;

/// Why there are no recipients, or not the right ones.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientsError {
    /// No file or folder of certificates was given.
    #[error("no recipient")]
    NoneGiven,
    /// A file or folder of certificates does not exist or cannot be read.
    #[error("cannot read {}", quoted_path(.path))]
    Certificates {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file or folder of revocation lists does not exist or cannot be read.
    #[error("cannot read {}", quoted_path(.path))]
    RevocationLists {
        /// Its name.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file does not hold what it should: certificates of authorities, or revocation lists.
    #[error("{}", quoted_path(.path))]
    Parse {
        /// Its name.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The record of what was revoked cannot be read: nobody can say who was.
    #[error("cannot read the record of what was revoked, {}: {why}", quoted_path(.path))]
    RevokedRecord {
        /// Its name.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file cannot be opened or read, or is too long.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Too few certificates can be encrypted to.
    #[error("{}: {}", too_few(*.minimum), reasons(.left_out))]
    NoneLeft {
        /// What was left out, and why.
        left_out: Vec<LeftOut>,
        /// The smallest number of certificates that recording goes on with.
        minimum: usize,
    },
}

fn too_few(minimum: usize) -> String {
    match minimum {
        0 | 1 => "no valid certificate is left".to_owned(),
        n => format!("fewer than {n} valid certificates are left"),
    }
}

fn reasons(left_out: &[LeftOut]) -> String {
    let mut why: Vec<String> = left_out.iter().take(NAMED).map(left_out_text).collect();
    if left_out.len() > NAMED {
        why.push(format!("and {} more", left_out.len() - NAMED));
    }
    if why.is_empty() { "there is no certificate".to_owned() } else { why.join("; ") }
}
