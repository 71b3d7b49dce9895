//! An identity whose private key is in a token and never leaves it.

use std::{fmt, rc::Rc};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType as TokenKeyType, ObjectClass, ObjectHandle};
use der::{Encode, asn1::OctetStringRef};
use zeroize::Zeroizing;

use super::failure::token_error;
use super::token::Token;
use crate::keys::{DeviceError, Identity, IdentityError, PublicKey, TokenError, ecdh, oaep};

/// A private key of RSA, P-256 or P-384 in a token, which is logged in to.
pub struct TokenKey {
    token: Rc<Token>,
    handle: ObjectHandle,
    public_key: PublicKey,
}

impl TokenKey {
    pub(super) fn new(token: Rc<Token>, handle: ObjectHandle, public_key: PublicKey) -> Self {
        TokenKey { token, handle, public_key }
    }

    fn failed(&self, error: Error) -> IdentityError {
        DeviceError::from(token_error(error, &self.token.label)).into()
    }

    /// The bare operation; `None` when the token, or this key, does not do it.
    fn raw(&self, ciphertext: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, IdentityError> {
        if !self.token.mechanisms.contains(&MechanismType::RSA_X_509) {
            return Ok(None);
        }
        match self.token.session.decrypt(&Mechanism::RsaX509, self.handle, ciphertext) {
            Ok(encoded) => Ok(Some(Zeroizing::new(encoded))),
            Err(Error::Pkcs11(RvError::MechanismInvalid | RvError::KeyFunctionNotPermitted, _)) => Ok(None),
            Err(e) => Err(self.failed(e)),
        }
    }

    /// The whole of OAEP in the token, which some of them know with SHA-1 only.
    fn oaep(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let parameters = PkcsOaepParams::new(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, PkcsOaepSource::empty());
        match self.token.session.decrypt(&Mechanism::RsaPkcsOaep(parameters), self.handle, ciphertext) {
            Ok(message) => Ok(Zeroizing::new(message)),
            Err(Error::Pkcs11(
                e @ (RvError::MechanismInvalid
                | RvError::MechanismParamInvalid
                | RvError::ArgumentsBad
                | RvError::KeyFunctionNotPermitted),
                function,
            )) => Err(self.failed(Error::Pkcs11(e, function))),
            // tokens report a wrong padding in many ways, and none of them may be distinguished from here on
            Err(e) => match token_error(e, &self.token.label) {
                gone @ TokenError::Gone(_) => Err(DeviceError::from(gone).into()),
                _ => Err(IdentityError::Refused),
            },
        }
    }

    /// Derives a secret of `length` bytes for this session only; `point` in the form that the token takes.
    fn derive(&self, point: &[u8], length: usize) -> Result<ObjectHandle, Error> {
        let parameters = Ecdh1DeriveParams::new(EcKdf::null(), point);
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(TokenKeyType::GENERIC_SECRET),
            Attribute::Token(false),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
            Attribute::ValueLen(length.try_into()?),
        ];
        self.token.session.derive_key(&Mechanism::Ecdh1Derive(parameters), self.handle, &template)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (token, key_type) = (&self.token.label, self.public_key.key_type());
        f.debug_struct("TokenKey").field("token", token).field("key_type", key_type).finish_non_exhaustive()
    }
}

impl Identity for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn is_on_device(&self) -> bool {
        true
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let length = oaep::check(&self.public_key, ciphertext)?;
        match self.raw(ciphertext)? {
            Some(encoded) => oaep::unpad(&encoded, length),
            None => self.oaep(ciphertext),
        }
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let length = ecdh::check(&self.public_key, point)?;
        let secret = self.derive(point, length).or_else(|first| {
            // some modules take the point wrapped in an OCTET STRING only
            let wrapped = OctetStringRef::new(point).and_then(|point| point.to_der()).ok();
            wrapped.and_then(|point| self.derive(&point, length).ok()).ok_or(first)
        });
        let secret = secret.map_err(|e| self.failed(e))?;
        let value = self.token.session.get_attributes(secret, &[AttributeType::Value]);
        // gone with the session in any case
        let _ = self.token.session.destroy_object(secret);
        match value.map_err(|e| self.failed(e))?.pop() {
            Some(Attribute::Value(shared)) if shared.len() == length => Ok(Zeroizing::new(shared)),
            Some(Attribute::Value(shared)) => {
                drop(Zeroizing::new(shared));
                Err(DeviceError::Nonsense("a shared secret of a wrong length".into()).into())
            }
            _ => Err(DeviceError::Nonsense("a shared secret that it does not show".into()).into()),
        }
    }
}
