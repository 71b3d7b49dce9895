//! A detached signature, stored next to what it signs: DER SignedData (RFC 5652, section 5) without content.

use std::time::Duration;

use cms::{
    content_info::{CmsVersion, ContentInfo},
    signed_data::{DigestAlgorithmIdentifiers, EncapsulatedContentInfo, SignerIdentifier, SignerInfo, SignerInfos},
};
use der::{
    Any, Encode, Sequence, Tag, TagNumber,
    asn1::{GeneralizedTime, ObjectIdentifier as Oid, OctetString, SetOfVec, UintRef, UtcTime},
};
use ring::digest;
use x509_cert::{attr::Attribute, spki::AlgorithmIdentifierOwned};

use super::profile;
use crate::keys::{KeyError, SignatureScheme, Signer};

const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: Oid = Oid::new_unwrap("1.2.840.113549.1.9.5");
const SHA384: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.3");
const ECDSA_SHA256: Oid = Oid::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: Oid = Oid::new_unwrap("1.2.840.10045.4.3.3");
const ED25519: Oid = Oid::new_unwrap("1.3.101.112");

/// SignedData with one certificate, which stands there as it is.
#[derive(Sequence)]
struct SignedData {
    version: CmsVersion,
    digest_algorithms: DigestAlgorithmIdentifiers,
    content: EncapsulatedContentInfo,
    /// `[0] IMPLICIT CertificateSet`.
    certificates: Any,
    signer_infos: SignerInfos,
}

/// ECDSA-Sig-Value (RFC 5480).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// Signs `content` at `at_ns` (UTC nanoseconds since 1970): DER ContentInfo with SignedData that holds the signer's
/// certificate but not the content. RSA signs by RSASSA-PSS with SHA-256 (RFC 4056), P-256 and P-384 by ECDSA with
/// SHA-256 and SHA-384 (RFC 5753), Ed25519 with SHA-512 as the message digest (RFC 8419).
///
/// Errors: the cryptographic library failed.
pub fn sign_detached(signer: &Signer, content: &[u8], at_ns: i64) -> Result<Vec<u8>, KeyError> {
    let not_encoded = |_| KeyError::Crypto("encoding of a signature");
    let scheme = signer.scheme();
    let (hash, digest_algorithm) = match scheme {
        SignatureScheme::EcdsaP256 | SignatureScheme::RsaPss => (&digest::SHA256, profile::SHA256),
        SignatureScheme::EcdsaP384 => (&digest::SHA384, SHA384),
        SignatureScheme::Ed25519 => (&digest::SHA512, SHA512),
    };
    let digest = digest::digest(hash, content);
    let attributes = attributes(digest.as_ref(), at_ns).map_err(not_encoded)?;
    // what is signed is the SET OF, not the implicit tag that it has in the message (5.4)
    let signature = signer.sign(&attributes.to_der().map_err(not_encoded)?)?;
    message(signer, digest_algorithm, attributes, &signature).map_err(not_encoded)
}

fn attributes(digest: &[u8], at_ns: i64) -> der::Result<SetOfVec<Attribute>> {
    let one = |oid, value: Any| Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? });
    let at = Duration::from_secs(u64::try_from(at_ns / 1_000_000_000).unwrap_or(0));
    let time = match UtcTime::from_unix_duration(at) {
        Ok(time) => Any::encode_from(&time)?,
        Err(_) => Any::encode_from(&GeneralizedTime::from_unix_duration(at)?)?,
    };
    let attributes: der::Result<Vec<Attribute>> = [
        one(CONTENT_TYPE, Any::encode_from(&profile::DATA)?),
        one(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest)?)?),
        one(SIGNING_TIME, time),
    ]
    .into_iter()
    .collect();
    SetOfVec::try_from(attributes?)
}

fn message(signer: &Signer, digest: Oid, attributes: SetOfVec<Attribute>, signature: &[u8]) -> der::Result<Vec<u8>> {
    let plain = |oid| AlgorithmIdentifierOwned { oid, parameters: None };
    let (algorithm, signature) = match signer.scheme() {
        SignatureScheme::EcdsaP256 => (plain(ECDSA_SHA256), ecdsa(signature)?),
        SignatureScheme::EcdsaP384 => (plain(ECDSA_SHA384), ecdsa(signature)?),
        SignatureScheme::RsaPss => (profile::pss_sha256()?, signature.to_vec()),
        SignatureScheme::Ed25519 => (plain(ED25519), signature.to_vec()),
    };
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(signer.certificate().id().clone()),
        digest_alg: plain(digest),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![plain(digest)])?,
        content: EncapsulatedContentInfo { econtent_type: profile::DATA, econtent: None },
        certificates: Any::new(certificates, signer.certificate().der())?,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![info])?),
    };
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
}

/// r and s of equal length as DER.
fn ecdsa(fixed: &[u8]) -> der::Result<Vec<u8>> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    EcdsaSignature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der()
}
