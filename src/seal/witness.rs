//! Who vouches for a stream: its signatures, checked as the records go by, and the signers that are accepted.

use std::sync::Arc;

use crate::format::{Record, Start};
use crate::keys::{Certificate, SignerFault, Signers};

use super::epoch_signature::{EpochChecker, SignedEpoch};
use super::error::SealError;

/// Watches the records of a container go by.
#[derive(Default)]
pub struct Witness {
    checker: EpochChecker,
    accepted: Option<Signers>,
    signed: Option<SignedEpoch>,
}

impl Witness {
    /// One that wants every stream to be signed by one of `accepted`. [`Witness::default`] takes any signer, and streams that
    /// nobody has signed, but no wrong signature.
    pub fn demanding(accepted: Signers) -> Self {
        Witness { accepted: Some(accepted), ..Witness::default() }
    }

    /// Takes the next record; `raw` is all of it, as it was read, `at` its byte offset.
    ///
    /// Errors: at a stream record [`SealError::Unsigned`], at a start record [`SealError::Signer`], so before any frame; at a close record
    /// [`SealError::EpochSignature`].
    pub fn see(&mut self, record: &Record, raw: &[u8], at: u64) -> Result<(), SealError> {
        self.signed = None;
        self.signed = self.checker.take(record, raw, at)?;
        match (&self.accepted, record) {
            (Some(_), Record::Stream(s)) if s.signer.is_empty() => Err(SealError::Unsigned),
            (Some(accepted), Record::Start(s)) => self.accept(accepted, s),
            _ => Ok(()),
        }
    }

    /// The epoch that ended with the record seen last, if it is signed.
    pub fn signed_epoch(&self) -> Option<SignedEpoch> {
        self.signed
    }

    /// The certificate in the stream record; `None` when the stream is not signed, or it cannot be read.
    pub fn signer(&self) -> Option<&Arc<Certificate>> {
        self.checker.signer()
    }

    /// The records behind are not those that follow.
    pub fn leave(&mut self) {
        self.checker.leave();
    }

    fn accept(&self, accepted: &Signers, s: &Start) -> Result<(), SealError> {
        let signer = self.checker.signer();
        let verdict = signer.map_or(Err(SignerFault::Unknown), |c| accepted.accept(c, s.wall_ns));
        verdict.map_err(|fault| SealError::Signer { signer: signer.cloned(), fault })
    }
}
