//! `enroll-cert --check`: which certificates are usable, why not, and until when recording goes on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::json::line;
use crate::base::{text, wall_ns};
use crate::cli::flags::{EnrollFlags, KeyPurpose};
use crate::cli::print::print;
use crate::cli::{Failure, Session};
use crate::keys::{Certificate, Forecast, KeyError, LeftOut, Recipient, RecipientSet, Unusable, forecast};
use crate::recipients::{CertificateFiles, Notice, RevokedRecord, Rules, left_out_text, time_left, writable_by_others};

use super::check_signers::{CheckedSigners, SignerAnswer, by_role};
use super::describe::{DAY_NS, days, description};

/// The whole answer as JSON. Its keys are documented in the command's manual page: they are a promise.
#[derive(Serialize)]
struct Answer<'a> {
    version: u8,
    checked: String,
    usable: usize,
    minimum_recipients: usize,
    records: bool,
    stops: Option<String>,
    days_left: Option<i64>,
    because: &'a str,
    certificates: Vec<One<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signers: Option<Vec<SignerAnswer<'a>>>,
}

#[derive(Serialize)]
struct One<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    usable: bool,
    reason: Option<String>,
    warnings: Vec<String>,
    subject: Option<&'a str>,
    issuer: Option<&'a str>,
    serial: Option<String>,
    key_type: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    sha256: Option<String>,
}

/// Prints for each certificate whether it is usable, and when recording with all of them stops.
///
/// # Errors
///
/// A [`Failure`]: too few usable ones, or recording stops within `--warn-before`, or a signer cannot sign for as long;
/// nothing to read.
pub fn check(flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let now_ns = wall_ns();
    let mut files = CertificateFiles::new(&flags.check)?;
    let Rules { mut recipients, mut lists, record } = flags.trust.options(flags.warn_before).open()?;
    let set = recipients.refresh(&mut files, &mut lists, now_ns).map_err(Failure::failed)?;
    let (set, signers) = by_role(set, flags.purpose.unwrap_or_default(), now_ns);
    let signers = CheckedSigners::new(signers, recipients.trust(), now_ns);
    // what is wrong with a certificate's file is in the answer
    let of_lists = recipients.notices().iter().filter(|n| n.is_about_lists() || matches!(n, Notice::PassedOver { .. }));
    of_lists.for_each(|n| session.warn(n.to_string()));
    let places = record.as_ref().map(RevokedRecord::folder);
    let others = files.writable_by_others().into_iter().chain(lists.writable_by_others());
    let others = others.chain(files.stray_keys());
    let others: BTreeSet<_> = others.chain(places.and_then(writable_by_others)).collect();
    others.iter().for_each(|line| session.warn(line));

    let left_out = set.left_out.iter().filter_map(|l| Some((l.name.clone(), l.certificate.clone()?)));
    let all: Vec<_> = set.usable.iter().map(|r| (r.name.clone(), r.certificate.clone())).chain(left_out).collect();
    let minimum = flags.minimum_recipients.max(1);
    let forecast = forecast(&all, now_ns, recipients.trust(), minimum);
    let because = because(&forecast, set.usable.len(), minimum);
    let purpose = flags.purpose.unwrap_or_default();
    if flags.json.json {
        print(as_json(&set, &signers, purpose, &forecast, &because, minimum, now_ns))?;
    } else {
        for r in &set.usable {
            r.warnings.iter().for_each(|w| session.warn(format!("{}: {w}", text::quoted(&r.name))));
        }
        let mut lines = as_text(&set, now_ns);
        lines.extend(signers.lines(now_ns));
        lines.sort();
        let recording = conclusion(&forecast, &flags.check, &files, &because);
        let recording = if purpose == KeyPurpose::Signing { String::new() } else { recording };
        print(&(lines.concat() + &recording + &signers.conclusion()))?;
    }
    if purpose != KeyPurpose::Signing {
        verdict(&forecast, flags, &because, now_ns)?;
    }
    if purpose != KeyPurpose::Encryption {
        signers.verdict(flags.warn_before, now_ns)?;
    }
    if flags.strict {
        all_usable(&set, &signers)?;
        signers.all_sign()?;
    }
    Ok(())
}

/// With `--strict`, that there is nothing which cannot be used but what vouches for the others.
fn all_usable(set: &RecipientSet, signers: &CheckedSigners) -> anyhow::Result<()> {
    let is_link = |l: &LeftOut| {
        let authorities = set.left_out.iter().filter(|l| l.reason == Unusable::IsCa);
        let recipients = set.usable.iter().map(|r| &r.certificate);
        let others = authorities.filter_map(|l| l.certificate.as_ref()).chain(recipients);
        let others = others.chain(signers.certificates().map(|(_, c, _)| c));
        let issued = |c: &Certificate| others.clone().any(|other| other != c && c.is_issuer_of(other));
        l.reason == Unusable::IsCa && l.certificate.as_ref().is_some_and(issued)
    };
    let left_out: Vec<_> = set.left_out.iter().filter(|l| !is_link(l)).map(left_out_text).collect();
    match left_out.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::refused(format!("cannot be used: {one}")).into()),
        several => Err(Failure::refused(format!("{} cannot be used: {}", several.len(), several.join("; "))).into()),
    }
}

fn verdict(forecast: &Forecast, flags: &EnrollFlags, because: &str, now_ns: i64) -> anyhow::Result<()> {
    let warn_before_ns = i64::try_from(flags.warn_before.as_nanos()).unwrap_or(i64::MAX);
    match forecast {
        Forecast::Now if flags.minimum_recipients <= 1 => Err(Failure::refused("no usable certificate")
            .hint("enroll-cert --generate --name NAME --key KEY -o CERT makes one")
            .into()),
        Forecast::Now => Err(Failure::refused(because).into()),
        Forecast::At { last_ns, .. } if last_ns.saturating_sub(now_ns) <= warn_before_ns => {
            let left = time_left(last_ns.saturating_sub(now_ns));
            Err(Failure::refused(format!("recording stops in {left}: {because}"))
                .hint("put a successor next to it: it can open what is recorded from then on, and recording goes on")
                .into())
        }
        Forecast::At { .. } => Ok(()),
    }
}

