//! What all revocation lists together say of a certificate. It fails closed: what no list vouches for does not stand.

use std::collections::BTreeSet;

use super::{ListFault, NoList, RevocationList, Revoked};
use crate::keys::Certificate;
use crate::keys::signature_check::Signed;

/// A list with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name of its file.
    pub name: String,
    /// The list.
    pub list: RevocationList,
    /// Its file is gone or damaged: this is what was there before. It counts until it expires.
    pub is_gone: bool,
}

/// Revocation lists, by which every certificate must be vouched for.
#[derive(Debug, Clone, Default)]
pub struct Revocation {
    /// The lists.
    pub lists: Vec<Listed>,
    /// When the lists must be valid, UTC nanoseconds since 1970: now, even where a certificate is judged as of another
    /// time.
    pub now_ns: i64,
    /// For how long after it has expired a list is still used, in nanoseconds.
    pub grace_ns: i64,
    /// What lists of before named, by [`Certificate::signed_hash`].
    pub remembered: BTreeSet<[u8; 32]>,
}

/// What is known of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A valid list of its issuer is about it and does not name it, and no other list does.
    Good,
    /// A list names it, or one of before did.
    Revoked {
        /// What the list says of it; `None` when it is only remembered.
        entry: Option<Revoked>,
        /// Whether that list was seen to be its issuer's. One that could not be checked is believed all the same, but
        /// is no reason to remember it for ever.
        is_proven: bool,
    },
    /// No list says that it is not revoked.
    Unknown(NoList),
}

/// [`Revocation`] with the authorities by which the lists are checked.
pub struct RevocationCheck<'a> {
    revocation: &'a Revocation,
    authorities: Vec<&'a Certificate>,
}

impl Revocation {
    /// The lists and the certificates of authorities: a list counts only when one of them issued the certificate and
    /// signed the list. An authority that is revoked itself is none.
    pub fn check<'a>(&'a self, authorities: impl IntoIterator<Item = &'a Certificate>) -> RevocationCheck<'a> {
        let all = RevocationCheck { revocation: self, authorities: authorities.into_iter().collect() };
        // nobody but itself could revoke a root
        let stays = |c: &Certificate| c.constraints.is_self_issued || all.refusal(c).is_none();
        let authorities = all.authorities.iter().copied().filter(|c| stays(c)).collect();
        RevocationCheck { revocation: self, authorities }
    }
}

