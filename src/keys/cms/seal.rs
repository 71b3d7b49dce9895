//! Sealing: content in, message out. No private key takes part.

use aws_lc_rs::{aead, agreement, rsa};
use cms::{
    content_info::CmsVersion,
    enveloped_data::{
        KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, KeyTransRecipientInfo, OriginatorIdentifierOrKey,
        OriginatorPublicKey, RecipientEncryptedKey, RecipientIdentifier, RecipientInfo,
    },
};
use der::asn1::{BitString, OctetString};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::{MAX_CONTENT, MAX_MESSAGE, MAX_RECIPIENTS, key_agreement, message, profile};
use crate::base::{Secret, leaving_no_trace};
use crate::keys::{Certificate, KeyError, KeyType};

/// Seals `content` to all `recipients`: DER ContentInfo with AuthEnvelopedData. The content key, the nonce and each
/// ephemeral key are new at every call. Certificates are not checked here: give those that
/// [`RecipientSet`](crate::keys::RecipientSet) found usable.
///
/// Errors: no recipient, more than [`MAX_RECIPIENTS`], content over [`MAX_CONTENT`] or a message over [`MAX_MESSAGE`]
/// bytes, a key that is not supported, or two recipients with one issuer and serial number.
pub fn seal_message(content: &[u8], recipients: &[Certificate]) -> Result<Vec<u8>, KeyError> {
    if recipients.is_empty() {
        return Err(KeyError::NoRecipient);
    }
    for (what, size, limit) in
        [("recipients", recipients.len(), MAX_RECIPIENTS), ("message content, in bytes", content.len(), MAX_CONTENT)]
    {
        if size > limit {
            return Err(KeyError::TooLarge { what, limit });
        }
    }
    for (i, certificate) in recipients.iter().enumerate() {
        if recipients.iter().take(i).any(|before| before.id() == certificate.id()) {
            return Err(KeyError::SameIssuerAndSerial(certificate.common_name().to_owned()));
        }
    }

    leaving_no_trace(|| sealed(content, recipients))
}

fn sealed(content: &[u8], recipients: &[Certificate]) -> Result<Vec<u8>, KeyError> {
    let random = SystemRandom::new();
    let mut nonce = [0; 12];
    let no_random = |_| KeyError::Crypto("no random numbers");
    let content_key = Secret::fill_with(|key| random.fill(key)).map_err(no_random)?;
    random.fill(&mut nonce).map_err(no_random)?;

    let infos = recipients
        .iter()
        .map(|certificate| recipient_info(certificate, content_key.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;

    let no_seal = |_| KeyError::Crypto("AES-256-GCM");
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, content_key.as_bytes()).map_err(no_seal)?;
    let mut sealed = Zeroizing::new(content.to_vec());
    let tag = aead::LessSafeKey::new(key)
        .seal_in_place_separate_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::empty(), &mut sealed)
        .map_err(no_seal)?;
    let message =
        message::encode(&infos, &nonce, &sealed, tag.as_ref()).map_err(|_| KeyError::Crypto("DER of the message"))?;
    if message.len() > MAX_MESSAGE {
        return Err(KeyError::TooLarge { what: "message, in bytes", limit: MAX_MESSAGE });
    }
    Ok(message)
}

fn recipient_info(certificate: &Certificate, content_key: &[u8; 32]) -> Result<RecipientInfo, KeyError> {
    let info = match certificate.key_type() {
        _ if !certificate.public_key().is_supported() => None,
        KeyType::Rsa(_) => transport(certificate, content_key),
        KeyType::P256 => agree(certificate, &agreement::ECDH_P256, profile::STD_DH_SHA256_KDF, content_key),
        KeyType::P384 => agree(certificate, &agreement::ECDH_P384, profile::STD_DH_SHA384_KDF, content_key),
        KeyType::Other(_) => None,
    };
    info.ok_or_else(|| KeyError::UnsupportedRecipient(certificate.common_name().to_owned()))
}

fn transport(certificate: &Certificate, content_key: &[u8; 32]) -> Option<RecipientInfo> {
    let key = rsa::PublicEncryptingKey::from_der(certificate.spki()).ok()?;
    let key = rsa::OaepPublicEncryptingKey::new(key).ok()?;
    let mut out = vec![0; key.ciphertext_size()];
    let encrypted = key.encrypt(&rsa::OAEP_SHA256_MGF1SHA256, content_key, &mut out, None).ok()?;
    Some(RecipientInfo::Ktri(KeyTransRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
        key_enc_alg: profile::oaep_sha256().ok()?,
        enc_key: OctetString::new(&*encrypted).ok()?,
    }))
}

fn agree(
    certificate: &Certificate,
    curve: &'static agreement::Algorithm,
    scheme: der::asn1::ObjectIdentifier,
    content_key: &[u8; 32],
) -> Option<RecipientInfo> {
    let ephemeral = agreement::PrivateKey::generate(curve).ok()?;
    let point = ephemeral.compute_public_key().ok()?;
    let theirs = agreement::UnparsedPublicKey::new(curve, certificate.public_key().bits());
    // a key that is used once, and dropped here
    let wrapped =
        agreement::agree(&ephemeral, theirs, (), |shared| key_agreement::wrap(scheme, shared, content_key).ok_or(()));
    let wrapped = wrapped.ok()?;
    Some(RecipientInfo::Kari(KeyAgreeRecipientInfo {
        version: CmsVersion::V3,
        originator: OriginatorIdentifierOrKey::OriginatorKey(OriginatorPublicKey {
            algorithm: profile::ephemeral_key(),
            public_key: BitString::from_bytes(point.as_ref()).ok()?,
        }),
        ukm: None,
        key_enc_alg: profile::key_agreement(scheme).ok()?,
        recipient_enc_keys: vec![RecipientEncryptedKey {
            rid: KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
            enc_key: OctetString::new(wrapped).ok()?,
        }],
    }))
}
