//! A new key that is made on a card and never leaves it, and its certificate, which the card signs.

use std::cell::RefCell;

use der::Encode;
use der::asn1::UintRef;
use rcgen::{CertificateParams, PublicKeyData, SignatureAlgorithm, SigningKey};
use ring::digest::{SHA256, SHA384, digest};
use ring::rand::SystemRandom;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::exchange::OK;
use super::piv::KeyInput;
use super::slot::algorithm;
use super::{Card, ManagementKey, Patience, Piv, Slot, tlv};
use crate::keys::generate::{Purpose, parameters};
use crate::keys::public_key::{RsaPublicKey, is_point};
use crate::keys::{Algorithm, Certificate, DeviceError, GenerateOptions, KeyError, KeyType};

/// Template of a new public key in a card's answer (SP 800-73-4, part 2, 3.3.2).
const PUBLIC_KEY: u32 = 0x7f49;
/// Kind of the key, in what YubiKeys report of a slot.
const METADATA_ALGORITHM: u32 = 0x01;
/// The ASN.1 of a SHA-256 hash as RSASSA-PKCS1-v1_5 signs it, up to the hash (RFC 8017, 9.2, note 1).
const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// What is to be made on a card.
#[derive(Clone)]
pub struct NewKey {
    slot: Slot,
    key_type: KeyType,
    parameters: CertificateParams,
    replace: bool,
}

impl NewKey {
    /// A key in `slot`; with `replace` even where something is there. RSA-3072 is for cards that know it.
    ///
    /// Errors: a name or validity that cannot be; a slot that is not for decryption.
    pub fn new(slot: Slot, options: &GenerateOptions, replace: bool) -> Result<Self, KeyError> {
        if slot != Slot::KEY_MANAGEMENT && !Slot::retired().any(|retired| retired == slot) {
            return Err(KeyError::BadOption("keys that open streams are in slot 9d, or in 82 to 95"));
        }
        let key_type = match options.algorithm {
            Algorithm::P256 => KeyType::P256,
            Algorithm::P384 => KeyType::P384,
            Algorithm::Rsa2048 => KeyType::Rsa(2048),
            Algorithm::Rsa3072 => KeyType::Rsa(3072),
            Algorithm::Ed25519 => return Err(KeyError::BadOption("Ed25519 signs only: it cannot be encrypted to")),
        };
        Ok(NewKey {
            slot,
            key_type,
            parameters: parameters(Purpose::Encryption, options, &SystemRandom::new())?,
            replace,
        })
    }

    /// Makes the key, has it sign its certificate, and writes that next to it: all in one transaction, and nothing
    /// before the PIN and the management key are right. Gives the certificate.
    ///
    /// Errors: [`DeviceError::Occupied`], [`DeviceError::WrongManagementKey`], [`DeviceError::NotMade`]; everything
    /// about the PIN; a card that is gone or answers nonsense.
    pub fn make(&self, card: &Card, key: &ManagementKey) -> Result<Certificate, DeviceError> {
        let (new, key) = (self.clone(), key.clone());
        card.with_pin(move |piv| new.make_within(piv, &key))
    }

    fn make_within(&self, piv: &Piv<'_>, key: &ManagementKey) -> Result<Certificate, DeviceError> {
        if !self.replace {
            self.is_empty(piv)?;
        }
        key.authenticate(piv)?;
        let public = self.generate(piv)?;
        let signer = OnCard { piv, slot: self.slot, key_type: &self.key_type, public, failure: RefCell::default() };
        let made = self.parameters.self_signed(&signer);
        if let Some(failure) = signer.failure.take() {
            return Err(failure);
        }
        let made = made.map_err(|e| DeviceError::Nonsense(format!("no certificate came about: {e}")))?;
        let own = X509Certificate::from_der(made.der()).is_ok_and(|(_, made)| made.verify_signature(None).is_ok());
        if !own {
            return Err(DeviceError::Nonsense("its signature is not that of the key that it made".into()));
        }
        put_certificate(piv, self.slot, made.der())?;
        Certificate::from_der(made.der()).map_err(|e| DeviceError::Nonsense(e.to_string()))
    }

    fn is_empty(&self, piv: &Piv<'_>) -> Result<(), DeviceError> {
        let occupied = |what: String| Err(DeviceError::Occupied { slot: self.slot.to_string(), what });
        if let Some(found) = piv.certificate(self.slot)? {
            return occupied(match found.certificate {
                Ok(certificate) => format!("the certificate of \"{}\"", certificate.subject()),
                Err(_) => "a certificate that cannot be read".into(),
            });
        }
        // a key without a certificate; only YubiKeys and their like report it (GET METADATA)
        let metadata = piv.command([0xf7, 0, self.slot.reference()], &[], Patience::Short)?;
        if metadata.status == OK && tlv::find(METADATA_ALGORITHM, &metadata.data).is_some() {
            occupied("a key without a certificate".into())
        } else {
            Ok(())
        }
    }