impl RevocationCheck<'_> {
    /// What the lists say of any certificate.
    pub fn standing(&self, certificate: &Certificate) -> Standing {
        self.refusal(certificate).unwrap_or_else(|| match self.no_list(certificate) {
            None => Standing::Good,
            Some(why) => Standing::Unknown(why),
        })
    }

    /// [`Standing::Revoked`], if that is what it is.
    fn refusal(&self, certificate: &Certificate) -> Option<Standing> {
        let named = self.revocation.lists.iter().filter_map(|l| {
            let entry = l.list.names(certificate)?;
            let signed = self.signed(&l.list);
            let issuer = |c: &&Certificate| c.issuance(certificate) == Some(Signed::Right);
            let is_proven = self.authorities.iter().any(|c| issuer(c) && l.list.signed_by(c) == Signed::Right);
            (signed != Some(ListFault::Forged)).then_some(Standing::Revoked { entry: Some(entry), is_proven })
        });
        let is_proven = |s: &Standing| matches!(s, Standing::Revoked { is_proven: true, .. });
        let named = named.max_by_key(is_proven);
        let remembered = || self.revocation.remembered.contains(&certificate.signed_hash());
        named.or_else(|| remembered().then_some(Standing::Revoked { entry: None, is_proven: true }))
    }

    /// Why no list vouches for it.
    fn no_list(&self, certificate: &Certificate) -> Option<NoList> {
        let issuer = certificate.issuer();
        let by_issuer = || self.revocation.lists.iter().filter(|l| l.list.is_by_issuer_of(certificate));
        if by_issuer().next().is_none() {
            return Some(NoList::Missing(issuer.to_owned()));
        }
        let mut issuers = Vec::new();
        for authority in &self.authorities {
            match authority.issuance(certificate) {
                None | Some(Signed::Wrong) => {}
                Some(signed) => issuers.push((*authority, signed)),
            }
        }
        let mut nearest = None;
        for listed in by_issuer() {
            let fault = match self.fault_for(listed, certificate, &issuers) {
                Some(fault) if !fault.counts() => fault,
                _ => return None,
            };
            if nearest.as_ref().is_none_or(|(_, other)| *other < fault) {
                nearest = Some((listed.name.clone(), fault));
            }
        }
        match nearest {
            Some((_, ListFault::NoIssuer(_))) | None => Some(NoList::NoIssuer(issuer.to_owned())),
            Some((name, fault)) => Some(NoList::Faulty { name, fault }),
        }
    }

    /// Why a list, by an issuer of the certificate's issuer's name, does not vouch for it; or what is worth a warning.
    fn fault_for(
        &self,
        listed: &Listed,
        certificate: &Certificate,
        issuers: &[(&Certificate, Signed)],
    ) -> Option<ListFault> {
        if let Some(fault) = signature(&listed.list, issuers.iter().map(|(c, _)| *c)) {
            return Some(fault);
        }
        // the signature of the certificate must be the issuer's as well
        let is_proven = issuers.iter().any(|(c, of)| *of == Signed::Right && listed.list.signed_by(c) == Signed::Right);
        let unknown = issuers.iter().find_map(|(_, of)| if let Signed::Unknown(what) = of { Some(what) } else { None });
        if let (false, Some(what)) = (is_proven, unknown) {
            return Some(ListFault::CannotCheck(what.clone()));
        }
        if !listed.list.covers(certificate) {
            return Some(ListFault::OtherScope);
        }
        self.own_fault(listed)
    }

    /// What is wrong with a list apart from who signed it.
    fn own_fault(&self, listed: &Listed) -> Option<ListFault> {
        let (list, now_ns) = (&listed.list, self.revocation.now_ns);
        if let Some(why) = list.unusable() {
            return Some(ListFault::Unusable(why));
        }
        if list.this_update_ns() > now_ns {
            return Some(ListFault::NotYetValid(list.this_update_ns()));
        }
        let Some(due_ns) = list.next_update_ns() else { return listed.is_gone.then_some(ListFault::Gone) };
        let until_ns = due_ns.saturating_add(self.revocation.grace_ns.max(0));
        match now_ns {
            _ if now_ns > until_ns => Some(ListFault::Expired(due_ns)),
            _ if now_ns > due_ns => Some(ListFault::InGrace { due_ns, until_ns }),
            _ => {
                let left = due_ns.saturating_sub(now_ns);
                let short = due_ns.saturating_sub(list.this_update_ns()) / 10;
                (left < short.min(DAY_NS)).then_some(ListFault::EndsSoon(due_ns))
            }
        }
    }

    /// What is wrong with each list, or worth a warning. `certificates` are those that the lists are there for.
    pub fn faults<'c>(&self, certificates: impl Iterator<Item = &'c Certificate> + Clone) -> Vec<(&str, ListFault)> {
        let fault = |listed: &Listed| {
            let list = &listed.list;
            // that of a root is not there for the root itself
            let is_for = |c: &Certificate| list.is_by_issuer_of(c) && !c.constraints.is_self_issued;
            if !certificates.clone().any(is_for) && !self.authorities.iter().copied().any(is_for) {
                return Some(ListFault::Nobody(list.issuer().to_owned()));
            }
            // a delta next to its list does what it is for
            let changes = |other: &&Listed| !other.list.is_delta() && other.list.has_issuer_of(list);
            let is_helper = list.is_delta() && self.revocation.lists.iter().any(|other| changes(&other));
            self.signed(list).or_else(|| if is_helper { None } else { self.own_fault(listed) })
        };
        let lists = self.revocation.lists.iter();
        lists.filter_map(|listed| Some((listed.name.as_str(), fault(listed)?))).collect()
    }

    /// What is wrong with the signature of a list, by all authorities of its issuer's name.
    fn signed(&self, list: &RevocationList) -> Option<ListFault> {
        signature(list, self.authorities.iter().copied().filter(|c| list.claims_to_be_by(c)))
    }
}

const DAY_NS: i64 = 86_400_000_000_000;

/// What is wrong with the signature of a list by one of the `issuers`, who have its issuer's name.
fn signature<'a>(list: &RevocationList, issuers: impl Iterator<Item = &'a Certificate>) -> Option<ListFault> {
    let mut fault = None;
    for issuer in issuers {
        let worse = match list.signed_by(issuer) {
            Signed::Right if issuer.constraints.key_usage.is_none_or(|usage| usage.crl_sign) => return None,
            Signed::Right => ListFault::NotAllowed,
            Signed::Unknown(what) => ListFault::CannotCheck(what),
            Signed::Wrong => ListFault::Forged,
        };
        fault = fault.max(Some(worse));
    }
    Some(fault.unwrap_or_else(|| ListFault::NoIssuer(list.issuer().to_owned())))
}
