//! The signature over an epoch: what it covers, how it is made and how it is checked.

use std::sync::Arc;

use ring::digest::{Context, SHA256};

use crate::format::{Close, FormatError, Keys, Record, Signature, SignatureAlgorithm, Start, sha256};
use crate::keys::{Certificate, SignatureScheme, Signer, verify_signature};

use super::digests::Digests;
use super::error::SealError;

/// What of an epoch is signed, but for its records and its close record.
#[derive(Debug, Clone, Copy)]
struct SignedEpochFacts {
    stream_hash: [u8; 32],
    session: u32,
    epoch: u64,
    commitment: [u8; 32],
    keys_hash: [u8; 32],
    previous_close: [u8; 32],
}

impl SignedEpochFacts {
    fn new(stream_hash: [u8; 32], commitment: [u8; 32], s: &Start) -> Self {
        let Start { session, epoch, keys_hash, previous_close, .. } = *s;
        SignedEpochFacts { stream_hash, session, epoch, commitment, keys_hash, previous_close }
    }

    /// The signed bytes; `close` is the close record up to its signature.
    fn text(&self, digest: &[u8; 32], close: &[u8]) -> Vec<u8> {
        let mut text = b"vidveil1 epoch\0".to_vec();
        text.extend_from_slice(&self.stream_hash);
        text.extend_from_slice(&self.session.to_be_bytes());
        text.extend_from_slice(&self.epoch.to_be_bytes());
        text.extend_from_slice(&self.commitment);
        text.extend_from_slice(&self.keys_hash);
        text.extend_from_slice(&self.previous_close);
        text.extend_from_slice(digest);
        text.extend_from_slice(close);
        text
    }
}

/// Signs the epochs of a stream as they are written.
pub struct EpochSigner {
    signer: Arc<Signer>,
    digests: Digests,
    facts: Option<SignedEpochFacts>,
}

impl EpochSigner {
    /// Starts the thread that hashes. Errors: the system gives none.
    pub fn new(signer: Arc<Signer>) -> Result<Self, SealError> {
        Ok(EpochSigner { signer, digests: Digests::new().map_err(FormatError::from)?, facts: None })
    }

    /// Whether the signer may sign an epoch whose start record states this time, UTC ns: to be asked before each.
    ///
    /// Errors: [`SealError::OwnSigner`].
    pub fn check(&self, wall_ns: i64) -> Result<(), SealError> {
        self.signer.check(wall_ns).map_err(|fault| {
            let signer = Box::new(self.signer.certificate().clone());
            SealError::OwnSigner { signer, at_ns: wall_ns, fault }
        })
    }

    /// That the signer's certificate ends, as an error.
    pub fn ended(&self) -> SealError {
        SealError::SignerEnds { signer: Box::new(self.signer.certificate().clone()) }
    }

    /// An epoch begins with this start record. `stream_hash` is H, `commitment` the session's, zeros in a plain stream.
    ///
    /// Errors: the thread is gone.
    pub fn start(
        &mut self,
        stream_hash: [u8; 32],
        commitment: [u8; 32],
        s: &Start,
        record: &[u8],
    ) -> Result<(), SealError> {
        self.facts = Some(SignedEpochFacts::new(stream_hash, commitment, s));
        Ok(self.digests.add(record).map_err(FormatError::from)?)
    }

    /// The next frame record of the epoch; gives an empty buffer for it.
    pub fn frame(&mut self, record: Vec<u8>) -> Result<Vec<u8>, SealError> {
        Ok(self.digests.hand_over(record).map_err(FormatError::from)?)
    }

    /// The same, of a record that is only lent.
    pub fn frame_copied(&mut self, record: &[u8]) -> Result<(), SealError> {
        Ok(self.digests.add(record).map_err(FormatError::from)?)
    }

    /// A signature of zeros, of the right kind and length: the header and the HMACs of a close record cover its length.
    pub fn blank(&self) -> Signature {
        Signature { algorithm: algorithm(self.signer.scheme()), bytes: vec![0; self.signer.signature_len()] }
    }

    /// The epoch's signature. `record` is its close record, whole but for the signature, which is
    /// [`EpochSigner::blank`].
    pub fn sign(&mut self, record: &[u8]) -> Result<Signature, SealError> {
        let blank = self.blank();
        let digest = self.digests.finish().map_err(FormatError::from)?;
        let covered = record.len().checked_sub(blank.bytes.len() + SIGNATURE_HEAD).and_then(|n| record.get(..n));
        let (Some(facts), Some(covered)) = (self.facts.take(), covered) else { return Err(SealError::Crypto) };
        Ok(Signature { bytes: self.signer.sign(&facts.text(&digest, covered))?, ..blank })
    }
}

