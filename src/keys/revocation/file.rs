//! The revocation lists in a file, in the forms in which authorities publish them.

use super::RevocationList;
use super::list::MAX_LIST_FILE;
use crate::keys::{KeyError, limits::MAX_IN_FILE, pem};

/// All revocation lists of a file: DER of one; PEM with one or more ("X509 CRL", or "CERTIFICATE" around a list, as
/// Windows' certutil writes it); or base64 of one without a header, which Windows writes, too. Errors: none, a
/// malformed one, or more than [`MAX_LIST_FILE`] bytes.
pub fn revocation_lists_in(bytes: &[u8]) -> Result<Vec<RevocationList>, KeyError> {
    if bytes.len() > MAX_LIST_FILE {
        return Err(KeyError::TooLarge { what: "file of revocation lists, in bytes", limit: MAX_LIST_FILE });
    }
    if bytes.first() == Some(&0x30) {
        return Ok(vec![RevocationList::from_der(bytes)?]);
    }
    if !pem::is_pem(bytes) {
        let der = pem::bare_base64(bytes).ok_or(KeyError::NoRevocationList)?;
        return Ok(vec![RevocationList::from_der(&der)?]);
    }
    let mut found = Vec::new();
    for block in pem::blocks(bytes)? {
        let list = match (block.label.as_str(), &block.der) {
            ("X509 CRL", Some(der)) => RevocationList::from_der(der)?,
            ("CERTIFICATE", Some(der)) => match RevocationList::from_der(der) {
                Ok(list) => list,
                // really a certificate
                Err(_) => continue,
            },
            _ => continue,
        };
        if found.len() == MAX_IN_FILE {
            return Err(KeyError::TooLarge { what: "revocation lists in one file", limit: MAX_IN_FILE });
        }
        found.push(list);
    }
    if found.is_empty() { Err(KeyError::NoRevocationList) } else { Ok(found) }
}
