//! A file of certificates: PEM with one or more, or DER of one.

use super::foreign::{Wanted, foreign};
use super::pem_certificates::{PemCertificates, pem_certificates};
use super::{Certificate, KeyError, der_form, pem};

pub use super::limits::{MAX_FILE, MAX_IN_FILE};

/// What a file of certificates holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificatesFound {
    /// The certificates, in the file's order.
    pub certificates: Vec<Certificate>,
    /// What PEM of other things there is besides, by its labels: worth a warning.
    pub passed_over: Vec<String>,
}

/// All certificates of a file: PEM with one or more (`TRUSTED CERTIFICATE` of openssl, too), or DER of one. Errors: a
/// private key among them (it has no business where certificates are kept), none, a malformed one, another form (the
/// text names the command that converts it), or more than [`MAX_FILE`] bytes or [`MAX_IN_FILE`] certificates.
pub fn certificates_found(bytes: &[u8]) -> Result<CertificatesFound, KeyError> {
    if bytes.len() > MAX_FILE {
        return Err(KeyError::TooLarge { what: "certificate file, in bytes", limit: MAX_FILE });
    }
    if !pem::is_pem(bytes) {
        if let Some(error) = foreign(bytes, Wanted::Certificate) {
            return Err(error);
        }
        if der_form::is_private_key(bytes) {
            return Err(KeyError::PrivateKeyNotCertificate);
        }
        // A SEQUENCE is at least worth an error of its own; anything else is no certificate at all.
        return match bytes.first() {
            Some(0x30) => {
                Ok(CertificatesFound { certificates: vec![Certificate::from_der(bytes)?], passed_over: Vec::new() })
            }
            _ => Err(KeyError::NoCertificate),
        };
    }
    let PemCertificates { certificates, has_private_key, mut passed_over } = pem_certificates(bytes)?;
    if has_private_key {
        return Err(KeyError::PrivateKeyNotCertificate);
    }
    if certificates.len() > MAX_IN_FILE {
        return Err(KeyError::TooLarge { what: "certificates in one file", limit: MAX_IN_FILE });
    }
    if certificates.is_empty() {
        return Err(passed_over.pop().map_or(KeyError::NoCertificate, KeyError::OtherPem));
    }
    let certificates = certificates.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    Ok(CertificatesFound { certificates, passed_over })
}

/// All certificates of a file that holds nothing else. Errors: as [`certificates_found`]; PEM of something else, which
/// must not be passed over in silence.
pub fn certificates_in(bytes: &[u8]) -> Result<Vec<Certificate>, KeyError> {
    let CertificatesFound { certificates, mut passed_over } = certificates_found(bytes)?;
    passed_over.pop().map_or(Ok(certificates), |label| Err(KeyError::PemBeside(label)))
}
