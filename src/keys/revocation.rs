//! Certificate revocation lists (RFC 5280, section 5).

use std::collections::BTreeSet;

use webpki::{BorrowedCertRevocationList, Error};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{Certificate, KeyError, certificate::MAX_IN_FILE, pem};

/// The largest file of revocation lists that is read.
pub const MAX_LIST_FILE: usize = 64 << 20;

/// A parsed revocation list. Whether its issuer signed it is asked apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    der: Vec<u8>,
    issuer: Vec<u8>,
    serials: BTreeSet<Vec<u8>>,
    next_update_ns: Option<i64>,
}

impl RevocationList {
    /// Takes one list as DER, version 1 or 2. Errors: malformed; a delta, an indirect list, or one that leaves reasons
    /// out: what such a list does not say would be taken for "not revoked".
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match BorrowedCertRevocationList::from_der(der) {
            // Version 1 has no extensions, so nothing in it could be missed; older openssl writes it.
            Ok(_) | Err(Error::UnsupportedCrlVersion) => {}
            Err(Error::UnsupportedDeltaCrl) => return Err(KeyError::BadRevocationList("it is a delta")),
            Err(Error::UnsupportedIndirectCrl) => return Err(KeyError::BadRevocationList("it is indirect")),
            Err(Error::UnsupportedRevocationReasonsPartitioning) => {
                return Err(KeyError::BadRevocationList("it is for some reasons only"));
            }
            Err(_) => return Err(KeyError::BadRevocationList("it is malformed, or has extensions that are not known")),
        }
        let malformed = KeyError::BadRevocationList("it is malformed");
        let (rest, list) = CertificateRevocationList::from_der(der).map_err(|_| malformed.clone())?;
        if !rest.is_empty() {
            return Err(malformed);
        }
        Ok(RevocationList {
            issuer: list.issuer().as_raw().to_vec(),
            serials: list.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect(),
            next_update_ns: list.next_update().map(|time| time.timestamp().saturating_mul(1_000_000_000)),
            der: der.to_vec(),
        })
    }

    /// Whether the list names the certificate: its issuer and its serial number.
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.is_by_issuer_of(certificate) && self.serials.contains(certificate.serial())
    }

    /// When the next list was due, UTC nanoseconds since 1970; `None` when the list does not say.
    pub fn next_update_ns(&self) -> Option<i64> {
        self.next_update_ns
    }

    fn is_by_issuer_of(&self, certificate: &Certificate) -> bool {
        self.issuer == certificate.issuer_der()
    }

    /// Whether the list says that it is by the subject of this certificate.
    pub(super) fn claims_to_be_by(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject_der()
    }

    /// Whether this certificate's key signed the list, and may (cRLSign, where it has a key usage).
    pub(super) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let (Ok((_, list)), Ok((_, issuer))) =
            (CertificateRevocationList::from_der(&self.der), X509Certificate::from_der(issuer.der()))
        else {
            return false;
        };
        let may = issuer.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
        may && list.verify_signature(issuer.public_key()).is_ok()
    }
}

/// All revocation lists of a file: PEM with one or more ("X509 CRL"), or DER of one. Errors: none, a malformed one, or
/// more than [`MAX_LIST_FILE`] bytes.
pub fn revocation_lists_in(bytes: &[u8]) -> Result<Vec<RevocationList>, KeyError> {
    if bytes.len() > MAX_LIST_FILE {
        return Err(KeyError::TooLarge { what: "file of revocation lists, in bytes", limit: MAX_LIST_FILE });
    }
    if !pem::is_pem(bytes) {
        return match bytes.first() {
            Some(0x30) => Ok(vec![RevocationList::from_der(bytes)?]),
            _ => Err(KeyError::NoRevocationList),
        };
    }
    let mut found = Vec::new();
    for block in pem::blocks(bytes)? {
        if let ("X509 CRL", Some(der)) = (block.label.as_str(), &block.der) {
            if found.len() == MAX_IN_FILE {
                return Err(KeyError::TooLarge { what: "revocation lists in one file", limit: MAX_IN_FILE });
            }
            found.push(RevocationList::from_der(der)?);
        }
    }
    if found.is_empty() { Err(KeyError::NoRevocationList) } else { Ok(found) }
}
