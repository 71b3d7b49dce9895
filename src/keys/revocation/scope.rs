//! Which certificates a list is about (RFC 5280, 5.2.5, issuing distribution point), and where a certificate says that
//! its list is (4.2.1.13).

use der::{Decode, Encode};
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, IssuingDistributionPoint};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_parser::oid_registry::OID_X509_EXT_CRL_DISTRIBUTION_POINTS;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::keys::{Certificate, name};

/// What an issuing distribution point says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scope {
    /// Names of the distribution point; `None` when the list is for every one.
    points: Option<Vec<Vec<u8>>>,
    users_only: bool,
    authorities_only: bool,
}

impl Scope {
    /// Takes the extension's value. Gives it with the reason why such a list cannot be used, if there is one; `None`
    /// for what is malformed.
    pub fn of(value: &[u8]) -> Option<(Self, Option<&'static str>)> {
        let said = IssuingDistributionPoint::from_der(value).ok()?;
        let only = [said.only_contains_user_certs, said.only_contains_ca_certs, said.only_contains_attribute_certs];
        let why = match only.iter().filter(|only| **only).count() {
            _ if said.indirect_crl => Some("it is indirect: for certificates of other issuers, too"),
            _ if said.only_some_reasons.is_some() => Some("it is for some reasons of revocation only"),
            _ if said.only_contains_attribute_certs => Some("it is for attribute certificates only"),
            0 | 1 => None,
            _ => Some("its issuing distribution point contradicts itself"),
        };
        let points = said.distribution_point.map(|point| names(&point));
        Some((
            Scope { points, users_only: said.only_contains_user_certs, authorities_only: said.only_contains_ca_certs },
            why,
        ))
    }

    /// Whether the list, by the issuer of that comparable name, is about this certificate.
    pub fn covers(&self, certificate: &Certificate, issuer: &[u8]) -> bool {
        if certificate.is_ca() && self.users_only || !certificate.is_ca() && self.authorities_only {
            return false;
        }
        match &self.points {
            None => true,
            Some(points) => places(certificate, issuer).is_some_and(|all| all.iter().any(|one| points.contains(one))),
        }
    }
}

/// Where the certificate says that a list for all reasons, by its own issuer, is.
fn places(certificate: &Certificate, issuer: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).ok()?;
    let extension = parsed.get_extension_unique(&OID_X509_EXT_CRL_DISTRIBUTION_POINTS).ok()??;
    let CrlDistributionPoints(points) = CrlDistributionPoints::from_der(extension.value).ok()?;
    let by_issuer = |point: &DistributionPoint| {
        let is_issuer = |general: &GeneralName| {
            matches!(general, GeneralName::DirectoryName(_)) && comparable(general).is_some_and(|name| name == issuer)
        };
        point.reasons.is_none() && point.crl_issuer.as_ref().is_none_or(|names| names.iter().any(is_issuer))
    };
    let all = points.iter().filter(|point| by_issuer(point)).filter_map(|point| point.distribution_point.as_ref());
    Some(all.flat_map(names).collect())
}

/// To be compared with those of another one. A name relative to the issuer is none: nobody writes them.
fn names(point: &DistributionPointName) -> Vec<Vec<u8>> {
    match point {
        DistributionPointName::FullName(names) => names.iter().filter_map(comparable).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => Vec::new(),
    }
}

fn comparable(general: &GeneralName) -> Option<Vec<u8>> {
    match general {
        GeneralName::DirectoryName(directory) => Some(name::comparable(&directory.to_der().ok()?)),
        other => other.to_der().ok(),
    }
}
