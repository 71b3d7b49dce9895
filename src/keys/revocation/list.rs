//! What one revocation list says.

use std::fmt;
use std::sync::Arc;

use super::content::{Content, Revoked};
use crate::base::lock;
use crate::keys::signature_check::{Signed, SignedBytes};
use crate::keys::{Certificate, KeyError};

/// The largest file of revocation lists that is read.
pub const MAX_LIST_FILE: usize = 64 << 20;

/// A parsed revocation list; a clone is the same one. Whether its issuer signed it is asked apart.
#[derive(Clone)]
pub struct RevocationList(Arc<Content>);

impl RevocationList {
    /// Takes one list as DER, version 1 or 2, with nothing after it. What kind of list it is makes no difference here:
    /// a delta, or one with extensions that are not known, names certificates all the same. Errors: malformed; longer
    /// than [`MAX_LIST_FILE`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > MAX_LIST_FILE {
            return Err(KeyError::TooLarge { what: "revocation list, in bytes", limit: MAX_LIST_FILE });
        }
        Content::parse(der)
            .map(|content| RevocationList(Arc::new(content)))
            .ok_or(KeyError::BadRevocationList("it is malformed"))
    }

    /// The issuer's distinguished name for people, escaped.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// When it was made, UTC nanoseconds since 1970.
    pub fn this_update_ns(&self) -> i64 {
        self.0.this_update_ns
    }

    /// When the next list is due, UTC nanoseconds since 1970; `None` when the list does not say.
    pub fn next_update_ns(&self) -> Option<i64> {
        self.0.next_update_ns
    }

    /// Whether it only says what has changed since another list.
    pub fn is_delta(&self) -> bool {
        self.0.is_delta
    }

    /// What it says of the certificate; `None` when it does not name it.
    pub fn names(&self, certificate: &Certificate) -> Option<Revoked> {
        if self.0.issuer_name != certificate.issuer_name() {
            return None;
        }
        self.0.find(certificate.serial())
    }

    /// Whether it says that it is by the issuer of this certificate.
    pub(super) fn is_by_issuer_of(&self, certificate: &Certificate) -> bool {
        self.0.issuer_name == certificate.issuer_name()
    }

    /// Whether it says that it is by the subject of this certificate.
    pub(super) fn claims_to_be_by(&self, issuer: &Certificate) -> bool {
        self.0.issuer_name == issuer.subject_name()
    }

    /// Whether both say that they are by the same issuer.
    pub fn has_issuer_of(&self, other: &Self) -> bool {
        self.0.issuer_name == other.0.issuer_name
    }

    /// Why it says nothing of certificates that it does not name, if that is so.
    pub(super) fn unusable(&self) -> Option<&'static str> {
        self.0.unusable
    }

    /// Whether it is about this certificate.
    pub(super) fn covers(&self, certificate: &Certificate) -> bool {
        self.0.scope.covers(certificate, &self.0.issuer_name)
    }

    /// Whether this certificate's key signed it.
    pub(super) fn signed_by(&self, issuer: &Certificate) -> Signed {
        let known = lock(&self.0.checked).get(&issuer.fingerprint()).cloned();
        known.unwrap_or_else(|| {
            let signed = SignedBytes::of(&self.0.der).map_or(Signed::Wrong, |s| s.signed_by(issuer.public_key()));
            lock(&self.0.checked).insert(issuer.fingerprint(), signed.clone());
            signed
        })
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("issuer", &self.0.issuer)
            .field("entries", &self.0.entries.len())
            .finish_non_exhaustive()
    }
}

impl PartialEq for RevocationList {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}
impl Eq for RevocationList {}
