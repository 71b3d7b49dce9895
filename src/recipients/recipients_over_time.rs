//! Who is encrypted to, over a whole run: the files as they are now, and what the run remembers.

use std::collections::BTreeMap;

use crate::base::text::rfc3339;
use crate::keys::{Certificate, KeyError, LeftOut, RecipientSet, RevocationList, Trust, Unusable};
use crate::keys::{certificates_in, revocation_lists_in};

use super::file_cache::{Entry, FileCache, Files, GRACE};

/// What is worth a warning although recording goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A file cannot be used, and its last good copy is.
    #[error("{name}: {error}; the certificate that was there is used for {left} more epochs")]
    Kept {
        /// The file.
        name: String,
        /// What is wrong with it.
        error: KeyError,
        /// For how many more epochs.
        left: u32,
    },
    /// A folder cannot be listed, and what was in it is used.
    #[error("{folder}: {why}; the certificates that were there are used for {left} more epochs")]
    FolderKept {
        /// The folder.
        folder: String,
        /// Why it cannot be listed.
        why: String,
        /// For how many more epochs.
        left: u32,
    },
    /// A file of revocation lists cannot be used; its last good copy, where there was one, still is.
    #[error(
        "{name}: {why}; {}",
        if *.kept { "what it listed before stays refused" } else { "nothing is refused by it" }
    )]
    List {
        /// The file.
        name: String,
        /// What is wrong with it.
        why: String,
        /// Whether a copy from before is used.
        kept: bool,
    },
    /// The next revocation list was due. What the old one names stays refused.
    #[error(
        "{name}: the next revocation list was due: this one may lack what was revoked since (due on {})",
        rfc3339(*.due_ns)
    )]
    ListExpired {
        /// The file.
        name: String,
        /// When it was due, UTC nanoseconds since 1970.
        due_ns: i64,
    },
    /// A revocation list that its issuer did not sign.
    #[error("{name}: the revocation list is not signed by its issuer: nothing is refused by it")]
    ListForged {
        /// The file.
        name: String,
    },
}

impl Notice {
    /// Whether it is about revocation lists, not certificates.
    pub fn is_about_lists(&self) -> bool {
        matches!(self, Notice::List { .. } | Notice::ListExpired { .. } | Notice::ListForged { .. })
    }
}

/// Certificates and revocation lists from files that change while a recording goes on, and what one run remembers of
/// them.
pub struct RecipientsOverTime {
    certificates: FileCache<Vec<Certificate>>,
    lists: FileCache<Vec<RevocationList>>,
    kept_lists: BTreeMap<String, Vec<RevocationList>>,
    trust: Trust,
    /// Found expired or revoked once: whatever the clock does next, they stay out.
    barred: BTreeMap<[u8; 32], Unusable>,
    /// Everybody who was encrypted to, with the file that the certificate was in.
    used: BTreeMap<[u8; 32], (String, Certificate)>,
    notices: Vec<Notice>,
}

impl RecipientsOverTime {
    /// Nothing read yet. With `authorities`, a recipient must have a chain to one of them.
    pub fn new(authorities: Option<Vec<Certificate>>) -> Self {
        RecipientsOverTime {
            certificates: FileCache::new(certificates_in),
            lists: FileCache::new(revocation_lists_in),
            kept_lists: BTreeMap::new(),
            trust: Trust { authorities, lists: Vec::new() },
            barred: BTreeMap::new(),
            used: BTreeMap::new(),
            notices: Vec::new(),
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
        self.lists.refresh(lists);
        for (folder, why, times) in self.certificates.unreadable() {
            let left = GRACE.checked_sub(times).ok_or_else(|| format!("{folder}: {why}"))?;
            if self.used.is_empty() {
                return Err(format!("{folder}: {why}"));
            }
            self.notices.push(Notice::FolderKept { folder: folder.into(), why: why.into(), left });
        }
        self.trust.lists = self.lists_now(now_ns);
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for (name, entry) in self.certificates.entries() {
            match entry.usable() {
                Some(good) => all.extend(good.iter().map(|c| (name.to_owned(), c.clone()))),
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
        let (set, forged) = RecipientSet::choose(all, left_out, now_ns, &self.trust, &self.barred);
        self.notices.extend(forged.into_iter().map(|name| Notice::ListForged { name }));
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

    /// The current lists, and the last good ones of files that are damaged or gone: losing a list does not undo a
    /// revocation.
    fn lists_now(&mut self, now_ns: i64) -> Vec<(String, RevocationList)> {
        for (name, entry) in self.lists.entries() {
            if let (None, Some(good)) = (&entry.error, &entry.good) {
                self.kept_lists.insert(name.into(), good.clone());
            }
            if let Some(error) = &entry.error {
                let kept = self.kept_lists.contains_key(name);
                self.notices.push(Notice::List { name: name.into(), why: error.to_string(), kept });
            }
        }
        for (folder, why, _) in self.lists.unreadable() {
            let kept = !self.kept_lists.is_empty();
            self.notices.push(Notice::List { name: folder.into(), why: why.into(), kept });
        }
        let all = self.kept_lists.iter().flat_map(|(name, lists)| lists.iter().map(move |l| (name.clone(), l.clone())));
        let all: Vec<_> = all.collect();
        for (name, list) in &all {
            if let Some(due_ns) = list.next_update_ns().filter(|due| *due < now_ns) {
                self.notices.push(Notice::ListExpired { name: name.clone(), due_ns });
            }
        }
        all
    }

    /// What is worth a warning after the last [`refresh`](Self::refresh).
    pub fn notices(&self) -> &[Notice] {
        &self.notices
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
fn unreadable(name: &str, entry: &Entry<Vec<Certificate>>) -> Vec<LeftOut> {
    let left_out = |certificate| LeftOut {
        name: name.to_owned(),
        certificate,
        reason: Unusable::Unreadable,
        error: entry.error.clone(),
    };
    match &entry.good {
        None => vec![left_out(None)],
        Some(good) => good.iter().map(|c| left_out(Some(c.clone()))).collect(),
    }
}
