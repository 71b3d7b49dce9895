//! Why a revocation list does not count, or all lists of an issuer do not.

use thiserror::Error;

use crate::base::text::{quoted, rfc3339};

/// Why no list says of a certificate that it is not revoked.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoList {
    /// No list is by its issuer.
    #[error("there is none by {}", quoted(.0))]
    Missing(String),
    /// No certificate of the issuer is known with which a list could be checked.
    #[error("no certificate of {} is known with which the list could be checked (--ca)", quoted(.0))]
    NoIssuer(String),
    /// There are lists, none of which counts: why not the one that comes nearest.
    #[error("the list in {} {fault}", quoted(.name))]
    Faulty {
        /// The list's file.
        name: String,
        /// What is wrong with it.
        fault: ListFault,
    },
}

/// What is wrong with a revocation list.
#[derive(Debug, Error, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ListFault {
    /// It is by an issuer of none of the certificates.
    #[error("is by {}, who issued none of the certificates", quoted(.0))]
    Nobody(String),
    /// No certificate of its issuer is known.
    #[error("cannot be checked, as no certificate of {} is known (--ca): it does not count", quoted(.0))]
    NoIssuer(String),
    /// Its issuer did not sign it.
    #[error("is not signed by its issuer (forged, or of another authority of the same name): it does not count")]
    Forged,
    /// It is signed with something that cannot be checked.
    #[error("cannot be checked, which does not mean that it is forged: {0} is not supported; it does not count")]
    CannotCheck(String),
    /// Its issuer's certificate does not let it sign lists.
    #[error("is signed by a certificate whose key usage does not allow that (cRLSign): it does not count")]
    NotAllowed,
    /// Of a kind that says nothing of what it does not name.
    #[error("does not count by itself: {0}")]
    Unusable(&'static str),
    /// It is not about this certificate.
    #[error("is for other certificates (issuing distribution point)")]
    OtherScope,
    /// It is not valid yet.
    #[error("is valid only from {} on (is this machine's clock right?)", rfc3339(*.0))]
    NotYetValid(i64),
    /// Its file is gone, and it does not say until when it is valid.
    #[error("is gone, and did not say until when it is valid")]
    Gone,
    /// The next one was due, longer ago than the grace lasts.
    #[error("has expired: the next one was due on {}", rfc3339(*.0))]
    Expired(i64),
    /// The next one was due, but the grace is not over. It counts.
    #[error(
        "has expired (the next one was due on {}), and may lack what was revoked since: it is used until {}",
        rfc3339(*.due_ns),
        rfc3339(*.until_ns)
    )]
    InGrace {
        /// When the next one was due, UTC nanoseconds since 1970.
        due_ns: i64,
        /// Until when it is used.
        until_ns: i64,
    },
    /// It counts, but expires soon.
    #[error("expires soon: the next one is due on {}", rfc3339(*.0))]
    EndsSoon(i64),
}

impl ListFault {
    /// Whether the list counts all the same.
    pub fn counts(&self) -> bool {
        matches!(self, ListFault::InGrace { .. } | ListFault::EndsSoon(_))
    }
}