/// Algorithm and length stand before a signature.
const SIGNATURE_HEAD: usize = 3;

/// An epoch whose signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedEpoch {
    /// Its number.
    pub epoch: u64,
    /// Wall clock when it was opened, UTC ns: signed, too.
    pub wall_ns: i64,
}

/// Checks the signatures of a stream's epochs as they are read, each by itself, with the certificate in the stream
/// record. Whether that one is to be trusted is for the caller to decide.
#[derive(Default)]
pub struct EpochChecker {
    stream_hash: [u8; 32],
    sealed: bool,
    tracks: usize,
    signed: bool,
    signer: Option<Arc<Certificate>>,
    /// Of the session last begun.
    commitment: Option<[u8; 32]>,
    epoch: Option<Open>,
}

struct Open {
    facts: SignedEpochFacts,
    wall_ns: i64,
    digests: Context,
}

impl EpochChecker {
    /// The certificate in the stream record; `None` when the stream is not signed, or it cannot be read.
    pub fn signer(&self) -> Option<&Arc<Certificate>> {
        self.signer.as_ref()
    }

    /// Whether the stream says that it is signed.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Takes the next record; `raw` is all of it, `at` its byte offset. Gives the epoch that ends with it under a right
    /// signature.
    ///
    /// Errors: [`SealError::EpochSignature`] at a close record.
    pub fn take(&mut self, record: &Record, raw: &[u8], at: u64) -> Result<Option<SignedEpoch>, SealError> {
        match record {
            Record::Stream(s) => {
                *self = EpochChecker {
                    stream_hash: sha256(raw),
                    sealed: s.sealed(),
                    tracks: s.tracks.len(),
                    signed: !s.signer.is_empty(),
                    signer: Certificate::from_der(&s.signer).ok().map(Arc::new),
                    commitment: (!s.sealed()).then_some([0; 32]),
                    epoch: None,
                };
            }
            _ if !self.signed => {}
            Record::Keys(k) => self.keys(k),
            Record::Start(s) => {
                let mut digests = Context::new(&SHA256);
                digests.update(&sha256(raw));
                let facts = self.commitment.map(|c| SignedEpochFacts::new(self.stream_hash, c, s));
                self.epoch = facts.map(|facts| Open { facts, wall_ns: s.wall_ns, digests });
            }
            Record::Frame(_) => {
                if let Some(open) = &mut self.epoch {
                    open.digests.update(&sha256(raw));
                }
            }
            Record::Close(c) => return self.close(c, raw, at).map(Some),
            Record::Grant(_) | Record::Index(_) | Record::End(_) | Record::Cut => self.leave(),
        }
        Ok(None)
    }

    /// The next records are not those that should follow: an epoch that is open is forgotten.
    pub fn leave(&mut self) {
        self.epoch = None;
    }

    fn keys(&mut self, k: &Keys) {
        (self.commitment, self.epoch) = (Some(k.commitment), None);
    }

    fn close(&mut self, c: &Close, raw: &[u8], at: u64) -> Result<SignedEpoch, SealError> {
        let wrong = SealError::EpochSignature { offset: at, epoch: c.epoch };
        let (Some(open), Some(certificate), Some(signature)) = (self.epoch.take(), &self.signer, &c.signature) else {
            return Err(wrong);
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(open.digests.finish().as_ref());
        let Some(covered) = raw.get(..Close::covered(self.tracks, self.sealed).1) else { return Err(wrong) };
        let text = open.facts.text(&digest, covered);
        if verify_signature(certificate, scheme(signature.algorithm), &text, &signature.bytes) {
            Ok(SignedEpoch { epoch: c.epoch, wall_ns: open.wall_ns })
        } else {
            Err(wrong)
        }
    }
}

/// The container's number for a scheme.
pub(super) fn algorithm(scheme: SignatureScheme) -> SignatureAlgorithm {
    match scheme {
        SignatureScheme::Ed25519 => SignatureAlgorithm::Ed25519,
        SignatureScheme::EcdsaP256 => SignatureAlgorithm::EcdsaP256,
        SignatureScheme::EcdsaP384 => SignatureAlgorithm::EcdsaP384,
        SignatureScheme::RsaPss => SignatureAlgorithm::RsaPss,
    }
}

/// The scheme for the container's number.
pub(super) fn scheme(algorithm: SignatureAlgorithm) -> SignatureScheme {
    match algorithm {
        SignatureAlgorithm::Ed25519 => SignatureScheme::Ed25519,
        SignatureAlgorithm::EcdsaP256 => SignatureScheme::EcdsaP256,
        SignatureAlgorithm::EcdsaP384 => SignatureScheme::EcdsaP384,
        SignatureAlgorithm::RsaPss => SignatureScheme::RsaPss,
    }
}