    /// GENERATE ASYMMETRIC KEY PAIR. Gives the public key as X.509 has it: the point, or the DER of RSAPublicKey.
    fn generate(&self, piv: &Piv<'_>) -> Result<Vec<u8>, DeviceError> {
        let nonsense = || DeviceError::Nonsense("a new key without its public half".into());
        let algorithm = algorithm(&self.key_type).ok_or_else(|| DeviceError::NotMade(self.key_type.to_string()))?;
        let request = tlv::element(0xac, &[0x80, 1, algorithm]);
        let answer = piv.command([0x47, 0, self.slot.reference()], &request, Patience::Key)?;
        match answer.status {
            OK => {}
            0x6a80 | 0x6a81 | 0x6a86 | 0x6d00 => return Err(DeviceError::NotMade(self.key_type.to_string())),
            status => return Err(DeviceError::Nonsense(format!("status {status:04x} about a new key"))),
        }
        let public = tlv::find(PUBLIC_KEY, &answer.data).ok_or_else(nonsense)?;
        match self.key_type {
            KeyType::Rsa(bits) => {
                let [modulus, exponent] =
                    [0x81, 0x82].map(|tag| tlv::find(tag, public).and_then(|n| UintRef::new(n).ok()));
                let (modulus, exponent) = (modulus.ok_or_else(nonsense)?, exponent.ok_or_else(nonsense)?);
                if modulus.as_bytes().len() * 8 != bits as usize {
                    return Err(nonsense());
                }
                RsaPublicKey { modulus, exponent }.to_der().map_err(|_| nonsense())
            }
            _ => {
                let point = tlv::find(0x86, public).filter(|point| is_point(&self.key_type, point));
                point.map(<[u8]>::to_vec).ok_or_else(nonsense)
            }
        }
    }
}

/// PUT DATA of a slot's certificate object (SP 800-73-4, part 1, table 10), not compressed.
fn put_certificate(piv: &Piv<'_>, slot: Slot, der: &[u8]) -> Result<(), DeviceError> {
    let object = [&tlv::element(0x70, der)[..], &[0x71, 1, 0, 0xfe, 0]].concat();
    let data = [&tlv::element(0x5c, &slot.object())[..], &tlv::element(0x53, &object)].concat();
    match piv.command([0xdb, 0x3f, 0xff], &data, Patience::Short)?.status {
        OK => Ok(()),
        0x6a84 => Err(DeviceError::Nonsense("it has no room for the certificate".into())),
        status => Err(DeviceError::Nonsense(format!("status {status:04x} about writing the certificate"))),
    }
}

/// The new key, as the one who signs.
struct OnCard<'a, 'p> {
    piv: &'a Piv<'p>,
    slot: Slot,
    key_type: &'a KeyType,
    public: Vec<u8>,
    /// What the card failed with: the signing trait has no room for it.
    failure: RefCell<Option<DeviceError>>,
}

impl PublicKeyData for OnCard<'_, '_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.key_type {
            KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyType::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            _ => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl SigningKey for OnCard<'_, '_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let input = match self.key_type {
            KeyType::P256 => digest(&SHA256, message).as_ref().to_vec(),
            KeyType::P384 => digest(&SHA384, message).as_ref().to_vec(),
            KeyType::Rsa(bits) => padded(message, *bits as usize / 8).ok_or(rcgen::Error::RemoteKeyError)?,
            KeyType::Other(_) => return Err(rcgen::Error::RemoteKeyError),
        };
        match self.piv.operate(self.slot, self.key_type, KeyInput::Challenge, &input) {
            Ok(signature) => Ok(signature.to_vec()),
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                Err(rcgen::Error::RemoteKeyError)
            }
        }
    }
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 9.2): what the bare operation of an RSA key turns into a signature.
fn padded(message: &[u8], length: usize) -> Option<Vec<u8>> {
    let hash = digest(&SHA256, message);
    let filling = length.checked_sub(3 + SHA256_INFO.len() + hash.as_ref().len()).filter(|filling| *filling >= 8)?;
    Some([&[0, 1][..], &vec![0xff; filling], &[0], &SHA256_INFO, hash.as_ref()].concat())
}
