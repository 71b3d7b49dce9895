//! Whether a key signed a certificate or a revocation list: yes, no, or not known here.

use aws_lc_rs::signature::{self as aws, UnparsedPublicKey, VerificationAlgorithm};
use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Decode, Encode, Reader, SliceReader};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::{KeyType, PublicKey};

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signed {
    /// The key signed it.
    Right,
    /// The key did not sign it.
    Wrong,
    /// It cannot be checked: what it is signed with, for a message.
    Unknown(String),
}

/// What certificates and revocation lists have in common: bytes, and a signature over them.
pub(super) struct SignedBytes<'a> {
    /// What is signed.
    pub content: &'a [u8],
    /// The signature's algorithm, as DER.
    pub algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> SignedBytes<'a> {
    /// Takes DER apart; `None` when it is of another form.
    pub fn of(der: &'a [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parts = reader.sequence(|r| Ok((r.tlv_bytes()?, r.tlv_bytes()?, BitStringRef::decode(r)?)));
        let (content, algorithm, signature) = parts.map_err(|_: der::Error| ()).ok()?;
        reader.finish().ok()?;
        Some(SignedBytes { content, algorithm, signature: signature.as_bytes()? })
    }

    /// Whether `key` made the signature.
    pub fn signed_by(&self, key: &PublicKey) -> Signed {
        match algorithm(self.algorithm, key) {
            Ok(algorithm)
                if UnparsedPublicKey::new(algorithm, key.bits()).verify(self.content, self.signature).is_ok() =>
            {
                Signed::Right
            }
            Ok(_) => Signed::Wrong,
            Err(what) => Signed::Unknown(what),
        }
    }
}

type Algorithm = &'static dyn VerificationAlgorithm;

const SHA1_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const SHA1_WITH_RSA_OF_OIW: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.29");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const ECDSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
const ECDSA_SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// ECDSA as the library has it: kind of key, algorithm.
const ECDSA: [(&str, ObjectIdentifier, &aws::EcdsaVerificationAlgorithm); 13] = [
    ("P-256", ECDSA_SHA1, &aws::ECDSA_P256_SHA1_ASN1),
    ("P-256", ECDSA_SHA256, &aws::ECDSA_P256_SHA256_ASN1),
    ("P-256", ECDSA_SHA384, &aws::ECDSA_P256_SHA384_ASN1),
    ("P-256", ECDSA_SHA512, &aws::ECDSA_P256_SHA512_ASN1),
    ("P-384", ECDSA_SHA256, &aws::ECDSA_P384_SHA256_ASN1),
    ("P-384", ECDSA_SHA384, &aws::ECDSA_P384_SHA384_ASN1),
    ("P-384", ECDSA_SHA512, &aws::ECDSA_P384_SHA512_ASN1),
    ("P-521", ECDSA_SHA1, &aws::ECDSA_P521_SHA1_ASN1),
    ("P-521", ECDSA_SHA224, &aws::ECDSA_P521_SHA224_ASN1),
    ("P-521", ECDSA_SHA256, &aws::ECDSA_P521_SHA256_ASN1),
    ("P-521", ECDSA_SHA384, &aws::ECDSA_P521_SHA384_ASN1),
    ("P-521", ECDSA_SHA512, &aws::ECDSA_P521_SHA512_ASN1),
    ("secp256k1", ECDSA_SHA256, &aws::ECDSA_P256K1_SHA256_ASN1),
];

/// What checks a signature of the algorithm in `der` with such a key. Errors: nothing here; what it would be.
fn algorithm(der: &[u8], key: &PublicKey) -> Result<Algorithm, String> {
    let Ok(wanted) = AlgorithmIdentifierRef::from_der(der) else { return Err("a malformed algorithm".into()) };
    if wanted.oid == RSA_PSS {
        return pss(&wanted, key);
    }
    let kind = key.key_type().to_string();
    let found = match key.key_type() {
        KeyType::Rsa(bits) => rsa(wanted.oid, *bits),
        _ if wanted.oid == ED25519 => (kind == "Ed25519").then_some(&aws::ED25519 as Algorithm),
        _ => {
            let found = ECDSA.iter().find(|(of, oid, _)| *of == kind && *oid == wanted.oid);
            found.map(|(_, _, algorithm)| *algorithm as Algorithm)
        }
    };
    found.ok_or_else(|| format!("{} with a key of the kind {kind}", name_of(wanted.oid)))
}

