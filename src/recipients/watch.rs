//! The recipients of a recording: reports who is left out, who expires soon and what cannot be read, when it changes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::{Report, text};
use crate::keys::{Certificate, RecipientSet};
use crate::seal::RecipientSource;

use super::certificate_files::CertificateFiles;
use super::describe::left_out_text;
use super::end_watch::{EndWatch, SignerWatch};
use super::error::RecipientsError;
use super::notice::Notice;
use super::recipients_over_time::RecipientsOverTime;
use super::revoked_record::RevokedRecord;
use super::rules::{RecipientsOptions, Rules};
use super::writable_by_others::writable_by_others;

/// The certificates of one run; clones share what the run remembers.
#[derive(Clone)]
pub struct Recipients(Rc<RefCell<RecipientsState>>);

struct RecipientsState {
    certificates: CertificateFiles,
    lists: CertificateFiles,
    over_time: RecipientsOverTime,
    record: Option<RevokedRecord>,
    ends: EndWatch,
    /// Who signs the recording.
    signer: Option<SignerWatch>,
    report: Report,
    /// What was reported and still holds.
    reported: BTreeSet<String>,
    /// Who can open the last key session that began.
    opened_for: Option<BTreeSet<[u8; 32]>>,
}

impl Recipients {
    /// The certificates in `files`, under the rules of `options`.
    ///
    /// # Errors
    ///
    /// As [`RecipientsOptions::open`].
    pub fn open(
        files: CertificateFiles,
        options: &RecipientsOptions,
        report: &Report,
    ) -> Result<Self, RecipientsError> {
        let Rules { recipients, lists, record } = options.open()?;
        if !options.revocation_lists.is_empty() {
            let why = match &record {
                Some(record) => record.can_be_written().err(),
                None => Some("no place is known for its record".to_owned()),
            };
            if let Some(why) = why {
                report.warn(forgets(&why));
                report.hint("--crl-state FILE names a file for it that this user may write");
            }
        }
        Ok(Recipients(Rc::new(RefCell::new(RecipientsState {
            certificates: files,
            lists,
            over_time: recipients,
            record,
            ends: EndWatch::new(options.warn_before, report),
            signer: None,
            report: report.clone(),
            reported: BTreeSet::new(),
            opened_for: None,
        }))))
    }

    /// Watches the end of the signer's certificate, too, which is in the file `name`. `goes_on_unsigned` says that
    /// recording does not stop at its end.
    pub fn watch_signer(&self, certificate: Certificate, name: &str, goes_on_unsigned: bool) {
        let state = &mut *self.0.borrow_mut();
        state.signer = Some(SignerWatch::new(certificate, name, goes_on_unsigned, state.ends.clone()));
    }
}

fn forgets(why: &str) -> String {
    format!("what is revoked is not remembered for the next start: {why}")
}

impl RecipientSource for Recipients {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let state = &mut *self.0.borrow_mut();
        let mut lines = state.writable_by_others();
        lines.extend(state.certificates.stray_keys());
        lines.extend(state.recall());
        let refreshed = state.over_time.refresh(&mut state.certificates, &mut state.lists, now_ns);
        lines.extend(state.over_time.notices().iter().map(Notice::to_string));
        if let Some(record) = &mut state.record {
            lines.extend(record.add(state.over_time.proven(), now_ns).err().map(|why| forgets(&why)));
        }
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

    fn opened(&mut self, epoch: u64, set: &RecipientSet) {
        let state = &mut *self.0.borrow_mut();
        let now: BTreeSet<_> = set.usable.iter().map(|r| r.certificate.fingerprint()).collect();
        let Some(before) = state.opened_for.replace(now) else { return };
        for r in set.usable.iter().filter(|r| !before.contains(&r.certificate.fingerprint())) {
            let (who, file) = (text::printable(r.certificate.subject()), text::quoted(&r.name));
            state.report.warn(format!("from epoch {epoch} on {who} can open ({file})"));
        }
    }
}

impl RecipientsState {
    fn writable_by_others(&self) -> Vec<String> {
        let record = self.record.as_ref().and_then(|record| writable_by_others(record.folder()));
        let files = [&self.certificates, &self.lists].into_iter().flat_map(CertificateFiles::writable_by_others);
        files.chain(record).collect()
    }

    /// What other recorders have found revoked, or why that cannot be read.
    fn recall(&mut self) -> Option<String> {
        let record = self.record.as_mut()?;
        let read = record.refresh();
        self.over_time.remember(record.known());
        read.err().map(|why| format!("the record of what was revoked cannot be read again: {why}"))
    }

    /// Warns of each line once, and again after it has not held in between.
    fn warn_once(&mut self, lines: Vec<String>) {
        let now: BTreeSet<String> = lines.into_iter().collect();
        now.difference(&self.reported).for_each(|line| self.report.warn(line));
        self.reported = now;
    }

    fn warn_of_ends(&mut self, set: &RecipientSet, now_ns: i64) {
        for r in &set.usable {
            let who = format!("{} ({})", text::quoted(r.certificate.subject()), text::quoted(&r.name));
            self.ends.check(&r.certificate, now_ns, &who, "");
        }
        if let Some(signer) = &mut self.signer {
            signer.check(now_ns);
        }
    }
}
