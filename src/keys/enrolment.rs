//! The certificate in a file that was made elsewhere: PEM, DER, a chain, PKCS#12.

use zeroize::Zeroizing;

use crate::base::text;

use super::foreign::{Wanted, foreign};
use super::pem_certificates::pem_certificates;
use super::recipients::{LeftOut, RecipientSet};
use super::trust::Trust;
use super::usability::{Unusable, Warning};
use super::{Certificate, KeyError, certificate_file::MAX_FILE, certificate_file::MAX_IN_FILE, der_form, pem, pkcs12};

/// What such a file holds.
#[derive(Debug, Clone, Default)]
pub struct Enrolment {
    /// The certificates in the file's order, none of them twice.
    pub certificates: Vec<Certificate>,
    /// Whether there was a private key, which is not even decoded.
    pub has_private_key: bool,
    /// What PEM of other things there was, by its labels: worth a warning.
    pub passed_over: Vec<String>,
}

/// Certificates to encrypt to, the chosen one first, and what is worth a warning.
pub type Linked<'a> = (Vec<&'a Certificate>, Vec<Warning>);

impl Enrolment {
    /// The certificates that issued none of the others: in a chain, the one at its end. More than one when the file is
    /// a collection.
    pub fn ends(&self) -> Vec<&Certificate> {
        let issued_another =
            |c: &Certificate| c.is_ca() && self.certificates.iter().any(|other| other != c && c.issued(other));
        self.certificates.iter().filter(|c| !issued_another(c)).collect()
    }

    /// The certificate that is meant: the one whose SHA-256 fingerprint begins with `digits` (lower-case hexadecimal),
    /// or without them that at the end of the chain. Of several, it is the only one that can be encrypted to at
    /// `now_ns` (UTC ns): cards and mail programs export the one for signatures with it.
    ///
    /// # Errors
    ///
    /// Those that might be meant: none, or several.
    pub fn choose(&self, digits: Option<&str>, now_ns: i64) -> Result<&Certificate, Vec<&Certificate>> {
        let candidates = match digits {
            Some(digits) => {
                let is_selected = |c: &&Certificate| text::hex(&c.fingerprint()).starts_with(digits);
                self.certificates.iter().filter(is_selected).collect()
            }
            None => self.ends(),
        };
        let usable: Vec<_> = candidates.iter().copied().filter(|c| c.usability(now_ns).is_ok()).collect();
        match (candidates.as_slice(), usable.as_slice()) {
            ([one], _) | (_, [one]) => Ok(one),
            _ => Err(candidates),
        }
    }

    /// What a recorder needs to encrypt to `chosen` at `at_ns` (UTC ns) under the rules of `trust`: the certificate
    /// alone, or with the links of its chain where it is not trusted without them; and what is worth a warning. `name`
    /// is the file's name in an error.
    ///
    /// # Errors
    ///
    /// Why nothing can be encrypted to it.
    pub fn with_links<'a>(
        &'a self,
        chosen: &'a Certificate,
        name: &str,
        trust: &Trust,
        at_ns: i64,
    ) -> Result<Linked<'a>, Option<Box<LeftOut>>> {
        let links = self.certificates.iter().filter(|c| *c != chosen && c.is_ca());
        let with_links: Vec<&Certificate> = std::iter::once(chosen).chain(links).collect();
        let mut why = None;
        for certificates in [&with_links[..1], &with_links] {
            let named = certificates.iter().map(|c| (name.to_owned(), (*c).clone())).collect();
            let set = RecipientSet::trusted(named, at_ns, trust);
            if let Some(recipient) = set.usable.into_iter().find(|r| r.certificate == *chosen) {
                return Ok((certificates.to_vec(), recipient.warnings));
            }
            why = set.left_out.into_iter().find(|l| l.certificate.as_ref() == Some(chosen));
            if why.as_ref().is_none_or(|l| !matches!(l.reason, Unusable::NoChain | Unusable::NoRevocationList)) {
                break;
            }
        }
        Err(why.map(Box::new))
    }
}

/// Whether `bytes` are PKCS#12, for which a pass phrase may be asked.
pub fn is_pkcs12(bytes: &[u8]) -> bool {
    !pem::is_pem(bytes) && pkcs12::is_pkcs12(bytes)
}

/// Takes PEM (with whatever else is in it), DER of a certificate, or PKCS#12. `passphrase` is asked at most once, and
/// only for PKCS#12 with encrypted certificates; the private key in it stays as it is.
///
/// Errors: no certificate, a private key alone, a malformed certificate, PKCS#12 of a kind that is not supported (the
/// text names the openssl command that helps), a wrong pass phrase, more than [`MAX_FILE`] bytes.
pub fn enrolment(bytes: &[u8], passphrase: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>) -> Result<Enrolment, KeyError> {
    if bytes.len() > MAX_FILE {
        return Err(KeyError::TooLarge { what: "certificate file, in bytes", limit: MAX_FILE });
    }
    let mut found = Enrolment::default();
    if pem::is_pem(bytes) {
        let pem = pem_certificates(bytes)?;
        (found.has_private_key, found.passed_over) = (pem.has_private_key, pem.passed_over);
        pem.certificates.iter().try_for_each(|der| found.add(der))?;
    } else if pkcs12::is_pkcs12(bytes) {
        let content = pkcs12::content(bytes, passphrase)?;
        found.has_private_key = content.has_private_key;
        content.certificates.iter().try_for_each(|der| found.add(der))?;
    } else if let Some(error) = foreign(bytes, Wanted::Certificate) {
        return Err(error);
    } else if der_form::is_private_key(bytes) {
        found.has_private_key = true;
    } else if bytes.first() == Some(&0x30) {
        found.add(bytes)?;
    }
    match (found.certificates.is_empty(), found.has_private_key) {
        (true, true) => Err(KeyError::PrivateKeyNotCertificate),
        (true, false) => Err(found.passed_over.pop().map_or(KeyError::NoCertificate, KeyError::OtherPem)),
        _ => Ok(found),
    }
}

impl Enrolment {
    fn add(&mut self, der: &[u8]) -> Result<(), KeyError> {
        if self.certificates.len() == MAX_IN_FILE {
            return Err(KeyError::TooLarge { what: "certificates in one file", limit: MAX_IN_FILE });
        }
        let certificate = Certificate::from_der(der)?;
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
        Ok(())
    }
}
