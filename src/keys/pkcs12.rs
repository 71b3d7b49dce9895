//! Certificates out of PKCS#12 (RFC 7292), without its private key. Certificates stand in it in the clear or encrypted
//! with PBES2 (RFC 8018), as OpenSSL 3, Windows since 2019 and Java write it; RC2 and triple DES of older programs are
//! not read.
//!
//! The MAC over the file is not checked: it is made from the pass phrase, and a certificate proves itself by its
//! fingerprint or its chain.

use cms::{content_info::ContentInfo, encrypted_data::EncryptedData};
use der::{Any, Decode, Encode, Sequence, asn1::ObjectIdentifier, asn1::OctetString};
use pkcs8::pkcs5::{EncryptionScheme, pbes2::Kdf};
use zeroize::Zeroizing;

use super::{KeyError, limits::MAX_IN_FILE, limits::MAX_PBKDF2_ITERATIONS};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");

const CONVERT: &str = "take the certificate out with: openssl pkcs12 -legacy -nokeys -in OLD -out NEW.pem";
const MALFORMED: KeyError = KeyError::BadPkcs12("it is malformed");

/// PFX (RFC 7292, 4).
#[derive(Sequence)]
struct Pfx {
    version: u8,
    auth_safe: ContentInfo,
    #[allow(dead_code, reason = "only there so that the whole file is parsed")]
    mac_data: Option<Any>,
}

/// SafeBag (RFC 7292, 4.2).
#[derive(Sequence)]
struct SafeBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: Any,
    #[allow(dead_code, reason = "only there so that the whole bag is parsed")]
    attributes: Option<Any>,
}

/// CertBag (RFC 7292, 4.2.3).
#[derive(Sequence)]
struct CertBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: OctetString,
}

/// What is in the file.
#[derive(Default)]
pub(super) struct Content {
    /// DER of each certificate.
    pub certificates: Vec<Vec<u8>>,
    /// Whether there is a private key; it is not decrypted.
    pub has_private_key: bool,
}

/// Whether the bytes begin as PFX does: SEQUENCE, INTEGER 3, SEQUENCE.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    use der::{Header, Reader, SliceReader, Tag};
    let begins = |bytes| -> der::Result<bool> {
        let mut reader = SliceReader::new(bytes)?;
        Header::decode(&mut reader)?;
        let three = reader.read_slice(3u8.into())? == [2, 1, 3];
        Ok(three && Tag::peek(&reader)? == Tag::Sequence)
    };
    // BER of indefinite length does not parse here, and is worth a better error than "no certificate".
    begins(bytes).unwrap_or(false) || bytes.starts_with(&[0x30, 0x80, 2, 1, 3])
}

/// Takes the certificates out. `passphrase` is asked at most once, and only when they are encrypted.
///
/// Errors: BER or an encryption that is not supported, a wrong pass phrase, a derivation cost beyond the key files'
/// limit.
pub(super) fn content(
    bytes: &[u8],
    passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Content, KeyError> {
    let pfx = Pfx::from_der(bytes).map_err(|_| KeyError::BadPkcs12(CONVERT))?;
    if pfx.version != 3 || pfx.auth_safe.content_type != DATA {
        return Err(KeyError::BadPkcs12(CONVERT));
    }
    let mut ask = Some(passphrase);
    let mut phrase = None;
    let mut content = Content::default();
    let safes = octets(&pfx.auth_safe.content)?;
    for safe in Vec::<ContentInfo>::from_der(&safes).map_err(|_| MALFORMED)? {
        match safe.content_type {
            DATA => content.read_contents(&octets(&safe.content)?, 0)?,
            ENCRYPTED_DATA => {
                if let Some(ask) = ask.take() {
                    phrase = ask();
                }
                let phrase = phrase.as_ref().ok_or(KeyError::PassphraseNeeded)?;
                let plain = decrypt(&safe.content, phrase)?;
                // A wrong pass phrase may leave padding that looks right by chance.
                content.read_contents(&plain, 0).map_err(|_| KeyError::WrongPassphrase)?;
            }
            _ => return Err(KeyError::BadPkcs12(CONVERT)),
        }
    }
    Ok(content)
}

impl Content {
    /// SafeContents, which may lie within each other.
    fn read_contents(&mut self, safe_contents: &[u8], depth: u8) -> Result<(), KeyError> {
        for bag in Vec::<SafeBag>::from_der(safe_contents).map_err(|_| MALFORMED)? {
            match bag.id {
                KEY_BAG | SHROUDED_KEY_BAG => self.has_private_key = true,
                CERT_BAG => {
                    let certificate: CertBag = bag.value.decode_as().map_err(|_| MALFORMED)?;
                    if certificate.id == X509_CERTIFICATE {
                        if self.certificates.len() == MAX_IN_FILE {
                            return Err(KeyError::TooLarge { what: "certificates in one file", limit: MAX_IN_FILE });
                        }
                        self.certificates.push(certificate.value.into_bytes().into());
                    }
                }
                SAFE_CONTENTS_BAG if depth < 4 => {
                    self.read_contents(&bag.value.to_der().map_err(|_| MALFORMED)?, depth + 1)?;
                }
                // revocation lists, secrets
                _ => {}
            }
        }
        Ok(())
    }
}

fn octets(content: &Any) -> Result<Vec<u8>, KeyError> {
    let octets: OctetString = content.decode_as().map_err(|_| KeyError::BadPkcs12(CONVERT))?;
    Ok(octets.into_bytes().into())
}

fn decrypt(encrypted: &Any, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let encrypted: EncryptedData = encrypted.decode_as().map_err(|_| MALFORMED)?;
    let info = encrypted.enc_content_info;
    let algorithm = info.content_enc_alg.to_der().map_err(|_| MALFORMED)?;
    let scheme = EncryptionScheme::from_der(&algorithm).map_err(|_| KeyError::BadPkcs12(CONVERT))?;
    let bearable = match &scheme {
        EncryptionScheme::Pbes2(parameters) => match &parameters.kdf {
            Kdf::Pbkdf2(kdf) => kdf.iteration_count <= MAX_PBKDF2_ITERATIONS,
            _ => false,
        },
        _ => false,
    };
    if !bearable {
        return Err(KeyError::BadPkcs12(CONVERT));
    }
    let ciphertext = info.encrypted_content.ok_or(MALFORMED)?;
    scheme.decrypt(passphrase, ciphertext.as_bytes()).map(Zeroizing::new).map_err(|error| match error {
        pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. } => KeyError::BadPkcs12(CONVERT),
        _ => KeyError::WrongPassphrase,
    })
}
