//! A public key: what distinguishes two recipients, and what a message is encrypted to.

use std::fmt;

use aws_lc_rs::{agreement, rsa};
use der::{
    Any, Decode, Encode,
    asn1::{BitString, ObjectIdentifier, UintRef},
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::KeyError;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const CURVE_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The smallest and the largest RSA modulus that is encrypted to, in bits.
pub const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// What kind of key it is. Displayed as "RSA-3072", "P-256", "P-384", or the algorithm's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with the length of the modulus in bits.
    Rsa(u32),
    /// Elliptic curve P-256 (secp256r1).
    P256,
    /// Elliptic curve P-384 (secp384r1).
    P384,
    /// Anything else: a name, or the object identifier.
    Other(String),
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyType::Rsa(bits) => write!(f, "RSA-{bits}"),
            KeyType::P256 => f.write_str("P-256"),
            KeyType::P384 => f.write_str("P-384"),
            KeyType::Other(name) => f.write_str(name),
        }
    }
}

/// A public key out of a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7). Equal when type and key bits are equal, however the
/// algorithm's parameters are spelled.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key_type: KeyType,
    spki: Vec<u8>,
    bits: Vec<u8>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key_type == other.key_type && self.bits == other.bits
    }
}
impl Eq for PublicKey {}

impl PublicKey {
    /// Takes the DER of a SubjectPublicKeyInfo. Any algorithm is taken; whether it can be encrypted to is
    /// [`is_supported`](Self::is_supported). Errors: not a SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let bad = |_| KeyError::BadCertificate("its public key is malformed");
        let info = SubjectPublicKeyInfoOwned::from_der(spki).map_err(bad)?;
        let bits = info.subject_public_key.as_bytes().unwrap_or_default().to_vec();
        let curve = || info.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        let key_type = match info.algorithm.oid {
            RSA_ENCRYPTION => rsa_bits(&bits).map_or(KeyType::Other("malformed RSA".into()), KeyType::Rsa),
            EC_PUBLIC_KEY => match curve() {
                Some(CURVE_P256) => KeyType::P256,
                Some(CURVE_P384) => KeyType::P384,
                Some(other) => KeyType::Other(named(other)),
                None => KeyType::Other("elliptic curve without a name".into()),
            },
            other => KeyType::Other(named(other)),
        };
        Ok(PublicKey { key_type, spki: info.to_der().map_err(bad)?, bits })
    }

    /// An RSA key out of its two numbers, big-endian. Errors: numbers that DER cannot hold.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let bad = |_| KeyError::BadCertificate("its public key is malformed");
        let number = |bytes| UintRef::new(bytes).map_err(bad);
        let key = RsaPublicKey { modulus: number(modulus)?, exponent: number(exponent)? }.to_der().map_err(bad)?;
        Self::assembled(RSA_ENCRYPTION, Any::null(), &key)
    }

    /// An elliptic-curve key out of DER of its parameters, the curve's object identifier (RFC 5480, 2.1.1), and its
    /// point. Errors: parameters that are not DER.
    pub fn from_point(parameters: &[u8], point: &[u8]) -> Result<Self, KeyError> {
        let bad = |_| KeyError::BadCertificate("its public key is malformed");
        Self::assembled(EC_PUBLIC_KEY, Any::from_der(parameters).map_err(bad)?, point)
    }

    fn assembled(oid: ObjectIdentifier, parameters: Any, bits: &[u8]) -> Result<Self, KeyError> {
        let bad = |_| KeyError::BadCertificate("its public key is malformed");
        let algorithm = AlgorithmIdentifierOwned { oid, parameters: Some(parameters) };
        let subject_public_key = BitString::from_bytes(bits).map_err(bad)?;
        Self::from_spki(&SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der().map_err(bad)?)
    }

    /// The kind of key.
    pub fn key_type(&self) -> &KeyType {
        &self.key_type
    }

    /// DER of the SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The subjectPublicKey's bytes: an RSAPublicKey, or an uncompressed point.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The modulus, big-endian and without zeros in front; `None` when it is not an RSA key.
    pub fn rsa_modulus(&self) -> Option<&[u8]> {
        matches!(self.key_type, KeyType::Rsa(_)).then(|| rsa_modulus(&self.bits)).flatten()
    }

    /// The length of the modulus in bits, also of a key that is for RSASSA-PSS alone.
    pub(super) fn rsa_bits(&self) -> Option<u32> {
        match &self.key_type {
            KeyType::Rsa(bits) => Some(*bits),
            KeyType::Other(name) if name == "RSASSA-PSS" => rsa_bits(&self.bits),
            _ => None,
        }
    }

    /// Whether messages can be encrypted to it: RSA within [`RSA_BITS`], or a point that is on P-256 or P-384.
    pub fn is_supported(&self) -> bool {
        match self.key_type {
            KeyType::Rsa(bits) => RSA_BITS.contains(&bits) && rsa::PublicEncryptingKey::from_der(&self.spki).is_ok(),
            KeyType::P256 | KeyType::P384 => is_point(&self.key_type, &self.bits),
            KeyType::Other(_) => false,
        }
    }
}

/// Whether `point` is an uncompressed point (SEC 1, 2.3.3) on that curve, and not at infinity. To be asked before any
/// private key sees it: a point off the curve draws the key out bit by bit.
pub(crate) fn is_point(curve: &KeyType, point: &[u8]) -> bool {
    let (algorithm, length) = match curve {
        KeyType::P256 => (&agreement::ECDH_P256, 65),
        KeyType::P384 => (&agreement::ECDH_P384, 97),
        _ => return false,
    };
    point.len() == length
        && point.first() == Some(&4)
        && agreement::ParsedPublicKey::try_from(agreement::UnparsedPublicKey::new(algorithm, point)).is_ok()
}

/// RSAPublicKey (RFC 8017, A.1.1).
#[derive(der::Sequence)]
pub(crate) struct RsaPublicKey<'a> {
    pub modulus: UintRef<'a>,
    pub exponent: UintRef<'a>,
}

fn rsa_bits(key: &[u8]) -> Option<u32> {
    let modulus = rsa_modulus(key)?;
    u32::try_from(modulus.len()).ok()?.checked_mul(8)?.checked_sub(modulus.first()?.leading_zeros())
}

fn rsa_modulus(key: &[u8]) -> Option<&[u8]> {
    Some(RsaPublicKey::from_der(key).ok()?.modulus.as_bytes())
}

fn named(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.3.101.112" => "Ed25519".into(),
        "1.3.101.113" => "Ed448".into(),
        "1.3.101.110" => "X25519".into(),
        "1.3.101.111" => "X448".into(),
        "1.3.132.0.35" => "P-521".into(),
        "1.3.132.0.10" => "secp256k1".into(),
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1".into(),
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1".into(),
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1".into(),
        "1.2.840.113549.1.1.10" => "RSASSA-PSS".into(),
        "1.2.840.113549.1.1.7" => "RSAES-OAEP".into(),
        "1.2.840.10040.4.1" => "DSA".into(),
        other => other.into(),
    }
}
