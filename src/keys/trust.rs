//! Whom to trust beyond the folder itself: authorities to which a recipient must have a chain, and revocation lists.

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::{Certificate, RevocationList, Unusable};

/// Authorities and revocation lists. Without any, every certificate passes.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Authorities, and perhaps intermediate ones: a recipient needs a chain to one of them. `None` asks for no chain.
    pub authorities: Option<Vec<Certificate>>,
    /// Revocation lists, each with the name of its file.
    pub lists: Vec<(String, RevocationList)>,
}

/// [`Trust`] at one moment, with the authorities that lie among the recipients.
pub(super) struct Judge<'a> {
    anchors: Option<Vec<&'a Certificate>>,
    intermediates: Vec<CertificateDer<'a>>,
    believed: Vec<&'a RevocationList>,
    /// Names of lists that a known issuer of that name did not sign.
    pub forged: Vec<&'a str>,
    time: Option<UnixTime>,
}

impl Trust {
    /// Sorts authorities and lists once for a set of certificates. A list counts when a known certificate of its issuer
    /// signed it; where none is known, it is taken at its word, as it can but leave out.
    pub(super) fn judge<'a>(&'a self, among: impl Iterator<Item = &'a Certificate> + Clone, now_ns: i64) -> Judge<'a> {
        let given = self.authorities.as_deref().unwrap_or_default();
        let known = || given.iter().chain(among.clone().filter(|c| c.is_ca()));
        let (mut believed, mut forged) = (Vec::new(), Vec::new());
        for (name, list) in &self.lists {
            let mut issuers = known().filter(|c| list.claims_to_be_by(c)).peekable();
            if issuers.peek().is_none() || issuers.any(|c| list.is_signed_by(c)) {
                believed.push(list);
            } else {
                forged.push(name.as_str());
            }
        }
        let valid = |c: &Certificate| (c.not_before_ns()..=c.not_after_ns()).contains(&now_ns);
        // A root with what it issued in one file: the intermediate ones can be revoked, so they are no anchors.
        let rooted = given.iter().any(|c| c.constraints.is_self_issued);
        let is_anchor = |c: &Certificate| c.constraints.is_self_issued || !rooted;
        let anchors = self.authorities.as_ref().map(|all| all.iter().filter(|c| is_anchor(c) && valid(c)).collect());
        let intermediates = match anchors {
            None => Vec::new(),
            Some(_) => known()
                .filter(|c| c.is_ca() && !c.constraints.is_self_issued)
                .filter(|c| !believed.iter().any(|list: &&RevocationList| list.names(c)))
                .map(|c| CertificateDer::from(c.der()))
                .collect(),
        };
        let seconds = u64::try_from(now_ns / 1_000_000_000).ok();
        let time = seconds.map(|s| UnixTime::since_unix_epoch(std::time::Duration::from_secs(s)));
        Judge { anchors, intermediates, believed, forged, time }
    }
}

impl Judge<'_> {
    /// Why the certificate is not trusted, if it is not.
    pub fn check(&self, certificate: &Certificate) -> Result<(), Unusable> {
        if self.believed.iter().any(|list| list.names(certificate)) {
            return Err(Unusable::Revoked);
        }
        match &self.anchors {
            Some(anchors) if !anchors.contains(&certificate) => self.chain(certificate, anchors),
            _ => Ok(()),
        }
    }

    /// RFC 5280, section 6, but for the key usage of the certificate itself, which is checked elsewhere.
    fn chain(&self, certificate: &Certificate, anchors: &[&Certificate]) -> Result<(), Unusable> {
        let no_chain = |_| Unusable::NoChain;
        let ders: Vec<_> = anchors.iter().map(|c| CertificateDer::from(c.der())).collect();
        let anchors: Vec<TrustAnchor<'_>> =
            ders.iter().filter_map(|der| webpki::anchor_from_trusted_cert(der).ok()).collect();
        let der = CertificateDer::from(certificate.der());
        let time = self.time.ok_or(Unusable::NoChain)?;
        let end = EndEntityCert::try_from(&der).map_err(no_chain)?;
        end.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &self.intermediates, time, AnyUse, None, None)
            .map_err(no_chain)?;
        Ok(())
    }
}

/// Extended key usage is for servers, clients and mail: it says nothing of a recipient of video.
struct AnyUse;

impl ExtendedKeyUsageValidator for AnyUse {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        // They must be well formed all the same, and be read to their end.
        purposes.into_iter().try_for_each(|purpose| purpose.map(drop))
    }
}
