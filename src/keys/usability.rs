//! Whether a certificate may be encrypted to, and why not.

use thiserror::Error;

use super::{Certificate, KeyType, certificate::KeyUsage, public_key::RSA_BITS};

/// Why a certificate is left out. [`code`](Self::code) is the number in the container's keys record.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Unusable {
    /// Its notAfter has passed.
    #[error("expired")]
    Expired = 1,
    /// Its notBefore is to come; perhaps this machine's clock is wrong.
    #[error("not yet valid (is this machine's clock right?)")]
    NotYetValid = 2,
    /// A revocation list names it.
    #[error("revoked")]
    Revoked = 3,
    /// Key usage without keyEncipherment (RSA) or keyAgreement (elliptic curve).
    #[error("its key usage does not allow encryption (keyEncipherment for RSA, keyAgreement for elliptic curves)")]
    KeyUsage = 4,
    /// RSA of fewer than 2048 bits.
    #[error("weak key (RSA needs 2048 bits or more)")]
    WeakKey = 5,
    /// Neither RSA of up to 8192 bits nor a right point of P-256 or P-384.
    #[error("unsupported key (RSA up to 8192 bits, P-256 and P-384 are supported)")]
    UnsupportedKey = 6,
    /// A certification authority that is not self-signed, or that issued another one of the set.
    #[error("a certification authority, not a recipient")]
    IsCa = 7,
    /// Another certificate of the set has the same public key, or the same issuer and serial number.
    #[error("a duplicate of another certificate's key, or of its issuer and serial number")]
    DuplicateKey = 8,
    /// No chain to the given authorities.
    #[error("no chain to a trusted authority")]
    NoChain = 9,
    /// The file cannot be read or parsed.
    #[error("unreadable")]
    Unreadable = 10,
    /// The file is gone.
    #[error("removed")]
    Removed = 11,
    /// Revocation lists are asked, and none that counts says that it is not revoked.
    #[error("no revocation list of its issuer can be used")]
    NoRevocationList = 12,
}

impl Unusable {
    /// The reason's number in the container's keys record.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The reason of that number; `None` for others.
    pub fn from_code(code: u8) -> Option<Self> {
        use Unusable::*;
        [
            Expired,
            NotYetValid,
            Revoked,
            KeyUsage,
            WeakKey,
            UnsupportedKey,
            IsCa,
            DuplicateKey,
            NoChain,
            Unreadable,
            Removed,
            NoRevocationList,
        ]
        .into_iter()
        .find(|reason| reason.code() == code)
    }
}

/// What is worth saying of a certificate that is used all the same.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// It has no key usage extension.
    #[error("the certificate does not say what its key is for (no key usage)")]
    NoKeyUsage,
}

impl Certificate {
    /// Whether the certificate, considered alone, may be encrypted to at `now_ns` (UTC nanoseconds since 1970). Gives
    /// what is worth a warning, or the first reason against it. What depends on other certificates (duplicates,
    /// authorities that issued one of them) is [`RecipientSet`](super::RecipientSet)'s.
    pub fn usability(&self, now_ns: i64) -> Result<Vec<Warning>, Unusable> {
        match self.key_type() {
            KeyType::Rsa(bits) if bits < RSA_BITS.start() => return Err(Unusable::WeakKey),
            _ if !self.public_key().is_supported() => return Err(Unusable::UnsupportedKey),
            _ => {}
        }
        let mut warnings = Vec::new();
        match (self.constraints.key_usage, self.key_type()) {
            (None, _) => warnings.push(Warning::NoKeyUsage),
            (Some(KeyUsage { key_encipherment: true, .. }), KeyType::Rsa(_)) => {}
            (Some(KeyUsage { key_agreement: true, .. }), KeyType::P256 | KeyType::P384) => {}
            (Some(_), _) => return Err(Unusable::KeyUsage),
        }
        if self.constraints.is_ca && !self.constraints.is_self_issued {
            return Err(Unusable::IsCa);
        }
        if now_ns > self.not_after_ns() {
            return Err(Unusable::Expired);
        }
        if now_ns < self.not_before_ns() {
            return Err(Unusable::NotYetValid);
        }
        Ok(warnings)
    }
}
