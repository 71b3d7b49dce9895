//! `enroll-cert --check --for signing`: which certificates can sign, why not, and until when each signer can.

use std::time::Duration;

use serde::Serialize;

use crate::base::text;
use crate::cli::Failure;
use crate::cli::flags::KeyPurpose;
use crate::keys::{
    Certificate, RecipientSet, SignerFault, SignerForecast, Trust, Unusable, can_sign_trusted, signer_forecast,
};
use crate::recipients::time_left;

use super::describe::description;

/// What is known of one signer, as JSON.
#[derive(Serialize)]
pub(super) struct SignerAnswer<'a> {
    subject: &'a str,
    signs: bool,
    ends: Option<String>,
    reason: Option<String>,
}

/// The certificates of signers, each with its file and what speaks against it.
pub(super) struct CheckedSigners {
    all: Vec<(String, Certificate, Option<SignerFault>)>,
    forecasts: Vec<SignerForecast>,
}

/// The certificates that are checked as recipients', and those that are checked as signers'.
pub(super) fn by_role(
    set: RecipientSet,
    purpose: KeyPurpose,
    now_ns: i64,
) -> (RecipientSet, Vec<(String, Certificate)>) {
    if purpose == KeyPurpose::Encryption {
        return (set, Vec::new());
    }
    // an authority is there for the chain; a certificate of both kinds is checked as both
    let is_signer = |c: &Certificate| match purpose {
        KeyPurpose::Signing => !c.is_ca(),
        _ => {
            !c.is_ca() && (c.is_for_streams() || (is_no_recipients(c, now_ns) && c.can_sign(c.not_before_ns()).is_ok()))
        }
    };
    let stays = |c: &Certificate| !is_signer(c) || (purpose == KeyPurpose::Both && !is_no_recipients(c, now_ns));
    let RecipientSet { mut usable, mut left_out } = set;
    let mut signers: Vec<_> = usable.iter().map(|r| (r.name.clone(), r.certificate.clone())).collect();
    signers.extend(left_out.iter().filter_map(|l| Some((l.name.clone(), l.certificate.clone()?))));
    signers.retain(|(_, c)| is_signer(c));
    usable.retain(|r| stays(&r.certificate));
    left_out.retain(|l| l.certificate.as_ref().is_none_or(stays));
    (RecipientSet { usable, left_out }, signers)
}

/// Whether it says of itself that it is not to be encrypted to.
fn is_no_recipients(c: &Certificate, now_ns: i64) -> bool {
    matches!(c.usability(now_ns), Err(Unusable::KeyUsage | Unusable::UnsupportedKey))
}

impl CheckedSigners {
    pub fn new(signers: Vec<(String, Certificate)>, trust: &Trust, now_ns: i64) -> Self {
        let forecasts = signer_forecast(&signers, now_ns, trust);
        let checked = |(name, c): (String, Certificate)| {
            let fault = can_sign_trusted(&c, now_ns, trust).err();
            (name, c, fault)
        };
        CheckedSigners { all: signers.into_iter().map(checked).collect(), forecasts }
    }

    /// Each with its file and what speaks against it.
    pub fn certificates(&self) -> impl Iterator<Item = (&str, &Certificate, Option<&SignerFault>)> + Clone {
        self.all.iter().map(|(name, c, fault)| (name.as_str(), c, fault.as_ref()))
    }

    /// A line for each certificate.
    pub fn lines(&self, now_ns: i64) -> impl Iterator<Item = String> {
        self.certificates().map(move |(name, c, fault)| {
            let state = fault.map_or_else(|| "signs".to_owned(), |fault| format!("cannot sign: {}", fault.of_own()));
            format!("{}: {state}: {}\n", text::printable(name), description(c, now_ns))
        })
    }

    /// A line for each signer that can sign.
    pub fn conclusion(&self) -> String {
        let line = |f: &SignerForecast| {
            let subject = text::quoted(&f.subject);
            match &f.until_ns {
                Ok(i64::MAX) => format!("{subject} can sign without end\n"),
                Ok(until_ns) => format!("{subject} can sign until {}\n", text::rfc3339(*until_ns)),
                Err(fault) => format!("{subject} cannot sign: {}\n", fault.of_own()),
            }
        };
        self.forecasts.iter().map(line).collect()
    }

    pub fn answers(&self) -> Vec<SignerAnswer<'_>> {
        let one = |f: &'_ SignerForecast| {
            let ends = f.until_ns.as_ref().ok().filter(|ns| **ns != i64::MAX).map(|ns| text::rfc3339(*ns));
            (ends, f.until_ns.as_ref().err().map(SignerFault::of_own))
        };
        let answers = self.forecasts.iter().map(|f| {
            let (ends, reason) = one(f);
            SignerAnswer { subject: &f.subject, signs: f.until_ns.is_ok(), ends, reason }
        });
        answers.collect()
    }

    /// # Errors
    ///
    /// A [`Failure`]: there is no signer, or one cannot sign, now or within `warn_before`.
    pub fn verdict(&self, warn_before: Duration, now_ns: i64) -> anyhow::Result<()> {
        if self.forecasts.is_empty() {
            return Err(Failure::refused("there is no certificate of a signer")
                .hint("enroll-cert --generate --for signing makes a key and its certificate")
                .into());
        }
        let warn_before_ns = i64::try_from(warn_before.as_nanos()).unwrap_or(i64::MAX);
        let fault = |f: &SignerForecast| {
            let who = format!("the signer {} ({})", text::quoted(&f.subject), text::quoted(&f.name));
            match &f.until_ns {
                Err(fault) => Some(format!("{who} cannot sign: {}", fault.of_own())),
                Ok(until_ns) => {
                    let left_ns = until_ns.saturating_sub(now_ns);
                    let ends = || format!("{who} can sign for {} only", time_left(left_ns));
                    (left_ns <= warn_before_ns).then(ends)
                }
            }
        };
        let faults: Vec<String> = self.forecasts.iter().filter_map(fault).collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(faults.join("; "))
            .hint("make a key and a certificate of the same name, and give its certificate to those who verify")
            .into())
    }

    /// # Errors
    ///
    /// A [`Failure`]: a certificate cannot sign.
    pub fn all_sign(&self) -> anyhow::Result<()> {
        let mut faults = self.certificates().filter_map(|(name, c, fault)| Some((name, c, fault?)));
        let Some((name, c, fault)) = faults.next() else { return Ok(()) };
        let who = format!("{} ({})", text::quoted(c.subject()), text::quoted(name));
        Err(Failure::refused(format!("cannot sign: {who} {}", fault.of_own())).into())
    }
}
