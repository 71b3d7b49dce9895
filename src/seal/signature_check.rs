//! Who vouches for a stream: its signatures, checked as the records go by, and the signers that are accepted.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::format::{Record, Start};
use crate::keys::{Certificate, SignerFault, Signers};

use super::epoch_signature::{EpochChecker, SignedEpoch};
use super::error::SealError;

/// Most signers that are named.
const NAMED: usize = 64;

/// Checks the signatures of a container whose records go by.
#[derive(Default)]
pub struct SignatureCheck {
    checker: EpochChecker,
    accepted: Option<Signers>,
    /// Whoever is not accepted is an error.
    demanding: bool,
    signed: Option<SignedEpoch>,
    report: SignatureReport,
}

/// What a check has found so far.
#[derive(Debug, Clone, Default)]
pub struct SignatureReport {
    /// Streams that say who signed them, and streams that do not.
    pub signed_streams: u64,
    /// Streams that nobody says to have signed.
    pub unsigned_streams: u64,
    /// Epochs whose signature is right.
    pub epochs: u64,
    /// Subjects of the signers of those epochs; not more than 64.
    pub signers: BTreeSet<String>,
    /// The first of those epochs whose signer is not accepted.
    pub refused: Option<Refusal>,
}

/// A signer that is not accepted.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Subject of the certificate.
    pub signer: String,
    /// What speaks against it.
    pub fault: SignerFault,
    /// The first epoch of which that is so.
    pub epoch: SignedEpoch,
}

impl SignatureCheck {
    /// One that wants every stream to be signed by one of `accepted`: all else is an error.
    pub fn demanding(accepted: Signers) -> Self {
        SignatureCheck { accepted: Some(accepted), demanding: true, ..SignatureCheck::default() }
    }

    /// One that only notes who signed, and whether it was one of `accepted`, if those are given. Wrong signatures are
    /// errors.
    pub fn noting(accepted: Option<Signers>) -> Self {
        SignatureCheck { accepted, ..SignatureCheck::default() }
    }

    /// Takes the next record; `raw` is all of it, as it was read, `at` its byte offset.
    ///
    /// Errors: at a close record [`SealError::EpochSignature`]. Where signers are demanded, at a stream record
    /// [`SealError::Unsigned`] and at a start record [`SealError::Signer`], so before any frame.
    pub fn read(&mut self, record: &Record, raw: &[u8], at: u64) -> Result<(), SealError> {
        self.signed = None;
        if let Some(epoch) = self.checker.take(record, raw, at)? {
            self.signed = Some(epoch);
            self.note(epoch);
        }
        match record {
            Record::Stream(s) if s.signer.is_empty() => {
                self.report.unsigned_streams += 1;
                if self.demanding { Err(SealError::Unsigned) } else { Ok(()) }
            }
            Record::Stream(_) => {
                self.report.signed_streams += 1;
                Ok(())
            }
            Record::Start(s) if self.demanding => self.accept(s),
            _ => Ok(()),
        }
    }

    /// The epoch that ended with the record seen last, if it is signed.
    pub fn signed_epoch(&self) -> Option<SignedEpoch> {
        self.signed
    }

    /// What was seen so far.
    pub fn report(&self) -> &SignatureReport {
        &self.report
    }

    /// The certificate in the stream record; `None` when the stream is not signed, or it cannot be read.
    pub fn signer(&self) -> Option<&Arc<Certificate>> {
        self.checker.signer()
    }

    /// The next records are not those that should follow.
    pub fn leave(&mut self) {
        self.checker.leave();
    }

    fn accept(&self, s: &Start) -> Result<(), SealError> {
        let signer = self.checker.signer();
        let verdict = match (&self.accepted, signer) {
            (Some(accepted), Some(signer)) => accepted.accept(signer, s.wall_ns),
            _ => Err(SignerFault::Unknown),
        };
        verdict.map_err(|fault| SealError::Signer { signer: signer.cloned(), fault })
    }

    fn note(&mut self, epoch: SignedEpoch) {
        let Some(signer) = self.checker.signer() else { return };
        let t = &mut self.report;
        t.epochs += 1;
        if t.signers.len() < NAMED && !t.signers.contains(signer.subject()) {
            t.signers.insert(signer.subject().to_owned());
        }
        if let (Some(Err(fault)), None) = (self.accepted.as_ref().map(|a| a.accept(signer, epoch.wall_ns)), &t.refused)
        {
            t.refused = Some(Refusal { signer: signer.subject().to_owned(), fault, epoch });
        }
    }
}
