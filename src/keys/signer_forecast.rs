//! Until when signers can sign, if nobody touches their certificates.

use std::collections::BTreeMap;

use super::{Certificate, SignerFault, Trust};

/// Until when somebody of one name can sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerForecast {
    /// The subject: a signer's next certificate has the same one.
    pub subject: String,
    /// Name of the file of the certificate that lasts longest.
    pub name: String,
    /// The last instant at which one of the certificates can sign, UTC nanoseconds since 1970; what speaks against it
    /// now where there is none.
    pub until_ns: Result<i64, SignerFault>,
}

/// Whether a certificate can sign at `at_ns`, UTC nanoseconds since 1970: as readers see it that have its name or its
/// authority. With authorities in `trust` it must have a chain.
pub fn can_sign_trusted(certificate: &Certificate, at_ns: i64, trust: &Trust) -> Result<(), SignerFault> {
    certificate.can_sign(at_ns)?;
    let judge = trust.judge(std::iter::empty(), at_ns);
    let checked = if trust.authorities.is_some() { judge.check(certificate) } else { judge.check_named(certificate) };
    checked.map_err(SignerFault::from)
}

/// Until when signers can sign, looking on from `now_ns` (UTC nanoseconds since 1970). Each of the `certificates` comes
/// with the name of its file. One answer for each subject, in their order.
pub fn signer_forecast(certificates: &[(String, Certificate)], now_ns: i64, trust: &Trust) -> Vec<SignerForecast> {
    let mut by_subject: BTreeMap<&str, Vec<&(String, Certificate)>> = BTreeMap::new();
    for one in certificates {
        by_subject.entry(one.1.subject()).or_default().push(one);
    }
    let one = |(subject, all): (&str, Vec<&(String, Certificate)>)| {
        let (name, longest) = all.iter().max_by_key(|(_, c)| c.not_after_ns()).copied()?;
        let any_at = |at_ns| all.iter().any(|(_, c)| can_sign_trusted(c, at_ns, trust).is_ok());
        let until_ns = if any_at(now_ns) {
            // chains end, too
            let authorities = trust.authorities.iter().flatten();
            let mut ends: Vec<i64> =
                all.iter().map(|(_, c)| c).chain(authorities).map(Certificate::not_after_ns).collect();
            ends.retain(|end| *end >= now_ns);
            ends.sort_unstable();
            // times in certificates are whole seconds, and each lasts to the end of its own
            let is_last = |end: &i64| !any_at(end.saturating_add(1_000_000_000));
            Ok(ends.into_iter().find(is_last).unwrap_or(i64::MAX))
        } else {
            Err(can_sign_trusted(longest, now_ns, trust).err().unwrap_or(SignerFault::Expired))
        };
        Some(SignerForecast { subject: subject.to_owned(), name: name.clone(), until_ns })
    };
    by_subject.into_iter().filter_map(one).collect()
}
