//! The authorities to which a recipient, or a signer, must have a chain.

use std::path::PathBuf;

use crate::keys::{Certificate, certificates_in};
use crate::storage::read_bounded;

use super::RecipientsError;

/// No file of authorities is larger, in bytes.
const MAX_AUTHORITIES_FILE: usize = 1 << 20;

/// Reads the certificates of authorities in the files at `paths`; `None` when there are no paths, so that no chain is
/// asked for.
///
/// # Errors
///
/// A file cannot be read or holds no certificate.
pub fn authorities(paths: &[PathBuf]) -> Result<Option<Vec<Certificate>>, RecipientsError> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for path in paths {
        let bytes = read_bounded(path, MAX_AUTHORITIES_FILE)?;
        all.extend(certificates_in(&bytes).map_err(|source| RecipientsError::Parse { path: path.clone(), source })?);
    }
    Ok(Some(all))
}
