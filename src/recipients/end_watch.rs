//! Certificates whose end comes near are warned of, once a day.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{Report, text};
use crate::keys::Certificate;

use super::describe::time_left;

const DAY_NS: i64 = 86_400_000_000_000;

/// Warns of the ends of certificates.
#[derive(Debug, Clone)]
pub struct EndWatch {
    warn_before_ns: i64,
    report: Report,
    /// When the end was last warned of, by fingerprint.
    warned: BTreeMap<[u8; 32], i64>,
}

impl EndWatch {
    /// Warns of ends that are less than `warn_before` away.
    pub fn new(warn_before: Duration, report: &Report) -> Self {
        let warn_before_ns = i64::try_from(warn_before.as_nanos()).unwrap_or(i64::MAX);
        EndWatch { warn_before_ns, report: report.clone(), warned: BTreeMap::new() }
    }

    /// Warns of the end of `certificate` where it is near at `now_ns`, UTC nanoseconds since 1970, unless that was
    /// done in the last 24 hours. The message is `who`, when it expires, and `then`.
    pub fn check(&mut self, certificate: &Certificate, now_ns: i64, who: &str, then: &str) {
        let end = certificate.not_after_ns();
        if end.saturating_sub(now_ns) > self.warn_before_ns {
            return;
        }
        let fingerprint = certificate.fingerprint();
        // a clock that went back must not silence it
        let quiet = |last: &i64| (0..DAY_NS).contains(&now_ns.saturating_sub(*last));
        if !self.warned.get(&fingerprint).is_some_and(quiet) {
            self.warned.insert(fingerprint, now_ns);
            let left = time_left(end.saturating_sub(now_ns));
            self.report.warn(format!("{who} expires in {left}, at {}{then}", certificate.not_after_text()));
        }
    }
}

/// The end of the certificate of the signer of a recording: what is signed after it, nobody accepts.
#[derive(Debug, Clone)]
pub struct SignerWatch {
    certificate: Certificate,
    who: String,
    then: &'static str,
    ends: EndWatch,
}

impl SignerWatch {
    /// Watches `certificate`, which is in the file `name`. `goes_on_unsigned` says that recording does not stop at its
    /// end.
    pub fn new(certificate: Certificate, name: &str, goes_on_unsigned: bool, ends: EndWatch) -> Self {
        let (subject, name) = (text::quoted(certificate.subject()), text::quoted(name));
        let who = format!("the signer's certificate {subject} ({name})");
        let then = if goes_on_unsigned { ": nothing is signed after that" } else { ": recording stops then" };
        SignerWatch { certificate, who, then, ends }
    }

    /// Warns if the end is near at `now_ns`, UTC nanoseconds since 1970, once a day. After the end it says nothing:
    /// recording has stopped then, or has said that it goes on unsigned.
    pub fn check(&mut self, now_ns: i64) {
        if now_ns <= self.certificate.not_after_ns() {
            self.ends.check(&self.certificate, now_ns, &self.who, self.then);
        }
    }
}
