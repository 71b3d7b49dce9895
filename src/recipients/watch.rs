//! The recipients of a recording: who is left out, who expires soon, what cannot be read is said as it comes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::recipients_over_time::{Notice, Roster};
use crate::keys::{Certificate, LeftOut, RecipientSet, Unusable, certificates_in, revocation_lists_in};
use crate::seal::RecipientSource;

use super::CertificateFiles;
use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::cli::flags::TrustFlags;
use crate::storage::read_bounded;

const DAY_NS: i64 = 86_400_000_000_000;
/// No more than so many are named where one line says why nobody is left.
const NAMED: usize = 8;
/// No file of authorities is larger.
const AUTHORITY_FILE: usize = 1 << 20;

/// The certificates of one run; clones share what the run remembers.
#[derive(Clone)]
pub struct Recipients(Rc<RefCell<Run>>);

struct Run {
    certificates: CertificateFiles,
    lists: CertificateFiles,
    roster: Roster,
    warn_before_ns: i64,
    report: Report,
    /// What was said and is still so.
    said: BTreeSet<String>,
    /// When a certificate's end was last warned of, by fingerprint.
    warned: BTreeMap<[u8; 32], i64>,
}

impl Recipients {
    /// The certificates in `files`, under the rules of `trust`; warns daily of those that expire within `warn_before`.
    ///
    /// # Errors
    ///
    /// Authorities or revocation lists that are named and cannot be read or parsed (1).
    pub fn open(
        files: CertificateFiles,
        trust: &TrustFlags,
        warn_before: Duration,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let lists = CertificateFiles::revocation_lists(&trust.crl)?;
        for path in lists.named().filter(|path| path.is_file()) {
            let bytes = read_bounded(path, crate::keys::revocation::MAX_LIST_FILE)?;
            revocation_lists_in(&bytes).map_err(|e| Failure::failed(format!("{}: {e}", text::quoted_path(path))))?;
        }
        Ok(Recipients(Rc::new(RefCell::new(Run {
            certificates: files,
            lists,
            roster: Roster::new(authorities(&trust.ca)?),
            warn_before_ns: i64::try_from(warn_before.as_nanos()).unwrap_or(i64::MAX),
            report: report.clone(),
            said: BTreeSet::new(),
            warned: BTreeMap::new(),
        }))))
    }
}

impl RecipientSource for Recipients {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let run = &mut *self.0.borrow_mut();
        let looked = run.roster.look(&mut run.certificates, &mut run.lists, now_ns);
        let mut lines: Vec<String> = run.roster.notices().iter().map(notice).collect();
        let set = match looked {
            Ok(set) => set,
            Err(why) => {
                run.say(lines);
                return Err(why);
            }
        };
        lines.extend(set.left_out.iter().map(|l| format!("left out {}", left_out(l))));
        for r in &set.usable {
            lines.extend(r.warnings.iter().map(|w| format!("{}: {w}", text::quoted(&r.name))));
        }
        run.say(lines);
        run.warn_of_ends(&set, now_ns);
        Ok(set)
    }
}

impl Run {
    /// Each line once, and again when it has not been so in between.
    fn say(&mut self, lines: Vec<String>) {
        let now: BTreeSet<String> = lines.into_iter().collect();
        now.difference(&self.said).for_each(|line| self.report.warn(line));
        self.said = now;
    }

    fn warn_of_ends(&mut self, set: &RecipientSet, now_ns: i64) {
        for r in &set.usable {
            let end = r.certificate.not_after_ns();
            if end.saturating_sub(now_ns) > self.warn_before_ns {
                continue;
            }
            let fingerprint = r.certificate.fingerprint();
            // a clock that went back must not silence it
            let quiet = |last: &i64| (0..DAY_NS).contains(&now_ns.saturating_sub(*last));
            if !self.warned.get(&fingerprint).is_some_and(quiet) {
                self.warned.insert(fingerprint, now_ns);
                let (subject, name) = (text::quoted(r.certificate.subject()), text::quoted(&r.name));
                let left = time_left(end.saturating_sub(now_ns));
                self.report.warn(format!("{subject} ({name}) expires in {left}, at {}", text::rfc3339(end)));
            }
        }
    }
}

/// The certificates of `--ca`; `None` when none was given.
///
/// # Errors
///
/// A file that cannot be read or holds no certificate (1).
pub fn authorities(paths: &[PathBuf]) -> anyhow::Result<Option<Vec<Certificate>>> {
    let one = |path: &PathBuf| -> anyhow::Result<Vec<Certificate>> {
        let bytes = read_bounded(path, AUTHORITY_FILE)?;
        Ok(certificates_in(&bytes).map_err(|e| Failure::failed(format!("{}: {e}", text::quoted_path(path))))?)
    };
    if paths.is_empty() {
        return Ok(None);
    }
    let all: anyhow::Result<Vec<_>> = paths.iter().map(one).collect();
    Ok(Some(all?.into_iter().flatten().collect()))
}

/// Nobody is left: one line with everybody's reason.
pub(crate) fn nobody(all: &[LeftOut], minimum: usize) -> Failure {
    let few = match minimum {
        0 | 1 => "no valid certificate is left".to_owned(),
        n => format!("fewer than {n} valid certificates are left"),
    };
    let mut why: Vec<String> = all.iter().take(NAMED).map(left_out).collect();
    if all.len() > NAMED {
        why.push(format!("and {} more", all.len() - NAMED));
    }
    let why = if why.is_empty() { "there is no certificate".to_owned() } else { why.join("; ") };
    let hint = match all.iter().any(|l| l.reason == Unusable::NotYetValid) {
        true => "is this machine's clock right? enroll-cert --check says what is wrong with each certificate",
        false => "enroll-cert --check says what is wrong with each certificate",
    };
    Failure::refused(format!("{few}: {why}")).hint(hint)
}

/// Who is left out, and why.
pub(crate) fn left_out(l: &LeftOut) -> String {
    let date = text::rfc3339(l.not_after_ns().unwrap_or_default());
    let since = text::rfc3339(l.certificate.as_ref().map_or(0, Certificate::not_before_ns));
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

/// A notice with its date.
pub(crate) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::ListExpired { due_ns, .. } => format!("{notice} (due on {})", text::rfc3339(*due_ns)),
        notice => notice.to_string(),
    }
}

/// `31 days`, `1 day`, `5 h`, `12 min`: rounded down.
pub(crate) fn time_left(ns: i64) -> String {
    let minutes = ns.max(0) / 60_000_000_000;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// Whether a path names a folder's file by a certificate's ending.
pub fn has_certificate_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|e| super::certificate_files::CERTIFICATES.contains(&e.as_str()))
}
