//! Who is encrypted to, over a whole run: the files as they are now, and what the run remembers.

use std::collections::{BTreeMap, BTreeSet};

use crate::keys::certificates_found;
use crate::keys::{Certificate, CertificatesFound, LeftOut, RecipientSet, Revocation, Trust, Unusable};

use super::file_cache::{Entry, FileCache, Files, GRACE};
use super::lists_over_time::ListsOverTime;
use super::notice::Notice;

/// Certificates and revocation lists from files that change while a recording goes on, and what one run remembers of
/// them.
pub struct RecipientsOverTime {
    certificates: FileCache<CertificatesFound>,
    lists: ListsOverTime,
    trust: Trust,
    /// Found expired or revoked once: whatever the clock does next, they stay out.
    barred: BTreeMap<[u8; 32], Unusable>,
    /// Everybody who was encrypted to, with the file that the certificate was in.
    used: BTreeMap<[u8; 32], (String, Certificate)>,
    notices: Vec<Notice>,
    proven: Vec<Certificate>,
}

impl RecipientsOverTime {
    /// Nothing read yet. With `authorities`, a recipient must have a chain to one of them. Revocation lists are not
    /// asked.
    pub fn new(authorities: Option<Vec<Certificate>>) -> Self {
        RecipientsOverTime {
            certificates: FileCache::new(certificates_found),
            lists: ListsOverTime::new(),
            trust: Trust { authorities, revocation: None },
            barred: BTreeMap::new(),
            used: BTreeMap::new(),
            notices: Vec::new(),
            proven: Vec::new(),
        }
    }

    /// The same, and a revocation list must vouch for every recipient, which is used for `grace_ns` after it has
    /// expired. Those whose [`Certificate::signed_hash`] is `remembered` were revoked before.
    pub fn asking_lists(mut self, grace_ns: i64, remembered: BTreeSet<[u8; 32]>) -> Self {
        self.trust.revocation = Some(Revocation { lists: Vec::new(), now_ns: 0, grace_ns, remembered });
        self
    }

    /// These were revoked before, too.
    pub fn remember(&mut self, revoked: &BTreeSet<[u8; 32]>) {
        if let Some(revocation) = &mut self.trust.revocation {
            revocation.remembered.extend(revoked);
        }
    }

    /// Re-reads the files and chooses the recipients at `now_ns`, UTC nanoseconds since 1970. A certificate that was
    /// found expired or revoked stays out for good; a file that cannot be read is replaced by its last good copy for
    /// [`GRACE`] refreshes.
    ///
    /// # Errors
    ///
    /// A folder could never be listed, or not for longer than that: why, ready for a message.
    pub fn refresh(
        &mut self,
        certificates: &mut dyn Files,
        lists: &mut dyn Files,
        now_ns: i64,
    ) -> Result<RecipientSet, String> {
        self.notices.clear();
        self.certificates.refresh(certificates);
        for (folder, why, times) in self.certificates.unreadable() {
            let left = GRACE.checked_sub(times).ok_or_else(|| format!("{folder}: {why}"))?;
            if self.used.is_empty() {
                return Err(format!("{folder}: {why}"));
            }
            self.notices.push(Notice::FolderKept { folder: folder.into(), why: why.into(), left });
        }
        if let Some(revocation) = &mut self.trust.revocation {
            let (lists, notices) = self.lists.refresh(lists);
            self.notices.extend(notices);
            (revocation.lists, revocation.now_ns) = (lists, now_ns);
        }
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for (name, entry) in self.certificates.entries() {
            match entry.usable() {
                Some(good) => {
                    all.extend(good.certificates.iter().map(|c| (name.to_owned(), c.clone())));
                    let passed_over = good.passed_over.iter();
                    let notice = |label: &String| Notice::PassedOver { name: name.into(), label: label.clone() };
                    self.notices.extend(passed_over.map(notice));
                }
                None => left_out.extend(unreadable(name, entry)),
            }
            if let (Some(_), Some(error)) = (entry.usable(), &entry.error) {
                let left = GRACE.saturating_sub(entry.bad_for);
                self.notices.push(Notice::Kept { name: name.into(), error: error.clone(), left });
            }
        }
        for (fingerprint, (name, certificate)) in &self.used {
            let there = all.iter().any(|(_, c)| c.fingerprint() == *fingerprint)
                || left_out.iter().any(|l: &LeftOut| l.fingerprint() == *fingerprint);
            if !there {
                let (name, certificate) = (name.clone(), Some(certificate.clone()));
                left_out.push(LeftOut { name, certificate, reason: Unusable::Removed, error: None });
            }
        }
        let choice = RecipientSet::choose(all, left_out, now_ns, &self.trust, &self.barred);
        let faults = choice.list_faults.into_iter();
        self.notices.extend(faults.map(|(name, fault)| Notice::ListFault { name, fault }));
        self.proven = choice.proven;
        let set = choice.set;
        for left in &set.left_out {
            if matches!(left.reason, Unusable::Expired | Unusable::Revoked) {
                self.barred.insert(left.fingerprint(), left.reason);
            }
        }
        for recipient in &set.usable {
            let known = (recipient.name.clone(), recipient.certificate.clone());
            self.used.insert(recipient.certificate.fingerprint(), known);
        }
        Ok(set)
    }

    /// What is worth a warning after the last [`refresh`](Self::refresh).
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Those that the last [`refresh`](Self::refresh) found revoked by a list that is their issuer's without doubt, and
    /// that were not barred already.
    pub fn proven(&self) -> &[Certificate] {
        &self.proven
    }

    /// Authorities and revocation lists as of the last [`refresh`](Self::refresh).
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// How many files of certificates have been parsed so far; an unchanged file is parsed only once.
    pub fn parsed(&self) -> u64 {
        self.certificates.parsed()
    }
}

/// What is left out with a file that cannot be used any more, or never could: its certificates, where there were any.
fn unreadable(name: &str, entry: &Entry<CertificatesFound>) -> Vec<LeftOut> {
    let left_out = |certificate| LeftOut {
        name: name.to_owned(),
        certificate,
        reason: Unusable::Unreadable,
        error: entry.error.clone(),
    };
    match &entry.good {
        None => vec![left_out(None)],
        Some(good) => good.certificates.iter().map(|c| left_out(Some(c.clone()))).collect(),
    }
}
