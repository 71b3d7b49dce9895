//! A new private key and its self-signed certificate.

use der::{Decode, SecretDocument, pem::LineEnding};
use pkcs8::{
    PrivateKeyInfoRef,
    pkcs5::{pbes2::Parameters, scrypt},
};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, RsaKeySize, SerialNumber,
};
use ring::rand::{SecureRandom, SystemRandom};
use time::{Duration, OffsetDateTime};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;
use super::signer_purpose::SIGNER_PURPOSE_ARCS;

/// For how long a certificate is valid before it is made: the recording machine's clock may be a little slow.
const BACKDATE: Duration = Duration::hours(1);
/// The longest common name (RFC 5280, ub-common-name), in characters.
pub const MAX_NAME: usize = 64;
/// The longest validity, in days: a hundred years.
pub const MAX_DAYS: u32 = 36_525;
/// Validity unless asked otherwise, in days.
pub const DEFAULT_DAYS: u32 = 730;

/// The kinds of key that are generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Elliptic curve P-256.
    #[default]
    P256,
    /// Elliptic curve P-384.
    P384,
    /// RSA with a modulus of 2048 bits: for cards that know no longer ones.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// Ed25519, which signs only.
    Ed25519,
}

/// What a key is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To be encrypted to.
    #[default]
    Encryption,
    /// To sign.
    Signing,
}

/// What to generate.
#[derive(Debug, Clone)]
pub struct GenerateOptions {
    /// The subject's common name: 1 to [`MAX_NAME`] characters, no control characters.
    pub name: String,
    /// The kind of key.
    pub algorithm: Algorithm,
    /// Validity in days from now, 1 to [`MAX_DAYS`].
    pub days: u32,
    /// UTC nanoseconds since 1970.
    pub now_ns: i64,
}

/// A new key and its certificate.
pub struct Generated {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The private key, PKCS#8 PEM; encrypted when a pass phrase was given.
    pub key_pem: Zeroizing<String>,
}

/// Makes a key and a certificate for it that is signed by itself: CA:FALSE, key usage keyAgreement (elliptic curves) or
/// keyEncipherment (RSA), both critical; subject key identifier; a random serial number of 127 bits. With a pass phrase
/// the key is encrypted PKCS#8 (PBES2, scrypt, AES-256-CBC), which OpenSSL opens.
///
/// Errors: a name, validity or pass phrase (an empty one) that cannot be; the cryptographic library's failure.
pub fn generate(options: &GenerateOptions, passphrase: Option<&[u8]>) -> Result<Generated, KeyError> {
    generate_for(Purpose::Encryption, options, passphrase)
}

/// The same for any purpose; a signer's key usage is digitalSignature, and its extended key usage
/// [`SIGNER_PURPOSE`](super::SIGNER_PURPOSE). Errors: also Ed25519 for encryption.
pub fn generate_for(
    purpose: Purpose,
    options: &GenerateOptions,
    passphrase: Option<&[u8]>,
) -> Result<Generated, KeyError> {
    let random = SystemRandom::new();
    let parameters = parameters(purpose, options, &random)?;
    if passphrase.is_some_and(<[u8]>::is_empty) {
        return Err(KeyError::BadOption("the pass phrase is empty"));
    }
    let mut key = match options.algorithm {
        Algorithm::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
        Algorithm::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
        Algorithm::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
        Algorithm::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048),
        Algorithm::Rsa3072 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072),
    }
    .map_err(|_| KeyError::Crypto("generating a key"))?;
    let certificate = parameters.self_signed(&key);
    let key_pem = key_pem(key.serialized_der(), passphrase, &random);
    key.zeroize();
    Ok(Generated {
        certificate_pem: certificate.map_err(|_| KeyError::Crypto("signing the certificate"))?.pem(),
        key_pem: key_pem?,
    })
}

/// What a certificate says that is made here, its key apart.
pub(crate) fn parameters(
    purpose: Purpose,
    options: &GenerateOptions,
    random: &SystemRandom,
) -> Result<CertificateParams, KeyError> {
    let count = options.name.chars().count();
    if !(1..=MAX_NAME).contains(&count) || options.name.chars().any(char::is_control) {
        return Err(KeyError::BadOption("a name has 1 to 64 characters, and no control characters"));
    }
    if !(1..=MAX_DAYS).contains(&options.days) {
        return Err(KeyError::BadOption("a certificate is valid for 1 to 36525 days"));
    }
    let now = OffsetDateTime::from_unix_timestamp_nanos(options.now_ns.into())
        .ok()
        .and_then(|now| now.replace_nanosecond(0).ok());
    let validity =
        now.and_then(|now| Some((now.checked_sub(BACKDATE)?, now.checked_add(Duration::days(options.days.into()))?)));

    let mut parameters = CertificateParams::default();
    (parameters.not_before, parameters.not_after) = validity.ok_or(KeyError::BadOption("the clock is out of range"))?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, options.name.clone());
    parameters.serial_number = Some(serial_number(random)?);
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![match (purpose, options.algorithm) {
        (Purpose::Signing, _) => KeyUsagePurpose::DigitalSignature,
        (_, Algorithm::P256 | Algorithm::P384) => KeyUsagePurpose::KeyAgreement,
        (_, Algorithm::Rsa2048 | Algorithm::Rsa3072) => KeyUsagePurpose::KeyEncipherment,
        (_, Algorithm::Ed25519) => return Err(KeyError::BadOption("Ed25519 signs only: it cannot be encrypted to")),
    }];
    if purpose == Purpose::Signing {
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(SIGNER_PURPOSE_ARCS.to_vec())];
    }
    Ok(parameters)
}

fn serial_number(random: &SystemRandom) -> Result<SerialNumber, KeyError> {
    let mut serial = [0u8; 16];
    random.fill(&mut serial).map_err(|_| KeyError::Crypto("no random numbers"))?;
    // Positive, and always of one length.
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&serial))
}

fn key_pem(der: &[u8], passphrase: Option<&[u8]>, random: &SystemRandom) -> Result<Zeroizing<String>, KeyError> {
    let failed = |_| KeyError::Crypto("encoding the private key");
    let info = PrivateKeyInfoRef::from_der(der).map_err(failed)?;
    let (label, document) = match passphrase {
        None => ("PRIVATE KEY", SecretDocument::try_from(der).map_err(failed)?),
        Some(passphrase) => {
            let (mut salt, mut iv) = ([0; 16], [0; 16]);
            let no_random = |_| KeyError::Crypto("no random numbers");
            random.fill(&mut salt).map_err(no_random)?;
            random.fill(&mut iv).map_err(no_random)?;
            let failed = |_| KeyError::Crypto("encrypting the private key");
            // 16 MiB, five passes: the most that OpenSSL opens unless it is asked to allow more memory.
            let cost = scrypt::Params::new(14, 8, 5).map_err(|_| KeyError::Crypto("scrypt"))?;
            let scheme = Parameters::generate_scrypt_aes256cbc(cost, &salt, iv)
                .map_err(|_| KeyError::Crypto("encrypting the private key"))?;
            ("ENCRYPTED PRIVATE KEY", info.encrypt_with_params(scheme, passphrase).map_err(failed)?)
        }
    };
    document.to_pem(label, LineEnding::LF).map_err(failed)
}