fn rsa(oid: ObjectIdentifier, bits: u32) -> Option<Algorithm> {
    match (oid, bits) {
        (SHA1_WITH_RSA | SHA1_WITH_RSA_OF_OIW, 1024..=8192) => Some(&aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (SHA256_WITH_RSA, 1024..=8192) => Some(&aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        (SHA384_WITH_RSA, 2048..=8192) => Some(&aws::RSA_PKCS1_2048_8192_SHA384),
        (SHA512_WITH_RSA, 1024..=8192) => Some(&aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}

/// RSASSA-PSS (RFC 4055): the library knows MGF1 with the same hash and a salt of the hash's length.
fn pss(wanted: &AlgorithmIdentifierRef<'_>, key: &PublicKey) -> Result<Algorithm, String> {
    let parameters =
        || Err("RSASSA-PSS with parameters other than a salt of the hash's length and MGF1 of the same hash".into());
    let Ok(wanted) = wanted.to_der() else { return parameters() };
    // a key that is for this alone may say with which parameters
    let of_key = SubjectPublicKeyInfoRef::from_der(key.spki()).map(|info| info.algorithm);
    if of_key.is_ok_and(|a| a.oid == RSA_PSS && a.parameters.is_some() && a.to_der().ok() != Some(wanted.clone())) {
        return parameters();
    }
    let known = [
        (alg_id::RSA_PSS_SHA256, &aws::RSA_PSS_2048_8192_SHA256 as Algorithm),
        (alg_id::RSA_PSS_SHA384, &aws::RSA_PSS_2048_8192_SHA384),
        (alg_id::RSA_PSS_SHA512, &aws::RSA_PSS_2048_8192_SHA512),
    ];
    // the same without the header of the sequence
    let found = known.iter().find(|(id, _)| wanted.ends_with(id) && wanted.len() == id.len() + 2);
    match (key.rsa_bits(), found) {
        (Some(2048..=8192), Some((_, algorithm))) => Ok(*algorithm),
        (Some(2048..=8192), None) => parameters(),
        (bits, _) => Err(format!("RSASSA-PSS with a key of {} bits", bits.unwrap_or_default())),
    }
}

fn name_of(oid: ObjectIdentifier) -> String {
    match oid {
        SHA1_WITH_RSA | SHA1_WITH_RSA_OF_OIW => "sha1WithRSAEncryption".into(),
        SHA256_WITH_RSA => "sha256WithRSAEncryption".into(),
        SHA384_WITH_RSA => "sha384WithRSAEncryption".into(),
        SHA512_WITH_RSA => "sha512WithRSAEncryption".into(),
        ECDSA_SHA1 => "ecdsa-with-SHA1".into(),
        ECDSA_SHA224 => "ecdsa-with-SHA224".into(),
        ECDSA_SHA256 => "ecdsa-with-SHA256".into(),
        ECDSA_SHA384 => "ecdsa-with-SHA384".into(),
        ECDSA_SHA512 => "ecdsa-with-SHA512".into(),
        other => other.to_string(),
    }
}

/// ECDSA for the path validation, beyond what ring has.
#[derive(Debug)]
struct Ecdsa {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    algorithm: &'static aws::EcdsaVerificationAlgorithm,
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.algorithm, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// Everything with which a certificate of a chain may be signed.
pub(super) fn chain_algorithms() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    use alg_id::{ECDSA_P256, ECDSA_P384, ECDSA_P521, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512};
    const fn ecdsa(
        key: AlgorithmIdentifier,
        signature: AlgorithmIdentifier,
        algorithm: &'static aws::EcdsaVerificationAlgorithm,
    ) -> Ecdsa {
        Ecdsa { key, signature, algorithm }
    }
    static MORE: [Ecdsa; 5] = [
        ecdsa(ECDSA_P256, ECDSA_SHA512, &aws::ECDSA_P256_SHA512_ASN1),
        ecdsa(ECDSA_P384, ECDSA_SHA512, &aws::ECDSA_P384_SHA512_ASN1),
        ecdsa(ECDSA_P521, ECDSA_SHA256, &aws::ECDSA_P521_SHA256_ASN1),
        ecdsa(ECDSA_P521, ECDSA_SHA384, &aws::ECDSA_P521_SHA384_ASN1),
        ecdsa(ECDSA_P521, ECDSA_SHA512, &aws::ECDSA_P521_SHA512_ASN1),
    ];
    let more = MORE.iter().map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm);
    webpki::ALL_VERIFICATION_ALGS.iter().copied().chain(more).collect()
}
