//! Whom to trust beyond the folder itself: authorities to which a recipient must have a chain, and revocation lists.

use std::collections::BTreeSet;

use der::{AnyRef, Decode};
use rustls_pki_types::{CertificateDer, Der, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, VerifiedPath};
use x509_parser::extensions::GeneralSubtree;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::signature_check::chain_algorithms;
use super::signer_purpose::SIGNER_PURPOSE_DER;
use super::{Certificate, KeyError, ListFault, NoList, Revocation, RevocationCheck, SignerFault, Standing, Unusable};

/// Authorities and revocation lists. Without any, every certificate passes.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Authorities, and perhaps intermediate ones: a recipient needs a chain to one of them. `None` asks for no chain.
    pub authorities: Option<Vec<Certificate>>,
    /// Revocation lists, one of which must vouch for a recipient. `None` asks for none.
    pub revocation: Option<Revocation>,
}

/// [`Trust`] at one moment, with the authorities that lie among the recipients.
pub(super) struct Judge<'a> {
    anchors: Option<Vec<&'a Certificate>>,
    intermediates: Vec<&'a Certificate>,
    lists: Option<RevocationCheck<'a>>,
    time: Option<UnixTime>,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    pub reason: Unusable,
    /// More about it.
    pub error: Option<KeyError>,
    /// It is revoked, and the list is its issuer's without doubt.
    pub is_proven: bool,
}

impl From<Unusable> for Objection {
    fn from(reason: Unusable) -> Self {
        Objection { reason, error: None, is_proven: false }
    }
}

impl From<Objection> for SignerFault {
    fn from(objection: Objection) -> Self {
        match (objection.reason, objection.error) {
            (Unusable::Revoked, _) => SignerFault::Revoked,
            (Unusable::NoRevocationList, Some(KeyError::NoList(why))) => SignerFault::NoList(why),
            _ => SignerFault::NoChain,
        }
    }
}

impl Trust {
    /// Sorts authorities and lists once for a set of certificates.
    pub(super) fn judge<'a>(&'a self, among: impl Iterator<Item = &'a Certificate> + Clone, now_ns: i64) -> Judge<'a> {
        let given = self.authorities.as_deref().unwrap_or_default();
        let known = || given.iter().chain(among.clone().filter(|c| c.is_ca()));
        let lists = self.revocation.as_ref().map(|revocation| revocation.check(known()));
        let valid = |c: &Certificate| (c.not_before_ns()..=c.not_after_ns()).contains(&now_ns);
        // A root with what it issued in one file: the intermediate ones can be revoked, so they are no anchors.
        let rooted = given.iter().any(|c| c.constraints.is_self_issued);
        let is_anchor = |c: &Certificate| c.constraints.is_self_issued || !rooted;
        let anchors = self.authorities.as_ref().map(|all| all.iter().filter(|c| is_anchor(c) && valid(c)).collect());
        let stays = |c: &Certificate| {
            !lists.as_ref().is_some_and(|lists| matches!(lists.standing(c), Standing::Revoked { .. }))
        };
        let is_link = |c: &&Certificate| c.is_ca() && c.constraints.may_issue && !c.constraints.is_self_issued;
        let links = || known().filter(is_link).filter(|c| stays(c)).collect();
        let intermediates = if self.authorities.is_some() { links() } else { Vec::new() };
        let seconds = u64::try_from(now_ns / 1_000_000_000).ok();
        let time = seconds.map(|s| UnixTime::since_unix_epoch(std::time::Duration::from_secs(s)));
        Judge { anchors, intermediates, lists, time }
    }
}

