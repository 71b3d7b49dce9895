//! A set of certificates: those that can be encrypted to, and those left out with the reason.
//!
//! The caller reads the files; it asks again with what it finds then, as often as it likes.

use std::collections::BTreeMap;

use super::trust::Objection;
use super::{Certificate, KeyError, ListFault, Trust, Unusable, Warning, certificates_in, readable::readable};

/// A certificate that is encrypted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name that the caller gave its bytes (a file name).
    pub name: String,
    /// The certificate.
    pub certificate: Certificate,
    /// What is worth saying about it.
    pub warnings: Vec<Warning>,
}

/// A certificate, or a file, that is not encrypted to. Fields as in the container's keys record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The name that the caller gave its bytes (a file name).
    pub name: String,
    /// The certificate; `None` when it could not be read.
    pub certificate: Option<Certificate>,
    /// Why.
    pub reason: Unusable,
    /// More about it: what is wrong with bytes that cannot be read, or with the revocation lists.
    pub error: Option<KeyError>,
}

impl LeftOut {
    /// SHA-256 of the certificate; zeros when it could not be read.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.certificate.as_ref().map_or([0; 32], Certificate::fingerprint)
    }

    /// The certificate's notAfter, UTC nanoseconds since 1970; `None` when it could not be read.
    pub fn not_after_ns(&self) -> Option<i64> {
        self.certificate.as_ref().map(Certificate::not_after_ns)
    }

    /// The certificate's subject, or the name given with the bytes (control characters escaped); at most 1024 bytes.
    pub fn subject_or_name(&self) -> String {
        match &self.certificate {
            Some(certificate) => certificate.subject().to_owned(),
            None => readable(&self.name),
        }
    }
}

/// Certificates sorted into usable and left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecipientSet {
    /// The certificates to encrypt to, no two with one public key; sorted by fingerprint.
    pub usable: Vec<Recipient>,
    /// The others; sorted by name, then fingerprint.
    pub left_out: Vec<LeftOut>,
}

impl RecipientSet {
    /// Sorts the certificates in `files` (a name for messages, and the bytes: PEM with one or more, or DER) by whether
    /// they can be encrypted to at `now_ns`, UTC nanoseconds since 1970. The result does not depend on the order of
    /// `files`. The same certificate in two files is one; of two certificates with one key, the one that is valid
    /// longer stays.
    pub fn new<N: Into<String>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>, now_ns: i64) -> Self {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            let name = name.into();
            match certificates_in(bytes.as_ref()) {
                Ok(certificates) => all.extend(certificates.into_iter().map(|certificate| (name.clone(), certificate))),
                Err(error) => {
                    let reason = Unusable::Unreadable;
                    left_out.push(LeftOut { name, certificate: None, reason, error: Some(error) });
                }
            }
        }
        Self::choose(all, left_out, now_ns, &Trust::default(), &BTreeMap::new()).set
    }

    /// As [`new`](Self::new), with certificates that are parsed already, each with its file's name; they must also pass
    /// `trust`.
    pub fn trusted(certificates: Vec<(String, Certificate)>, now_ns: i64, trust: &Trust) -> Self {
        Self::choose(certificates, Vec::new(), now_ns, trust, &BTreeMap::new()).set
    }

    /// The whole choice: `barred` certificates are left out for the reason given with them.
    pub(crate) fn choose(
        mut all: Vec<(String, Certificate)>,
        left_out: Vec<LeftOut>,
        now_ns: i64,
        trust: &Trust,
        barred: &BTreeMap<[u8; 32], Unusable>,
    ) -> Choice {
        let mut set = RecipientSet { usable: Vec::new(), left_out };
        let mut proven = Vec::new();
        all.sort_by(|(name_a, a), (name_b, b)| {
            (b.not_after_ns(), a.fingerprint(), name_a).cmp(&(a.not_after_ns(), b.fingerprint(), name_b))
        });
        all.dedup_by(|(_, later), (_, earlier)| later == earlier);

        let judge = trust.judge(all.iter().map(|(_, certificate)| certificate), now_ns);
        for (name, certificate) in &all {
            let alone = match barred.get(&certificate.fingerprint()) {
                Some(reason) => Err(*reason),
                None => certificate.usability(now_ns),
            };
            let objection: Objection = match alone {
                Err(reason) => reason.into(),
                Ok(_) if issued_another(certificate, &all) => Unusable::IsCa.into(),
                Ok(warnings) => match judge.check(certificate) {
                    Err(objection) => objection,
                    Ok(()) if set.usable.iter().any(|kept| collide(&kept.certificate, certificate)) => {
                        Unusable::DuplicateKey.into()
                    }
                    Ok(()) => {
                        set.usable.push(Recipient { name: name.clone(), certificate: certificate.clone(), warnings });
                        continue;
                    }
                },
            };
            if objection.is_proven {
                proven.push(certificate.clone());
            }
            let (name, certificate) = (name.clone(), Some(certificate.clone()));
            let Objection { reason, error, .. } = objection;
            set.left_out.push(LeftOut { name, certificate, reason, error });
        }
        set.usable.sort_by_key(|recipient| recipient.certificate.fingerprint());
        set.left_out.sort_by_key(|left_out| (left_out.name.clone(), left_out.fingerprint()));
        let list_faults = judge.list_faults(all.iter().map(|(_, certificate)| certificate));
        Choice { set, list_faults, proven }
    }

    /// The certificates to encrypt to.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.usable.iter().map(|recipient| recipient.certificate.clone()).collect()
    }

    /// `new`, and those of `old` that have neither the key nor the issuer and serial number of one before them.
    pub fn join(new: &[Certificate], old: Vec<Certificate>) -> Vec<Certificate> {
        let mut all = new.to_vec();
        for certificate in old {
            if !all.iter().any(|kept| collide(kept, &certificate)) {
                all.push(certificate);
            }
        }
        all
    }

    /// The earliest notAfter of the usable ones, UTC nanoseconds since 1970: nothing may be encrypted to this set
    /// later.
    pub fn valid_until_ns(&self) -> Option<i64> {
        self.usable.iter().map(|recipient| recipient.certificate.not_after_ns()).min()
    }
}

/// What came out of a choice.
pub(crate) struct Choice {
    pub set: RecipientSet,
    /// What is wrong with revocation lists, or worth a warning, each with the name of its file.
    pub list_faults: Vec<(String, ListFault)>,
    /// Revoked by a list that is their issuer's without doubt.
    pub proven: Vec<Certificate>,
}

fn issued_another(certificate: &Certificate, all: &[(String, Certificate)]) -> bool {
    certificate.constraints.is_ca
        && all.iter().any(|(_, other)| other.public_key() != certificate.public_key() && certificate.issued(other))
}

fn collide(a: &Certificate, b: &Certificate) -> bool {
    a.public_key() == b.public_key() || a.id() == b.id()
}
