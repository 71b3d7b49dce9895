//! Certificates out of PEM, and a word on each block that is none.

use super::readable::readable;
use super::{KeyError, foreign, pem};

/// What stands in PEM.
#[derive(Default)]
pub(super) struct PemCertificates {
    /// DER of each certificate.
    pub certificates: Vec<Vec<u8>>,
    /// Whether there is a private key, which is not even decoded.
    pub has_private_key: bool,
    /// The labels of all other blocks.
    pub passed_over: Vec<String>,
}

/// Takes the certificates out.
///
/// Errors: a block that is damaged, or holds certificates in a form that is not taken.
pub(super) fn pem_certificates(bytes: &[u8]) -> Result<PemCertificates, KeyError> {
    let mut found = PemCertificates::default();
    for block in pem::blocks(bytes)? {
        match block.label.as_str() {
            // some authorities write PKCS#7 below the label of a certificate; openssl reads that, too
            "CERTIFICATE" | "X509 CERTIFICATE" => match block.der {
                Some(der) if foreign::is_signed_data(&der) => return Err(foreign::pem_of_signed_data(&block.label)),
                Some(der) => found.certificates.push(der.to_vec()),
                None => return Err(KeyError::BadCertificate("its PEM block is encrypted")),
            },
            "TRUSTED CERTIFICATE" => match &block.der {
                Some(der) => found.certificates.push(trusted(der)?.to_vec()),
                None => return Err(KeyError::BadCertificate("its PEM block is encrypted")),
            },
            label @ ("PKCS7" | "PKCS #7 SIGNED DATA" | "CMS") if found.certificates.is_empty() => {
                return Err(foreign::pem_of_signed_data(label));
            }
            label @ ("PKCS7" | "PKCS #7 SIGNED DATA" | "CMS") => return Err(foreign::pem_with_signed_data(label)),
            label if label.ends_with("PRIVATE KEY") => found.has_private_key = true,
            label => found.passed_over.push(readable(label)),
        }
    }
    Ok(found)
}

/// The certificate in a TRUSTED CERTIFICATE of openssl, which may be followed by what it is trusted for. What it may
/// not be used for has no meaning here that is clear.
fn trusted(der: &[u8]) -> Result<&[u8], KeyError> {
    const MALFORMED: KeyError = KeyError::BadCertificate("what follows it in its TRUSTED CERTIFICATE is malformed");
    let (certificate, rest) = element(der).ok_or(KeyError::BadCertificate("it is not DER of X.509"))?;
    if rest.is_empty() {
        return Ok(certificate);
    }
    let (settings, rest) = element(rest).ok_or(MALFORMED)?;
    if settings.first() != Some(&0x30) || !rest.is_empty() {
        return Err(MALFORMED);
    }
    let mut fields = content(settings).ok_or(MALFORMED)?;
    while !fields.is_empty() {
        let (field, rest) = element(fields).ok_or(MALFORMED)?;
        if field.first() == Some(&0xa0) {
            return Err(KeyError::BadCertificate(
                "its TRUSTED CERTIFICATE rejects it for some uses; if it is wanted all the same, take it out with: \
                 openssl x509 -in OLD -out NEW.pem",
            ));
        }
        fields = rest;
    }
    Ok(certificate)
}

/// The first element of DER, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = header(der)?;
    der.split_at_checked(header.checked_add(length)?)
}

fn content(element: &[u8]) -> Option<&[u8]> {
    element.get(header(element)?.0..)
}

/// The lengths of the header and of the content.
fn header(der: &[u8]) -> Option<(usize, usize)> {
    match der {
        [_, length, ..] if *length < 0x80 => Some((2, usize::from(*length))),
        [_, length, rest @ ..] if (0x81..=0x84).contains(length) => {
            let bytes = rest.get(..usize::from(length & 0x7f))?;
            Some((2 + bytes.len(), bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte))))
        }
        _ => None,
    }
}
