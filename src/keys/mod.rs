//! Who: certificates, CMS messages, private keys.
//!
//! | file | idea |
//! |---|---|
//! | [`certificate`] | what one certificate says |
//! | [`certificate_file`] | the certificates of a file |
//! | [`usability`] | whether a certificate may be encrypted to, and why not |
//! | [`recipients`] | a set of certificates: the usable ones and those left out |
//! | [`trust`] | authorities and revocation lists that have their say in it |
//! | [`revocation`] | what revocation lists say of a certificate |
//! | `name` | names compared, however they are written |
//! | `name_text` | names for people |
//! | `strict` | whether others could read a certificate |
//! | `pem`, `pem_certificates` | blocks of PEM, and the certificates among them |
//! | `foreign` | forms that are not taken, with the command that converts each |
//! | `signature_check` | whether a key signed a certificate or a list |
//! | [`mod@forecast`] | until when a set of certificates lasts |
//! | [`mod@enrolment`] | the certificate in a file made elsewhere |
//! | [`cms`] | the message that carries a secret to recipients (RFC 5083 AuthEnvelopedData) |
//! | [`identity`] | an owner of a private key, whatever holds it |
//! | [`agent`] | keys that one process holds and others use |
//! | [`device_error`] | what can go wrong with a card or a module that holds one |
//! | [`key_file`] | an identity out of a key file |
//! | [`limits`] | what files of certificates and keys may ask for at most |
//! | [`ecdh`] | the check of a point before a device does Diffie-Hellman with it |
//! | [`oaep`] | RSA decryption by a device that only does the bare operation |
//! | [`token_error`] | what can go wrong with a token behind a PKCS #11 module |
//! | [`signer`] | signatures: made with a key file, checked with a certificate |
//! | `low_s` | the one form of an ECDSA signature |
//! | `signer_fault` | what speaks against a signer |
//! | `signer_forecast` | until when signers can sign |
//! | `signer_purpose` | the extended key usage of signers |
//! | [`signers`] | whose signatures are accepted |
//! | [`mod@generate`] | a new key and its certificate |
//!
//! Nothing here opens a file, prompts or prints: bytes come in, bytes go out.

pub mod agent;
pub mod certificate;
pub mod certificate_file;
pub mod cms;
mod der_form;
pub mod device_error;
pub mod ecdh;
pub mod enrolment;
pub mod error;
pub mod forecast;
mod foreign;
pub mod generate;
pub mod identity;
pub mod key_file;
pub mod limits;
mod low_s;
mod name;
mod name_text;
pub mod oaep;
mod pem;
mod pem_certificates;
mod pkcs12;
pub mod public_key;
mod readable;
pub mod recipients;
pub mod revocation;
mod signature_check;
pub mod signer;
mod signer_fault;
mod signer_forecast;
mod signer_purpose;
pub mod signers;
mod strict;
pub mod token_error;
pub mod trust;
pub mod usability;

pub use certificate::Certificate;
pub use certificate_file::{CertificatesFound, certificates_found, certificates_in};
pub use cms::{check_message, open_message, seal_message, sign_detached};
pub use device_error::DeviceError;
pub use enrolment::{Enrolment, enrolment};
pub use error::{KeyError, OpenError};
pub use forecast::{Forecast, forecast};
pub use generate::{Algorithm, GenerateOptions, Generated, Purpose, generate, generate_for};
pub use identity::{Identity, IdentityError};
pub use key_file::KeyFile;
pub use public_key::{KeyType, PublicKey};
pub use recipients::{LeftOut, Recipient, RecipientSet};
pub use revocation::revocation_lists_in;
pub use revocation::{ListFault, Listed, NoList, Revocation, RevocationCheck, RevocationList, Revoked, Standing};
pub use signer::{SignatureScheme, Signer, verify_signature};
pub use signer_fault::SignerFault;
pub use signer_forecast::{SignerForecast, can_sign_trusted, signer_forecast};
pub use signer_purpose::SIGNER_PURPOSE;
pub use signers::{SignerTrust, Signers};
pub use token_error::TokenError;
pub use trust::Trust;
pub use usability::{Unusable, Warning};