impl Judge<'_> {
    /// Why the certificate is not trusted, if it is not.
    pub fn check(&self, certificate: &Certificate) -> Result<(), Objection> {
        self.check_as(certificate, ChainUse::Any)
    }

    /// The same of a certificate that is trusted by itself, so that it needs no chain: whether it is revoked. Of one
    /// that its own owner issued nobody else could say so.
    pub fn check_named(&self, certificate: &Certificate) -> Result<(), Objection> {
        match self.lists.as_ref().map_or(Standing::Good, |lists| lists.standing(certificate)) {
            Standing::Revoked { is_proven, .. } => Err(Objection { is_proven, ..Unusable::Revoked.into() }),
            Standing::Unknown(why) if !certificate.constraints.is_self_issued => Err(no_list(why)),
            Standing::Unknown(_) | Standing::Good => Ok(()),
        }
    }

    /// Why the certificate is not trusted with a chain for this use.
    pub fn check_as(&self, certificate: &Certificate, chain: ChainUse) -> Result<(), Objection> {
        let standing = self.lists.as_ref().map_or(Standing::Good, |lists| lists.standing(certificate));
        if let Standing::Revoked { is_proven, .. } = standing {
            return Err(Objection { is_proven, ..Unusable::Revoked.into() });
        }
        let is_anchor = self.anchors.as_ref().is_some_and(|anchors| anchors.contains(&certificate));
        match &self.anchors {
            Some(anchors) if !is_anchor => self.chain(certificate, anchors, chain)?,
            _ => {}
        }
        match standing {
            // its own authority, and named as such: nobody else could revoke it
            Standing::Unknown(_) if is_anchor && certificate.constraints.is_self_issued => Ok(()),
            Standing::Unknown(why) => Err(no_list(why)),
            _ => Ok(()),
        }
    }

    /// What is wrong with each revocation list, or worth a warning; the lists are there for these certificates.
    pub fn list_faults<'a>(&self, among: impl Iterator<Item = &'a Certificate> + Clone) -> Vec<(String, ListFault)> {
        let faults = self.lists.iter().flat_map(|lists| lists.faults(among.clone()));
        faults.map(|(name, fault)| (name.to_owned(), fault)).collect()
    }

    /// RFC 5280, section 6, but for the key usage of the certificate itself, which is checked elsewhere.
    fn chain(&self, certificate: &Certificate, anchors: &[&Certificate], chain: ChainUse) -> Result<(), Unusable> {
        let no_chain = |_| Unusable::NoChain;
        let ders: Vec<_> = anchors.iter().map(|c| CertificateDer::from(c.der())).collect();
        let named = std::iter::once(certificate).chain(self.intermediates.iter().copied());
        let spellings: BTreeSet<Vec<u8>> = named.filter_map(issuer_as_spelled).collect();
        let mut all: Vec<TrustAnchor<'_>> = Vec::new();
        // one that may not issue stands for itself alone
        for (der, anchor) in ders.iter().zip(anchors).filter(|(_, anchor)| anchor.constraints.may_issue) {
            let Ok(trusted) = webpki::anchor_from_trusted_cert(der) else { continue };
            // webpki compares names byte by byte: the anchor is there in every spelling of its name
            let others = spellings.iter().filter(|name| super::name::comparable(name) == anchor.subject_name());
            all.extend(others.filter_map(|name| {
                let content = AnyRef::from_der(name).ok()?.value().to_vec();
                Some(TrustAnchor { subject: Der::from(content), ..trusted.clone() })
            }));
            all.push(trusted);
        }
        let links: Vec<_> = self.intermediates.iter().map(|c| CertificateDer::from(c.der())).collect();
        let der = CertificateDer::from(certificate.der());
        let time = self.time.ok_or(Unusable::NoChain)?;
        let end = EndEntityCert::try_from(&der).map_err(no_chain)?;
        // webpki takes the limits of an authority for addresses of mail for those of alternative names alone
        let has_mail = has_mail_in_subject(certificate);
        let limits_mail = |path: &VerifiedPath<'_>| {
            let key = path.anchor().subject_public_key_info.as_ref();
            path.intermediate_certificates().any(|c| limits_mail(&c.der()))
                || anchors.iter().any(|c| c.spki().ends_with(key) && limits_mail(c.der()))
        };
        let check = |path: &VerifiedPath<'_>| match has_mail && limits_mail(path) {
            true => Err(Error::NameConstraintViolation),
            false => Ok(()),
        };
        end.verify_for_usage(&chain_algorithms(), &all, &links, time, chain, None, Some(&check)).map_err(no_chain)?;
        Ok(())
    }
}

/// Whether the subject has an address of mail.
fn has_mail_in_subject(certificate: &Certificate) -> bool {
    X509Certificate::from_der(certificate.der()).is_ok_and(|(_, parsed)| parsed.subject().iter_email().next().is_some())
}

/// Whether an authority may issue for some addresses of mail only (RFC 5280, 4.2.1.10).
fn limits_mail(authority: &[u8]) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(authority) else { return true };
    let is_mail = |tree: &GeneralSubtree<'_>| matches!(tree.base, GeneralName::RFC822Name(_));
    parsed.name_constraints().map_or(true, |found| {
        found.is_some_and(|c| {
            let trees = [&c.value.permitted_subtrees, &c.value.excluded_subtrees];
            trees.into_iter().flatten().flatten().any(is_mail)
        })
    })
}

/// DER of the name of the issuer, as it stands in the certificate.
fn issuer_as_spelled(certificate: &Certificate) -> Option<Vec<u8>> {
    X509Certificate::from_der(certificate.der()).ok().map(|(_, parsed)| parsed.issuer().as_raw().to_vec())
}

fn no_list(why: NoList) -> Objection {
    Objection { error: Some(KeyError::NoList(why)), ..Unusable::NoRevocationList.into() }
}

/// What the extended key usages in a chain must be, where certificates have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainUse {
    /// Anything: they are for servers, clients and mail, and say nothing of a recipient of video.
    Any,
    /// That of a signer, or any: an authority that is for servers alone makes no signers.
    Signer,
}

/// Contents of the OBJECT IDENTIFIER anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const ANY_USE: [u8; 4] = [0x55, 0x1d, 0x25, 0x00];

impl ExtendedKeyUsageValidator for ChainUse {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let wanted = [KeyPurposeId::new(&SIGNER_PURPOSE_DER), KeyPurposeId::new(&ANY_USE)];
        let (mut is_limited, mut is_wanted) = (false, false);
        // They must be well formed, whatever they are, and be read to their end.
        for purpose in purposes {
            let purpose = purpose?;
            (is_limited, is_wanted) = (true, is_wanted || wanted.contains(&purpose));
        }
        if *self == ChainUse::Any || is_wanted || !is_limited { Ok(()) } else { Err(Error::UnknownIssuer) }
    }
}
