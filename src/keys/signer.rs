//! Signatures: made with a key file and the certificate that goes with it, checked with the certificate alone.

use std::fmt;

use aws_lc_rs::{encoding::AsDer, rand::SystemRandom, signature};
use signature::{KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::low_s::{P256_ORDER, P384_ORDER, has_low_s, lower_s};
use super::{Certificate, KeyError, KeyType, PublicKey, SignerFault, key_file, public_key::RSA_BITS};

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureScheme {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 with SHA-256; r and s, 32 bytes each, s not above half the order.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384; r and s, 48 bytes each, s not above half the order.
    EcdsaP384,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    RsaPss,
}

/// A private key that signs, with its certificate, which is the key's and was for signing and valid when it was taken.
pub struct Signer {
    secret: Secret,
    certificate: Certificate,
}

enum Secret {
    Ed25519(signature::Ed25519KeyPair),
    Ecdsa(SignatureScheme, signature::EcdsaKeyPair),
    Rsa(signature::RsaKeyPair),
}

impl Signer {
    /// Takes a key file's bytes, in the forms of [`super::KeyFile::parse`] and also with an Ed25519 key, and the
    /// certificate of that key, which is checked as by [`Signer::check`] for `now_ns`, UTC nanoseconds since 1970.
    ///
    /// Errors: as there; [`KeyError::Signer`] for a certificate that may not sign now, before a pass phrase is asked
    /// for; a key that cannot sign; [`KeyError::OtherKey`] for the certificate of another key.
    pub fn new(
        bytes: &[u8],
        certificate: Certificate,
        now_ns: i64,
        passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, KeyError> {
        certificate.can_sign(now_ns).map_err(KeyError::Signer)?;
        let secret = key_file::decoded(bytes, passphrase, from_pkcs8, from_rsa)?;
        let same = match &secret {
            Secret::Ed25519(key) => key.public_key().as_ref() == certificate.public_key().bits(),
            Secret::Ecdsa(_, key) => key.public_key().as_ref() == certificate.public_key().bits(),
            Secret::Rsa(key) => {
                let failed = |_| KeyError::Crypto("the private key has no public key");
                let spki =
                    AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(key.public_key()).map_err(failed)?;
                PublicKey::from_spki(spki.as_ref())? == *certificate.public_key()
            }
        };
        let signer = Signer { secret, certificate };
        if same && scheme_of(&signer.certificate) == Some(signer.scheme()) {
            Ok(signer)
        } else {
            Err(KeyError::OtherKey)
        }
    }

    /// Whether its certificate may sign what states this time, UTC nanoseconds since 1970: no reader accepts what says
    /// that it was signed outside of the certificate's validity.
    pub fn check(&self, at_ns: i64) -> Result<(), SignerFault> {
        self.certificate.can_sign(at_ns)
    }

    /// The scheme of its signatures.
    pub fn scheme(&self) -> SignatureScheme {
        match &self.secret {
            Secret::Ed25519(_) => SignatureScheme::Ed25519,
            Secret::Ecdsa(scheme, _) => *scheme,
            Secret::Rsa(_) => SignatureScheme::RsaPss,
        }
    }

    /// The certificate with which the signatures are checked.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// How many bytes its signatures have.
    pub fn signature_len(&self) -> usize {
        match &self.secret {
            Secret::Ed25519(_) | Secret::Ecdsa(SignatureScheme::EcdsaP256, _) => 64,
            Secret::Ecdsa(..) => 96,
            Secret::Rsa(key) => key.public_modulus_len(),
        }
    }

    /// Signs `message`, of any length. Errors: the cryptographic library failed.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Crypto("signing");
        match &self.secret {
            Secret::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Secret::Ecdsa(scheme, key) => {
                let mut signature = key.sign(&SystemRandom::new(), message).map_err(failed)?.as_ref().to_vec();
                if let Some(order) = order_of(*scheme) {
                    lower_s(order, &mut signature);
                }
                Ok(signature)
            }
            Secret::Rsa(key) => {
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(&signature::RSA_PSS_SHA256, &SystemRandom::new(), message, &mut out).map_err(failed)?;
                Ok(out)
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// Whether `signature` over `message` was made by the key of `certificate` in this scheme. Of the two forms that an
/// ECDSA signature has, only the one with the smaller s is right.
pub fn verify_signature(certificate: &Certificate, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
    if scheme_of(certificate) != Some(scheme) || order_of(scheme).is_some_and(|order| !has_low_s(order, signature)) {
        return false;
    }
    let algorithm: &dyn signature::VerificationAlgorithm = match scheme {
        SignatureScheme::Ed25519 => &signature::ED25519,
        SignatureScheme::EcdsaP256 => &signature::ECDSA_P256_SHA256_FIXED,
        SignatureScheme::EcdsaP384 => &signature::ECDSA_P384_SHA384_FIXED,
        SignatureScheme::RsaPss => &signature::RSA_PSS_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(algorithm, certificate.public_key().bits()).verify(message, signature).is_ok()
}

impl Certificate {
    /// Whether the certificate, considered alone, may sign at `at_ns`, UTC nanoseconds since 1970. One without key
    /// usage may.
    pub fn can_sign(&self, at_ns: i64) -> Result<(), SignerFault> {
        if self.constraints.key_usage.is_some_and(|usage| !usage.digital_signature) {
            return Err(SignerFault::KeyUsage);
        }
        match at_ns {
            _ if scheme_of(self).is_none() => Err(SignerFault::Key),
            _ if at_ns > self.not_after_ns() => Err(SignerFault::Expired),
            _ if at_ns < self.not_before_ns() => Err(SignerFault::NotYetValid),
            _ => Ok(()),
        }
    }
}

/// The one scheme for a kind of key.
fn scheme_of(certificate: &Certificate) -> Option<SignatureScheme> {
    match certificate.key_type() {
        KeyType::P256 => Some(SignatureScheme::EcdsaP256),
        KeyType::P384 => Some(SignatureScheme::EcdsaP384),
        KeyType::Rsa(bits) if RSA_BITS.contains(bits) => Some(SignatureScheme::RsaPss),
        KeyType::Other(name) if name == "Ed25519" => Some(SignatureScheme::Ed25519),
        KeyType::Rsa(_) | KeyType::Other(_) => None,
    }
}

/// The order of the curve where the scheme is ECDSA, big-endian.
fn order_of(scheme: SignatureScheme) -> Option<&'static [u8]> {
    match scheme {
        SignatureScheme::EcdsaP256 => Some(&P256_ORDER),
        SignatureScheme::EcdsaP384 => Some(&P384_ORDER),
        SignatureScheme::Ed25519 | SignatureScheme::RsaPss => None,
    }
}

/// PKCS#8, or an elliptic-curve key in SEC 1's form.
fn from_pkcs8(der: &[u8]) -> Result<Secret, KeyError> {
    if let Ok(key) = signature::RsaKeyPair::from_pkcs8(der) {
        return Ok(Secret::Rsa(key));
    }
    for (scheme, curve) in [
        (SignatureScheme::EcdsaP256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        (SignatureScheme::EcdsaP384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
    ] {
        if let Ok(key) = signature::EcdsaKeyPair::from_private_key_der(curve, der) {
            return Ok(Secret::Ecdsa(scheme, key));
        }
    }
    let unsupported = |_| KeyError::UnsupportedPrivateKey("Ed25519, P-256, P-384 and RSA of 2048 to 8192 bits sign");
    signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Secret::Ed25519).map_err(unsupported)
}

/// PKCS#1's RSAPrivateKey.
fn from_rsa(der: &[u8]) -> Result<Secret, KeyError> {
    let unsupported = |_| KeyError::UnsupportedPrivateKey("RSA of 2048 to 8192 bits is supported");
    signature::RsaKeyPair::from_der(der).map(Secret::Rsa).map_err(unsupported)
}
