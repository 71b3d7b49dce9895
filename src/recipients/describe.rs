//! Recipients in words: who is left out and why, and how much time is left.

use crate::base::text;
use crate::keys::{Certificate, LeftOut, Unusable};

/// Who is left out, and why: `"CN=gate" ("certs/gate.pem"): expired on 2027-01-15T08:00:00Z`.
pub fn left_out_text(l: &LeftOut) -> String {
    let date = l.certificate.as_ref().map(Certificate::not_after_text).unwrap_or_default();
    let since = l.certificate.as_ref().map(Certificate::not_before_text).unwrap_or_default();
    let why = match (l.reason, &l.error) {
        (_, Some(error)) => error.to_string(),
        (Unusable::Expired, _) => format!("expired on {date}"),
        (Unusable::NotYetValid, _) => format!("not valid before {since} (is this machine's clock right?)"),
        (Unusable::Removed, _) => "its file was removed".to_owned(),
        (reason, _) => reason.to_string(),
    };
    match &l.certificate {
        Some(c) => format!("{} ({}): {why}", text::quoted(c.subject()), text::quoted(&l.name)),
        None => format!("{}: {why}", text::quoted(&l.name)),
    }
}

/// A number of nanoseconds as `31 days`, `5 h` or `12 min`, rounded down; `0 min` for what has passed.
pub fn time_left(ns: i64) -> String {
    let minutes = ns.max(0) / 60_000_000_000;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}
