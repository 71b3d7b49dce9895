//! Until when a set of certificates lasts, if nobody touches it.

use super::{Certificate, Recipient, RecipientSet, Trust};

/// When recording stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// There are too few usable ones already.
    Now,
    /// Recording stops at this notAfter, UTC nanoseconds since 1970.
    At {
        /// The last instant at which it goes on.
        last_ns: i64,
        /// Who is lost then.
        lost: Vec<Recipient>,
    },
}

/// When fewer than `minimum` (at least 1) of the certificates are usable, looking on from `now_ns` (UTC nanoseconds
/// since 1970). A certificate that is not valid yet counts from when it is, unless recording has stopped before.
pub fn forecast(certificates: &[(String, Certificate)], now_ns: i64, trust: &Trust, minimum: usize) -> Forecast {
    let minimum = minimum.max(1);
    let at = |ns| RecipientSet::trusted(certificates.to_vec(), ns, trust);
    let mut before = at(now_ns);
    if before.usable.len() < minimum {
        return Forecast::Now;
    }
    // Chains end, too: an authority that expires takes its certificates with it.
    let authorities = trust.authorities.iter().flatten();
    let mut ends: Vec<i64> =
        certificates.iter().map(|(_, c)| c).chain(authorities).map(Certificate::not_after_ns).collect();
    ends.retain(|end| *end >= now_ns);
    ends.sort_unstable();
    ends.dedup();
    for last_ns in ends {
        // Times in certificates are whole seconds, and each lasts to the end of its own.
        let after = at(last_ns.saturating_add(1_000_000_000));
        if after.usable.len() < minimum {
            let stays = |r: &Recipient| after.usable.iter().any(|a| a.certificate == r.certificate);
            // who became valid in between is lost as well
            before = at(last_ns);
            let lost = before.usable.iter().filter(|r| !stays(r)).cloned().collect();
            return Forecast::At { last_ns, lost };
        }
    }
    // Only with a notAfter beyond what an i64 counts.
    Forecast::At { last_ns: i64::MAX, lost: before.usable }
}
