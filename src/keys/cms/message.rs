//! A message's structure, without its cryptography: strict parsing and canonical writing.

use cms::{
    cert::IssuerAndSerialNumber,
    content_info::{CmsVersion, ContentInfo},
    enveloped_data::{
        EncryptedContentInfo, KeyAgreeRecipientIdentifier, OriginatorIdentifierOrKey, RecipientIdentifier,
        RecipientInfo,
    },
};
use der::{
    Any, Decode, Encode, Reader, SliceReader, Tag, Tagged,
    asn1::{ObjectIdentifier as Oid, OctetString},
};

use super::{MAX_MESSAGE, MAX_RECIPIENTS, profile};

/// A message of the profile: everything that is fixed has been checked, what remains varies.
pub(super) struct Message {
    pub recipients: Vec<(IssuerAndSerialNumber, Wrapped)>,
    pub nonce: [u8; 12],
    /// Ciphertext, then tag.
    pub content: Vec<u8>,
}

/// The content key for one recipient.
pub(super) enum Wrapped {
    /// RSAES-OAEP ciphertext.
    Rsa(Vec<u8>),
    /// An ephemeral point and the content key wrapped under what is agreed on with it.
    Agreed { scheme: Oid, algorithm: x509_cert::spki::AlgorithmIdentifierOwned, point: Vec<u8>, key: Vec<u8> },
}

/// Parses strict DER; `None` for anything malformed or outside of the profile.
pub(super) fn parse(der: &[u8]) -> Option<Message> {
    (der.len() <= MAX_MESSAGE).then_some(())?;
    let info = ContentInfo::from_der(der).ok()?;
    let data: profile::AuthEnvelopedData = info.content.decode_as().ok()?;
    (info.content_type == profile::AUTH_ENVELOPED_DATA && data.version == CmsVersion::V0).then_some(())?;
    // Whatever leniency the decoder may have, only the one canonical encoding passes.
    let canonical = ContentInfo { content_type: info.content_type, content: Any::encode_from(&data).ok()? };
    (canonical.to_der().ok()? == der).then_some(())?;

    let (tag_length, content) = (16, data.content.encrypted_content.as_ref()?.as_bytes());
    (data.content.content_type == profile::DATA && data.mac.as_bytes().len() == tag_length).then_some(())?;
    Some(Message {
        recipients: recipients(&data.recipients)?,
        nonce: profile::gcm_nonce(&data.content.content_enc_alg)?,
        content: [content, data.mac.as_bytes()].concat(),
    })
}

/// Parses SET SIZE (1..MAX) OF RecipientInfo in DER order (X.690, 11.6).
fn recipients(set: &Any) -> Option<Vec<(IssuerAndSerialNumber, Wrapped)>> {
    (set.tag() == Tag::Set).then_some(())?;
    let mut reader = SliceReader::new(set.value()).ok()?;
    let mut found = Vec::new();
    let mut before: Option<&[u8]> = None;
    while !reader.is_finished() {
        let encoded = reader.tlv_bytes().ok()?;
        (before.is_none_or(|before| before < encoded) && found.len() < MAX_RECIPIENTS).then_some(())?;
        let info = RecipientInfo::from_der(encoded).ok()?;
        (info.to_der().ok()? == encoded).then_some(())?;
        found.push(recipient(info)?);
        before = Some(encoded);
    }
    (!found.is_empty()).then_some(found)
}

fn recipient(info: RecipientInfo) -> Option<(IssuerAndSerialNumber, Wrapped)> {
    match info {
        RecipientInfo::Ktri(info) => {
            let RecipientIdentifier::IssuerAndSerialNumber(id) = info.rid else { return None };
            (info.version == CmsVersion::V0 && profile::is_oaep_sha256(&info.key_enc_alg)).then_some(())?;
            Some((id, Wrapped::Rsa(info.enc_key.into_bytes().into())))
        }
        RecipientInfo::Kari(info) => {
            let OriginatorIdentifierOrKey::OriginatorKey(ephemeral) = info.originator else { return None };
            let [key] = <[_; 1]>::try_from(info.recipient_enc_keys).ok()?;
            let KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(id) = key.rid else { return None };
            (info.version == CmsVersion::V3 && info.ukm.is_none()).then_some(())?;
            let wrapped = Wrapped::Agreed {
                scheme: profile::key_agreement_scheme(&info.key_enc_alg)?,
                algorithm: ephemeral.algorithm,
                point: ephemeral.public_key.as_bytes()?.to_vec(),
                key: key.enc_key.into_bytes().into(),
            };
            Some((id, wrapped))
        }
        _ => None,
    }
}

/// Writes a message in DER: recipients in SET OF order, version 0, no attributes.
pub(super) fn encode(
    recipients: &[RecipientInfo],
    nonce: &[u8; 12],
    ciphertext: &[u8],
    tag: &[u8],
) -> der::Result<Vec<u8>> {
    let mut encoded = recipients.iter().map(Encode::to_der).collect::<der::Result<Vec<_>>>()?;
    encoded.sort();
    let data = profile::AuthEnvelopedData {
        version: CmsVersion::V0,
        recipients: Any::new(Tag::Set, encoded.concat())?,
        content: EncryptedContentInfo {
            content_type: profile::DATA,
            content_enc_alg: profile::aes_256_gcm(nonce)?,
            encrypted_content: Some(OctetString::new(ciphertext)?),
        },
        mac: OctetString::new(tag)?,
    };
    ContentInfo { content_type: profile::AUTH_ENVELOPED_DATA, content: Any::encode_from(&data)? }.to_der()
}
