//! The recipients of a recording: reports who is left out, who expires soon and what cannot be read, when it changes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crate::base::{Report, text};
use crate::keys::revocation::MAX_LIST_FILE;
use crate::keys::{RecipientSet, revocation_lists_in};
use crate::seal::RecipientSource;
use crate::storage::read_bounded;

use super::authorities::authorities;
use super::certificate_files::CertificateFiles;
use super::describe::{left_out_text, time_left};
use super::error::RecipientsError;
use super::recipients_over_time::{Notice, RecipientsOverTime};

const DAY_NS: i64 = 86_400_000_000_000;

/// Whom to trust besides the certificates themselves, and what to warn of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientsOptions {
    /// Files of authorities to which a certificate must have a chain; none where no chain is asked for.
    pub authorities: Vec<PathBuf>,
    /// Files and folders of revocation lists.
    pub revocation_lists: Vec<PathBuf>,
    /// Certificates that expire within this time are warned of, once a day.
    pub warn_before: Duration,
}

impl Default for RecipientsOptions {
    /// No authorities, no revocation lists, and warnings 30 days before a certificate expires.
    fn default() -> Self {
        RecipientsOptions {
            authorities: Vec::new(),
            revocation_lists: Vec::new(),
            warn_before: Duration::from_secs(30 * 86_400),
        }
    }
}

/// The certificates of one run; clones share what the run remembers.
#[derive(Clone)]
pub struct Recipients(Rc<RefCell<RecipientsState>>);

struct RecipientsState {
    certificates: CertificateFiles,
    lists: CertificateFiles,
    over_time: RecipientsOverTime,
    warn_before_ns: i64,
    report: Report,
    /// What was reported and still holds.
    reported: BTreeSet<String>,
    /// When a certificate's end was last warned of, by fingerprint.
    warned: BTreeMap<[u8; 32], i64>,
}

impl Recipients {
    /// The certificates in `files`, under the rules of `options`.
    ///
    /// # Errors
    ///
    /// Authorities or revocation lists that are named and cannot be read or parsed.
    pub fn open(
        files: CertificateFiles,
        options: &RecipientsOptions,
        report: &Report,
    ) -> Result<Self, RecipientsError> {
        let lists = CertificateFiles::revocation_lists(&options.revocation_lists)?;
        for path in lists.named().filter(|path| path.is_file()) {
            let bytes = read_bounded(path, MAX_LIST_FILE)?;
            revocation_lists_in(&bytes).map_err(|source| RecipientsError::Parse { path: path.to_owned(), source })?;
        }
        Ok(Recipients(Rc::new(RefCell::new(RecipientsState {
            certificates: files,
            lists,
            over_time: RecipientsOverTime::new(authorities(&options.authorities)?),
            warn_before_ns: i64::try_from(options.warn_before.as_nanos()).unwrap_or(i64::MAX),
            report: report.clone(),
            reported: BTreeSet::new(),
            warned: BTreeMap::new(),
        }))))
    }
}

impl RecipientSource for Recipients {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let state = &mut *self.0.borrow_mut();
        let refreshed = state.over_time.refresh(&mut state.certificates, &mut state.lists, now_ns);
        let mut lines: Vec<String> = state.over_time.notices().iter().map(Notice::to_string).collect();
        let set = match refreshed {
            Ok(set) => set,
            Err(why) => {
                state.warn_once(lines);
                return Err(why);
            }
        };
        lines.extend(set.left_out.iter().map(|l| format!("left out {}", left_out_text(l))));
        for r in &set.usable {
            lines.extend(r.warnings.iter().map(|w| format!("{}: {w}", text::quoted(&r.name))));
        }
        state.warn_once(lines);
        state.warn_of_ends(&set, now_ns);
        Ok(set)
    }
}

impl RecipientsState {
    /// Warns of each line once, and again after it has not held in between.
    fn warn_once(&mut self, lines: Vec<String>) {
        let now: BTreeSet<String> = lines.into_iter().collect();
        now.difference(&self.reported).for_each(|line| self.report.warn(line));
        self.reported = now;
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