fn as_text(set: &RecipientSet, now_ns: i64) -> Vec<String> {
    let usable = set
        .usable
        .iter()
        .map(|r| format!("{}: usable: {}\n", text::printable(&r.name), description(&r.certificate, now_ns)));
    let left_out = set.left_out.iter().map(|l| {
        let about = l.certificate.as_ref().map(|c| format!(": {}", description(c, now_ns))).unwrap_or_default();
        format!("{}: {}{about}\n", text::printable(&l.name), reason(l))
    });
    usable.chain(left_out).collect()
}

/// The folder's line; a single certificate has its own.
fn conclusion(forecast: &Forecast, paths: &[PathBuf], files: &CertificateFiles, because: &str) -> String {
    let with = match paths {
        _ if !files.is_collection() => return String::new(),
        [folder] => format!("with {}", text::quoted_path(folder)),
        _ => "with these".to_owned(),
    };
    match forecast {
        Forecast::Now => format!("recording {with} is not possible, because {because}\n"),
        Forecast::At { last_ns: i64::MAX, .. } => format!("recording {with} does not stop\n"),
        Forecast::At { last_ns, .. } => {
            format!("recording {with} stops on {}, because {because}\n", text::rfc3339(*last_ns))
        }
    }
}

fn because(forecast: &Forecast, usable: usize, minimum: usize) -> String {
    match forecast {
        Forecast::Now if minimum == 1 => "no certificate is usable".to_owned(),
        Forecast::Now => format!("{minimum} usable certificates are asked for, and there are {usable}"),
        Forecast::At { lost, last_ns } => {
            let who = |r: &Recipient| format!("{} ({})", text::quoted(r.certificate.subject()), text::quoted(&r.name));
            let ends = lost.iter().all(|r| r.certificate.not_after_ns() == *last_ns);
            let how = match (ends, lost.len()) {
                (true, 1) => "expires",
                (true, _) => "expire",
                (false, _) => "cannot be used any more (an authority expires)",
            };
            let names: Vec<_> = lost.iter().map(who).collect();
            let rest = match minimum {
                1 => "no other is usable".to_owned(),
                n => format!("fewer than {n} are left"),
            };
            format!("{} {how} then and {rest}", names.join(" and "))
        }
    }
}

fn reason(l: &LeftOut) -> String {
    match &l.error {
        Some(KeyError::CannotRead(why)) => format!("{}: {}", l.reason, text::printable(why)),
        Some(error @ KeyError::NoList(_)) => error.to_string(),
        Some(error) => format!("{}: {error}", l.reason),
        None => l.reason.to_string(),
    }
}

fn as_json(
    set: &RecipientSet,
    signers: &CheckedSigners,
    purpose: KeyPurpose,
    forecast: &Forecast,
    because: &str,
    minimum: usize,
    now_ns: i64,
) -> String {
    let role = |name| (purpose != KeyPurpose::Encryption).then_some(name);
    let one = |file, c: Option<&'_ Certificate>, reason, warnings| One {
        file,
        role: role("encryption"),
        usable: false,
        reason,
        warnings,
        subject: None,
        issuer: None,
        serial: c.map(Certificate::serial_hex),
        key_type: c.map(|c| c.key_type().to_string()),
        not_before: c.map(Certificate::not_before_text),
        not_after: c.map(Certificate::not_after_text),
        days_left: c.map(|c| days(c, now_ns)),
        sha256: c.map(|c| text::hex(&c.fingerprint())),
    };
    let usable = set.usable.iter().map(|r| {
        let warnings = r.warnings.iter().map(ToString::to_string).collect();
        let c = &r.certificate;
        let (subject, issuer) = (Some(c.subject()), Some(c.issuer()));
        One { usable: true, subject, issuer, ..one(r.name.as_str(), Some(c), None, warnings) }
    });
    let left_out = set.left_out.iter().map(|l| {
        let c = l.certificate.as_ref();
        let (subject, issuer) = (c.map(Certificate::subject), c.map(Certificate::issuer));
        One { subject, issuer, ..one(l.name.as_str(), c, Some(reason(l)), Vec::new()) }
    });
    let signing = signers.certificates().map(|(file, c, fault)| {
        let (subject, issuer, reason) = (Some(c.subject()), Some(c.issuer()), fault.map(ToString::to_string));
        let usable = fault.is_none();
        One { role: role("signing"), usable, subject, issuer, ..one(file, Some(c), reason, Vec::new()) }
    });
    let mut certificates: Vec<_> = usable.chain(left_out).chain(signing).collect();
    certificates.sort_by(|a, b| (a.file, &a.sha256).cmp(&(b.file, &b.sha256)));
    let last_ns = match forecast {
        Forecast::At { last_ns, .. } if *last_ns != i64::MAX => Some(*last_ns),
        _ => None,
    };
    let answer = Answer {
        version: 1,
        checked: text::rfc3339(now_ns),
        usable: set.usable.len(),
        minimum_recipients: minimum,
        records: *forecast != Forecast::Now,
        stops: last_ns.map(text::rfc3339),
        days_left: last_ns.map(|ns| ns.saturating_sub(now_ns).div_euclid(DAY_NS)),
        because,
        certificates,
        signers: (purpose != KeyPurpose::Encryption).then(|| signers.answers()),
    };
    line(&answer)
}
