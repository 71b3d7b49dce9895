//! What can go wrong with certificates, keys and messages.

use thiserror::Error;

use crate::base::text::quoted;

use super::{DeviceError, NoList, SignerFault};

/// Certificates and private keys that cannot be read, used or made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A private key stands where a certificate is expected.
    #[error("this is a private key, not a certificate")]
    PrivateKeyNotCertificate,
    /// A certificate stands where a private key is expected.
    #[error("this is a certificate, not a private key")]
    CertificateNotPrivateKey,
    /// Neither PEM nor DER of a certificate.
    #[error("no certificate found (PEM or DER is expected)")]
    NoCertificate,
    /// A certificate that cannot be parsed; the text says where.
    #[error("the certificate cannot be read: {0}")]
    BadCertificate(&'static str),
    /// A name with a value that is no text; the names as they are shown, with the broken bytes as `\\FF`.
    #[error("the certificate cannot be read, by openssl neither: its name {} is no text", quoted(.0))]
    BrokenName(String),
    /// PEM of something else, and no certificate; its label.
    #[error("no certificate found, but PEM of {}", quoted(.0))]
    OtherPem(String),
    /// PEM of something else in a certificate's file; its label.
    #[error("the file holds PEM of {} besides a certificate; put it into a file of its own", quoted(.0))]
    PemBeside(String),
    /// Another form than those that are taken.
    #[error("this is {what}; convert it with: {command}")]
    Convert {
        /// What it is.
        what: &'static str,
        /// The command, which reads OLD and writes NEW.
        command: &'static str,
    },
    /// No revocation list where one is expected.
    #[error("no revocation list found (PEM or DER is expected)")]
    NoRevocationList,
    /// A revocation list that cannot be parsed or is of a kind that is not supported.
    #[error("the revocation list cannot be used: {0}")]
    BadRevocationList(&'static str),
    /// No revocation list vouches for the certificate.
    #[error("no revocation list of its issuer can be used: {0}")]
    NoList(NoList),
    /// The caller could not read the file; in its words.
    #[error("{0}")]
    CannotRead(String),
    /// A PKCS#12 file that cannot be taken; the text names the command that helps.
    #[error("the PKCS#12 file cannot be read: {0}")]
    BadPkcs12(&'static str),
    /// More bytes, certificates or recipients than the named limit.
    #[error("too large: {what} (at most {limit})")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// PEM armour that does not decode.
    #[error("the PEM text is damaged")]
    BadPem,
    /// Neither PEM nor DER of a private key.
    #[error("no private key found (PKCS#8, PEM or DER, is expected)")]
    NoPrivateKey,
    /// More than one private key in one file.
    #[error("more than one private key in one file")]
    SeveralPrivateKeys,
    /// A private key of a kind or encryption that is not supported.
    #[error("unsupported private key: {0}")]
    UnsupportedPrivateKey(&'static str),
    /// An encrypted private key and nobody who knows the pass phrase.
    #[error("the private key is encrypted: a pass phrase is needed")]
    PassphraseNeeded,
    /// The pass phrase does not open the private key.
    #[error("wrong pass phrase, or the encrypted private key is damaged")]
    WrongPassphrase,
    /// A certificate that cannot be encrypted to.
    #[error("cannot encrypt to \"{0}\": its key is not supported")]
    UnsupportedRecipient(String),
    /// A certificate that is not the private key's.
    #[error("the certificate is not that of the private key")]
    OtherKey,
    /// The certificate may not sign now.
    #[error("the certificate {}", .0.of_own())]
    Signer(SignerFault),
    /// Nobody to encrypt to.
    #[error("no recipient")]
    NoRecipient,
    /// Two recipients with one issuer and serial number, which a message cannot tell apart.
    #[error("two certificates have the issuer and serial number of \"{0}\"")]
    SameIssuerAndSerial(String),
    /// A name, validity or pass phrase that a new certificate or key cannot have.
    #[error("{0}")]
    BadOption(&'static str),
    /// The cryptographic library refused; never says anything about a secret.
    #[error("the cryptographic library failed: {0}")]
    Crypto(&'static str),
}

/// Why a message was not opened.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// None of the recipients' certificates is for any of the identities.
    #[error("not a recipient")]
    NotRecipient,
    /// The message is malformed, outside of the profile, or fails for its recipient: one error for all causes, so that
    /// nobody learns from it about the key.
    #[error("the message cannot be opened")]
    Failed,
    /// It is for a key in a device, which did not do its operation.
    #[error(transparent)]
    Device(DeviceError),
}
