//! What speaks against a signer.

use thiserror::Error;

use super::NoList;

/// Why a signer is not accepted.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerFault {
    /// It is not one of those named, and no authority was given.
    #[error("is none of the given signers")]
    Unknown,
    /// It is not one of those named, and has no chain to an authority at that time.
    #[error("has no chain to a given authority")]
    NoChain,
    /// It is not one of those named, and its extended key usage does not say that it signs streams.
    #[error("is not named as a signer, and is not for signing streams by its extended key usage")]
    Purpose,
    /// It is not one of those named, and none of the given names is its.
    #[error("is not named as a signer, and has none of the given names")]
    Name,
    /// Its notAfter had passed.
    #[error("had expired when it signed")]
    Expired,
    /// Its notBefore was to come.
    #[error("was not yet valid when it signed")]
    NotYetValid,
    /// Key usage without digitalSignature and nonRepudiation.
    #[error("is not for signing, says its key usage")]
    KeyUsage,
    /// A key that signs nothing here.
    #[error("has a key of a kind that signs nothing here")]
    Key,
    /// A revocation list names it. When that was does not matter: the time of an epoch is the signer's word, and
    /// whoever has stolen the key can write any.
    #[error("has been revoked")]
    Revoked,
    /// Revocation lists must vouch for it, and none does.
    #[error("is vouched for by no revocation list: {0}")]
    NoList(NoList),
}

impl SignerFault {
    /// The same of a certificate that is about to sign: `has expired`.
    pub fn of_own(&self) -> String {
        match self {
            SignerFault::Expired => "has expired".to_owned(),
            SignerFault::NotYetValid => "is not yet valid".to_owned(),
            fault => fault.to_string(),
        }
    }
}
