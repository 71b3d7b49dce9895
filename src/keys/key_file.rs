//! A private key out of a key file: PKCS#8, plain or encrypted, and the two older forms that openssl still writes.

use std::fmt;

use aws_lc_rs::{agreement, encoding::AsDer, rsa};
use der::{Decode, Encode, asn1::OctetStringRef};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, pkcs5::EncryptionScheme, pkcs5::pbes2::Kdf};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::foreign::{OF_SSH_KEY, Wanted, foreign};
use super::{Identity, IdentityError, KeyError, KeyType, PublicKey, der_form, pem, public_key::is_point};

pub use super::limits::{MAX_KEY_FILE, MAX_PBKDF2_ITERATIONS, MAX_SCRYPT_MEMORY, MAX_SCRYPT_PARALLELIZATION};

const CONVERT: &str = "convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW";
const RSA_ENCRYPTION: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private key of RSA, P-256 or P-384. Wiped when dropped; its Debug shows the public half only.
pub struct KeyFile {
    secret: Secret,
    public_key: PublicKey,
}

enum Secret {
    Rsa(rsa::OaepPrivateDecryptingKey),
    Ec(agreement::PrivateKey),
}

impl KeyFile {
    /// Takes a key file's bytes: PEM or DER of PKCS#8 (RFC 5958; encrypted: PBES2 with PBKDF2 or scrypt), PEM of SEC 1
    /// ("EC PRIVATE KEY") or PKCS#1 ("RSA PRIVATE KEY"). `passphrase` is asked at most once, and only for an encrypted
    /// key; it gives the pass phrase's bytes without a line's end, or `None`.
    ///
    /// Errors: a certificate, no key, several keys, an encrypted key without or with a wrong pass phrase, a kind of key
    /// or encryption that is not supported (the text names the openssl command that helps), a derivation cost beyond
    /// the limits named here.
    pub fn parse(bytes: &[u8], passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>) -> Result<Self, KeyError> {
        decoded(bytes, passphrase, Self::from_pkcs8, Self::from_rsa)
    }

    /// Whether the bytes hold an encrypted private key, for which a pass phrase will be asked.
    pub fn is_encrypted(bytes: &[u8]) -> bool {
        if pem::is_pem(bytes) {
            pem::blocks(bytes).is_ok_and(|b| b.iter().any(|block| block.label == "ENCRYPTED PRIVATE KEY"))
        } else {
            EncryptedPrivateKeyInfoRef::from_der(bytes).is_ok()
        }
    }

    /// PKCS#8, or an elliptic-curve key in SEC 1's form.
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(key) = rsa::PrivateDecryptingKey::from_pkcs8(der) {
            return Self::rsa(key);
        }
        for curve in [&agreement::ECDH_P256, &agreement::ECDH_P384] {
            if let Ok(key) = agreement::PrivateKey::from_private_key_der(curve, der) {
                let refused = |_| KeyError::Crypto("the private key has no public key");
                let spki = key.compute_public_key().map_err(refused)?.as_der().map_err(refused)?;
                return Ok(KeyFile { public_key: PublicKey::from_spki(spki.as_ref())?, secret: Secret::Ec(key) });
            }
        }
        Err(KeyError::UnsupportedPrivateKey("RSA of 2048 to 8192 bits, P-256 and P-384 are supported"))
    }

    /// PKCS#1's RSAPrivateKey, by wrapping it in PKCS#8.
    fn from_rsa(der: &[u8]) -> Result<Self, KeyError> {
        let unsupported = KeyError::UnsupportedPrivateKey("RSA of 2048 to 8192 bits is supported");
        let wrapped = OctetStringRef::new(der).ok().and_then(|der| {
            let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(der::asn1::AnyRef::NULL) };
            PrivateKeyInfoRef::new(algorithm, der).to_der().ok()
        });
        let wrapped = Zeroizing::new(wrapped.ok_or_else(|| unsupported.clone())?);
        Self::rsa(rsa::PrivateDecryptingKey::from_pkcs8(&wrapped).map_err(|_| unsupported)?)
    }

    fn rsa(key: rsa::PrivateDecryptingKey) -> Result<Self, KeyError> {
        let spki = key.public_key().as_der().map_err(|_| KeyError::Crypto("the private key has no public key"))?;
        let public_key = PublicKey::from_spki(spki.as_ref())?;
        let key = rsa::OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::Crypto("RSA-OAEP"))?;
        Ok(KeyFile { secret: Secret::Rsa(key), public_key })
    }

    /// The kind of key.
    pub fn key_type(&self) -> &KeyType {
        self.public_key.key_type()
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("key_type", self.key_type()).finish_non_exhaustive()
    }
}

