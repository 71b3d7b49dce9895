//! The algorithms of the profile, as they stand in a message.

use cms::content_info::CmsVersion;
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{AnyRef, ObjectIdentifier as Oid, OctetString},
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::keys::{
    KeyType,
    public_key::{CURVE_P256, CURVE_P384, EC_PUBLIC_KEY},
};

pub(super) const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const AUTH_ENVELOPED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.23");
pub(super) const RSAES_OAEP: Oid = Oid::new_unwrap("1.2.840.113549.1.1.7");
pub(super) const STD_DH_SHA256_KDF: Oid = Oid::new_unwrap("1.3.132.1.11.1");
pub(super) const STD_DH_SHA384_KDF: Oid = Oid::new_unwrap("1.3.132.1.11.2");
const AES256_WRAP: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.45");
const AES256_GCM: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.1.46");
pub(super) const SHA256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
const MGF1: Oid = Oid::new_unwrap("1.2.840.113549.1.1.8");
const RSASSA_PSS: Oid = Oid::new_unwrap("1.2.840.113549.1.1.10");

/// AuthEnvelopedData with nothing optional in it (RFC 5083, 2.1): originator information or attributes do not parse.
#[derive(Sequence)]
pub(super) struct AuthEnvelopedData {
    pub version: CmsVersion,
    /// SET OF RecipientInfo, kept as bytes: their order is checked and made by hand.
    pub recipients: Any,
    pub content: cms::enveloped_data::EncryptedContentInfo,
    pub mac: OctetString,
}

/// GCMParameters (RFC 5084, 3.2).
#[derive(Sequence)]
struct GcmParameters {
    nonce: OctetString,
    #[asn1(default = "default_icv_length")]
    icv_length: u8,
}

fn default_icv_length() -> u8 {
    12
}

/// RSAES-OAEP-params (RFC 4055, 4.1). Absent fields mean SHA-1, which is not in the profile; a label is not either.
#[derive(Sequence)]
struct OaepParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", constructed = "true", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
}

/// RSASSA-PSS-params (RFC 4055, 3.1); the trailer field is the default.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", constructed = "true")]
    hash: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    mask: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    salt_length: u8,
}

/// ECC-CMS-SharedInfo (RFC 5753, 7.2) without entityUInfo.
#[derive(Sequence)]
struct SharedInfo {
    key_info: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    key_bits: OctetString,
}

fn any<T: Encode>(value: &T) -> der::Result<Any> {
    Any::from_der(&value.to_der()?)
}

fn plain(oid: Oid) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}

/// The content's cipher, with its nonce.
pub(super) fn aes_256_gcm(nonce: &[u8; 12]) -> der::Result<AlgorithmIdentifierOwned> {
    let parameters = GcmParameters { nonce: OctetString::new(nonce.as_slice())?, icv_length: 16 };
    Ok(AlgorithmIdentifierOwned { oid: AES256_GCM, parameters: Some(any(&parameters)?) })
}

/// The nonce, when it is AES-256-GCM with 12 bytes of nonce and 16 of tag.
pub(super) fn gcm_nonce(algorithm: &AlgorithmIdentifierOwned) -> Option<[u8; 12]> {
    let parameters: GcmParameters = algorithm.parameters.as_ref()?.decode_as().ok()?;
    (algorithm.oid == AES256_GCM && parameters.icv_length == 16).then_some(())?;
    parameters.nonce.as_bytes().try_into().ok()
}

/// RSAES-OAEP, SHA-256 for both hashes, with the NULL parameters that RFC 4055 2.1 shows.
pub(super) fn oaep_sha256() -> der::Result<AlgorithmIdentifierOwned> {
    let hash = AlgorithmIdentifierOwned { oid: SHA256, parameters: Some(Any::from(AnyRef::NULL)) };
    let mask = AlgorithmIdentifierOwned { oid: MGF1, parameters: Some(any(&hash)?) };
    let parameters = OaepParameters { hash: Some(hash), mask: Some(mask) };
    Ok(AlgorithmIdentifierOwned { oid: RSAES_OAEP, parameters: Some(any(&parameters)?) })
}

