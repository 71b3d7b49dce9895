//! The private keys of a token, with their public halves.

use std::rc::Rc;

use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, KeyType as TokenKeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use der::{Decode, asn1::OctetStringRef};

use super::failure::token_error;
use super::token::Token;
use super::uri::to_hex;
use super::{TokenKey, TokenUri};
use crate::keys::{Certificate, KeyType, PublicKey, TokenError};

/// Errors name no more keys.
const MOST_NAMED: usize = 16;

/// The private keys that `uri` means and that can open streams. Errors: none, with what is there and why it is not
/// meant.
pub(super) fn private_keys(token: &Rc<Token>, uri: &TokenUri) -> Result<Vec<TokenKey>, TokenError> {
    let find = |template: &[Attribute]| token.session.find_objects(template).map_err(|e| token_error(e, &token.label));
    let mut keys = Vec::new();
    let mut unfit = None;
    for handle in find(&template(ObjectClass::PRIVATE_KEY, uri))? {
        match usable(token, handle) {
            Ok(public_key) => keys.push(TokenKey::new(Rc::clone(token), handle, public_key)),
            Err(reason) => unfit = Some((handle, reason)),
        }
    }
    match (keys.is_empty(), unfit) {
        (false, _) => Ok(keys),
        (true, Some((handle, reason))) => {
            let (token, key) = (token.label.clone(), name(&token.session, handle));
            Err(TokenError::NotForDecryption { token, key, reason: reason.into() })
        }
        (true, None) => {
            let there = find(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])?
                .into_iter()
                .take(MOST_NAMED)
                .map(|handle| name(&token.session, handle));
            let (there, token) = (there.collect(), token.label.clone());
            Err(TokenError::NoKey { token, wanted: uri.wanted_key(), there })
        }
    }
}

/// The certificates that `uri` means; what is malformed is left out.
pub(super) fn certificates(session: &Session, uri: &TokenUri) -> cryptoki::error::Result<Vec<Certificate>> {
    let found = session.find_objects(&template(ObjectClass::CERTIFICATE, uri))?;
    Ok(found.into_iter().filter_map(|handle| certificate(session, handle)).collect())
}

/// Objects of a class with the id and the label that `uri` asks for.
fn template(class: ObjectClass, uri: &TokenUri) -> Vec<Attribute> {
    let label = uri.object.clone().map(|label| Attribute::Label(label.into_bytes()));
    [Some(Attribute::Class(class)), uri.id.clone().map(Attribute::Id), label].into_iter().flatten().collect()
}

fn certificate(session: &Session, handle: ObjectHandle) -> Option<Certificate> {
    Certificate::from_der(&bytes(session, handle, AttributeType::Value)?).ok()
}

/// The public half of a key that can open streams; else what is missing.
fn usable(token: &Token, handle: ObjectHandle) -> Result<PublicKey, &'static str> {
    let session = &token.session;
    let rsa = match attribute(session, handle, AttributeType::KeyType) {
        Some(Attribute::KeyType(TokenKeyType::RSA)) => true,
        Some(Attribute::KeyType(TokenKeyType::EC)) => false,
        _ => return Err("RSA, P-256 and P-384 are supported"),
    };
    let offers = |mechanism| token.mechanisms.contains(&mechanism);
    let (offered, permission) = if rsa {
        (offers(MechanismType::RSA_X_509) || offers(MechanismType::RSA_PKCS_OAEP), AttributeType::Decrypt)
    } else {
        (offers(MechanismType::ECDH1_DERIVE), AttributeType::Derive)
    };
    match attribute(session, handle, permission) {
        Some(Attribute::Decrypt(false)) => return Err("it is not for decryption (CKA_DECRYPT is false)"),
        Some(Attribute::Derive(false)) => return Err("it is not for key agreement (CKA_DERIVE is false)"),
        _ if !offered => return Err("the token offers neither CKM_RSA_X_509, CKM_RSA_PKCS_OAEP nor CKM_ECDH1_DERIVE"),
        _ => {}
    }
    let public_key = public_half(session, handle).ok_or("the token has neither its public key nor its certificate")?;
    match (public_key.is_supported(), public_key.key_type()) {
        (true, KeyType::Rsa(_)) if rsa => Ok(public_key),
        (true, KeyType::P256 | KeyType::P384) if !rsa => Ok(public_key),
        _ => Err("RSA of 2048 to 8192 bits, P-256 and P-384 are supported"),
    }
}

/// From the private key itself, the public key next to it, or its certificate: what a token has differs.
fn public_half(session: &Session, key: ObjectHandle) -> Option<PublicKey> {
    let next_to_it = |class| {
        let id = bytes(session, key, AttributeType::Id).filter(|id| !id.is_empty()).map(Attribute::Id);
        let mark = id.or_else(|| bytes(session, key, AttributeType::Label).map(Attribute::Label))?;
        session.find_objects(&[Attribute::Class(class), mark]).ok()
    };
    let in_certificate = |handle| certificate(session, handle).map(|c| c.public_key().clone());
    public_key_in(session, key)
        .or_else(|| next_to_it(ObjectClass::PUBLIC_KEY)?.into_iter().find_map(|handle| public_key_in(session, handle)))
        .or_else(|| next_to_it(ObjectClass::CERTIFICATE)?.into_iter().find_map(in_certificate))
}

/// What the attributes of a key say of its public half.
fn public_key_in(session: &Session, key: ObjectHandle) -> Option<PublicKey> {
    let read = |kind| bytes(session, key, kind).filter(|value| !value.is_empty());
    let of_rsa = || {
        let (modulus, exponent) = (read(AttributeType::Modulus)?, read(AttributeType::PublicExponent)?);
        PublicKey::from_rsa(&modulus, &exponent).ok()
    };
    let of_curve = || {
        let (curve, point) = (read(AttributeType::EcParams)?, read(AttributeType::EcPoint)?);
        // the standard wraps the point in an OCTET STRING, not every module does
        let bare = <&OctetStringRef>::from_der(&point).ok().map(|wrapped| wrapped.as_bytes().to_vec());
        PublicKey::from_point(&curve, &bare.unwrap_or(point)).ok()
    };
    let of_info = || PublicKey::from_spki(&read(AttributeType::PublicKeyInfo)?).ok();
    of_rsa().or_else(of_curve).or_else(of_info)
}

/// One attribute at a time: with several, one of a kind that is unknown here would hide the others.
fn attribute(session: &Session, object: ObjectHandle, kind: AttributeType) -> Option<Attribute> {
    session.get_attributes(object, &[kind]).ok()?.pop()
}

fn bytes(session: &Session, object: ObjectHandle, kind: AttributeType) -> Option<Vec<u8>> {
    match attribute(session, object, kind)? {
        Attribute::Id(value)
        | Attribute::Label(value)
        | Attribute::Modulus(value)
        | Attribute::PublicExponent(value)
        | Attribute::EcParams(value)
        | Attribute::EcPoint(value)
        | Attribute::PublicKeyInfo(value)
        | Attribute::Value(value) => Some(value),
        _ => None,
    }
}

/// A key's label and id, for people.
fn name(session: &Session, key: ObjectHandle) -> String {
    let label = bytes(session, key, AttributeType::Label).unwrap_or_default();
    let id = bytes(session, key, AttributeType::Id).unwrap_or_default();
    format!("\"{}\" (id {})", String::from_utf8_lossy(&label), to_hex(&id))
}