impl Identity for KeyFile {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let Secret::Rsa(key) = &self.secret else { return Err(IdentityError::Refused) };
        let mut out = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key
            .decrypt(&rsa::OAEP_SHA256_MGF1SHA256, ciphertext, &mut out, None)
            .map_err(|_| IdentityError::Refused)?
            .len();
        out.truncate(length);
        Ok(out)
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let Secret::Ec(key) = &self.secret else { return Err(IdentityError::Refused) };
        if !is_point(self.key_type(), point) {
            return Err(IdentityError::Refused);
        }
        let theirs = agreement::UnparsedPublicKey::new(key.algorithm(), point);
        agreement::agree(key, theirs, IdentityError::Refused, |shared| Ok(Zeroizing::new(shared.to_vec())))
    }
}

/// Takes the private key out of a key file's bytes and gives its DER to `pkcs8` (which also gets SEC 1's form) or
/// `pkcs1`. Errors: as [`KeyFile::parse`].
pub(super) fn decoded<T>(
    bytes: &[u8],
    passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
    pkcs8: impl Fn(&[u8]) -> Result<T, KeyError>,
    pkcs1: impl Fn(&[u8]) -> Result<T, KeyError>,
) -> Result<T, KeyError> {
    if bytes.len() > MAX_KEY_FILE {
        return Err(KeyError::TooLarge { what: "key file, in bytes", limit: MAX_KEY_FILE });
    }
    if !pem::is_pem(bytes) {
        if let Some(error) = foreign(bytes, Wanted::PrivateKey) {
            return Err(error);
        }
        if EncryptedPrivateKeyInfoRef::from_der(bytes).is_ok() {
            return pkcs8(&decrypt(bytes, passphrase)?);
        }
        if !der_form::is_private_key(bytes) && super::Certificate::from_der(bytes).is_ok() {
            return Err(KeyError::CertificateNotPrivateKey);
        }
        return match bytes.first() {
            Some(0x30) => pkcs8(bytes).or_else(|error| pkcs1(bytes).map_err(|_| error)),
            _ => Err(KeyError::NoPrivateKey),
        };
    }
    let blocks = pem::blocks(bytes)?;
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(key) = keys.next() else {
        return Err(if blocks.iter().any(|block| block.label.ends_with("CERTIFICATE")) {
            KeyError::CertificateNotPrivateKey
        } else {
            KeyError::NoPrivateKey
        });
    };
    if keys.next().is_some() {
        return Err(KeyError::SeveralPrivateKeys);
    }
    match (key.label.as_str(), &key.der) {
        ("PRIVATE KEY" | "EC PRIVATE KEY", Some(der)) => pkcs8(der),
        ("ENCRYPTED PRIVATE KEY", Some(der)) => pkcs8(&decrypt(der, passphrase)?),
        ("RSA PRIVATE KEY", Some(der)) => pkcs1(der),
        ("OPENSSH PRIVATE KEY", _) => Err(KeyError::Convert { what: "a private key of SSH", command: OF_SSH_KEY }),
        _ => Err(KeyError::UnsupportedPrivateKey(CONVERT)),
    }
}

fn decrypt(
    der: &[u8],
    passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::UnsupportedPrivateKey(CONVERT))?;
    let EncryptionScheme::Pbes2(parameters) = &encrypted.encryption_algorithm else {
        return Err(KeyError::UnsupportedPrivateKey(CONVERT));
    };
    // A file from outside must not keep the machine busy or eat its memory.
    let bearable = match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count <= MAX_PBKDF2_ITERATIONS,
        Kdf::Scrypt(kdf) => {
            kdf.parallelization <= MAX_SCRYPT_PARALLELIZATION
                && kdf.cost_parameter.saturating_mul(128 * u64::from(kdf.block_size)) <= MAX_SCRYPT_MEMORY
        }
        _ => false,
    };
    if !bearable {
        return Err(KeyError::UnsupportedPrivateKey("its key derivation asks for too much time or memory"));
    }
    let passphrase = passphrase().ok_or(KeyError::PassphraseNeeded)?;
    let document = encrypted.decrypt(&*passphrase).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }) => {
            KeyError::UnsupportedPrivateKey(CONVERT)
        }
        _ => KeyError::WrongPassphrase,
    })?;
    // A wrong pass phrase may leave padding that looks right by chance.
    PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|_| KeyError::WrongPassphrase)?;
    Ok(document.to_bytes())
}
