//! What speaks against a signer.

use thiserror::Error;

/// Why a signer is not accepted.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SignerFault {
    /// It is not one of those named, and no authority was given.
    #[error("is none of the given signers")]
    Unknown,
    /// It is not one of those named, and has no chain to an authority at that time.
    #[error("has no chain to a given authority")]
    NoChain,
    /// Its notAfter had passed.
    #[error("had expired when it signed")]
    Expired,
    /// Its notBefore was to come.
    #[error("was not yet valid when it signed")]
    NotYetValid,
    /// Key usage without digitalSignature and nonRepudiation.
    #[error("is not for signing, says its key usage")]
    KeyUsage,
}

impl SignerFault {
    /// The same of a certificate that is about to sign: `has expired`.
    pub fn of_own(self) -> &'static str {
        match self {
            SignerFault::Expired => "has expired",
            SignerFault::NotYetValid => "is not yet valid",
            SignerFault::KeyUsage => "is not for signing, says its key usage",
            SignerFault::Unknown | SignerFault::NoChain => "is not accepted",
        }
    }
}