/// RSASSA-PSS, SHA-256 for both hashes and a salt as long as one.
pub(super) fn pss_sha256() -> der::Result<AlgorithmIdentifierOwned> {
    let hash = AlgorithmIdentifierOwned { oid: SHA256, parameters: Some(Any::from(AnyRef::NULL)) };
    let mask = AlgorithmIdentifierOwned { oid: MGF1, parameters: Some(any(&hash)?) };
    let parameters = PssParameters { hash, mask, salt_length: 32 };
    Ok(AlgorithmIdentifierOwned { oid: RSASSA_PSS, parameters: Some(any(&parameters)?) })
}

/// Whether it is RSAES-OAEP with SHA-256 for both hashes and no label. NULL or nothing may stand as a hash's
/// parameters: RFC 4055 asks to take both, and OpenSSL 3 writes nothing.
pub(super) fn is_oaep_sha256(algorithm: &AlgorithmIdentifierOwned) -> bool {
    let is_sha256 =
        |hash: &AlgorithmIdentifierOwned| hash.oid == SHA256 && hash.parameters.as_ref().is_none_or(|p| p.is_null());
    let Some(Ok(parameters)) = algorithm.parameters.as_ref().map(|p| p.decode_as::<OaepParameters>()) else {
        return false;
    };
    let mask_is_sha256 = |mask: &AlgorithmIdentifierOwned| {
        let hash = mask.parameters.as_ref().and_then(|p| p.decode_as::<AlgorithmIdentifierOwned>().ok());
        mask.oid == MGF1 && hash.as_ref().is_some_and(is_sha256)
    };
    algorithm.oid == RSAES_OAEP
        && parameters.hash.as_ref().is_some_and(is_sha256)
        && parameters.mask.as_ref().is_some_and(mask_is_sha256)
}

/// Key agreement by `scheme`, its key wrapping by AES-256 (RFC 5753, 7.1.4, 7.1.5).
pub(super) fn key_agreement(scheme: Oid) -> der::Result<AlgorithmIdentifierOwned> {
    Ok(AlgorithmIdentifierOwned { oid: scheme, parameters: Some(any(&plain(AES256_WRAP))?) })
}

/// The scheme, when it is one of the profile's and wraps with AES-256 with absent parameters.
pub(super) fn key_agreement_scheme(algorithm: &AlgorithmIdentifierOwned) -> Option<Oid> {
    let wrap: AlgorithmIdentifierOwned = algorithm.parameters.as_ref()?.decode_as().ok()?;
    let known = matches!(algorithm.oid, STD_DH_SHA256_KDF | STD_DH_SHA384_KDF);
    (known && wrap == plain(AES256_WRAP)).then_some(algorithm.oid)
}

/// What the key derivation hashes besides the shared secret: the wrapping algorithm and its key length.
pub(super) fn shared_info() -> der::Result<Vec<u8>> {
    let key_bits = OctetString::new(256u32.to_be_bytes().as_slice())?;
    SharedInfo { key_info: plain(AES256_WRAP), key_bits }.to_der()
}

/// An ephemeral key's algorithm: parameters SHOULD be absent (RFC 5753, 3.1.1).
pub(super) fn ephemeral_key() -> AlgorithmIdentifierOwned {
    plain(EC_PUBLIC_KEY)
}

/// Whether it may stand for an ephemeral key of that curve: absent, NULL or the curve's name as parameters (RFC 5753,
/// 3.1.1).
pub(super) fn is_ephemeral_key(algorithm: &AlgorithmIdentifierOwned, curve: &KeyType) -> bool {
    let name = match curve {
        KeyType::P256 => CURVE_P256,
        KeyType::P384 => CURVE_P384,
        _ => return false,
    };
    algorithm.oid == EC_PUBLIC_KEY
        && algorithm.parameters.as_ref().is_none_or(|p| p.is_null() || p.decode_as::<Oid>() == Ok(name))
}
