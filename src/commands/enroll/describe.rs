//! A certificate as one line.

use crate::base::text;
use crate::keys::Certificate;

/// A day in ns.
pub(super) const DAY_NS: i64 = 86_400_000_000_000;

/// Who a certificate is for, its kind of key, validity and fingerprint, as one line.
pub fn description(c: &Certificate, now_ns: i64) -> String {
    let days = match days(c, now_ns) {
        _ if now_ns < c.not_before_ns() => "not valid yet".to_owned(),
        days @ ..0 => format!("{} days ago", -days),
        days => format!("{days} days left"),
    };
    format!(
        "{}, {}, from {} to {} ({days}), SHA-256 {}",
        text::printable(c.subject()),
        c.key_type(),
        c.not_before_text(),
        c.not_after_text(),
        text::hex(&c.fingerprint())
    )
}

/// Whole days from `now_ns` to the certificate's end, rounded down: negative as soon as it is over.
pub(super) fn days(c: &Certificate, now_ns: i64) -> i64 {
    c.not_after_ns().saturating_sub(now_ns).div_euclid(DAY_NS)
}
