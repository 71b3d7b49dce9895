//! Whom to trust besides the certificates themselves: options, and what they name, opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::keys::revocation::MAX_LIST_FILE;
use crate::keys::{Trust, revocation_lists_in};
use crate::storage::read_bounded;

use super::authorities::authorities;
use super::certificate_files::CertificateFiles;
use super::error::RecipientsError;
use super::notice::Notice;
use super::recipients_over_time::RecipientsOverTime;
use super::revoked_record::RevokedRecord;

/// Whom to trust besides the certificates themselves, and what to warn of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientsOptions {
    /// Files of authorities to which a certificate must have a chain; none where no chain is asked for.
    pub authorities: Vec<PathBuf>,
    /// Files and folders of revocation lists, which must vouch for every recipient; none where they are not asked.
    pub revocation_lists: Vec<PathBuf>,
    /// For how long a revocation list is used after it has expired.
    pub revocation_grace: Duration,
    /// The file that keeps what was revoked; `None` for the one in the folder of the lists.
    pub revoked_record: Option<PathBuf>,
    /// Certificates that expire within this time are warned of, once a day.
    pub warn_before: Duration,
}

impl Default for RecipientsOptions {
    /// No authorities, no revocation lists, and warnings 30 days before a certificate expires.
    fn default() -> Self {
        RecipientsOptions {
            authorities: Vec::new(),
            revocation_lists: Vec::new(),
            revocation_grace: Duration::ZERO,
            revoked_record: None,
            warn_before: Duration::from_secs(30 * 86_400),
        }
    }
}

/// What [`RecipientsOptions`] name.
pub struct Rules {
    /// The recipients, to be refreshed.
    pub recipients: RecipientsOverTime,
    /// The revocation lists' files.
    pub lists: CertificateFiles,
    /// What was revoked before; `None` when no lists are asked, or no place is known for it.
    pub record: Option<RevokedRecord>,
}

impl RecipientsOptions {
    /// Reads what must be there from the start.
    ///
    /// # Errors
    ///
    /// Authorities, revocation lists or a record of what was revoked that are there and cannot be read or parsed.
    pub fn open(&self) -> Result<Rules, RecipientsError> {
        let lists = CertificateFiles::revocation_lists(&self.revocation_lists)?;
        for path in lists.named().filter(|path| path.is_file()) {
            let bytes = read_bounded(path, MAX_LIST_FILE)?;
            revocation_lists_in(&bytes).map_err(|source| RecipientsError::Parse { path: path.to_owned(), source })?;
        }
        let mut recipients = RecipientsOverTime::new(authorities(&self.authorities)?);
        if self.revocation_lists.is_empty() {
            return Ok(Rules { recipients, lists, record: None });
        }
        let place = self.revoked_record.clone().or_else(|| RevokedRecord::place(&self.revocation_lists));
        let record = place.map(RevokedRecord::open).transpose()?;
        let known = record.as_ref().map(|record| record.known().clone()).unwrap_or_default();
        let grace_ns = i64::try_from(self.revocation_grace.as_nanos()).unwrap_or(i64::MAX);
        recipients = recipients.asking_lists(grace_ns, known);
        Ok(Rules { recipients, lists, record })
    }

    /// Whom to trust at `now_ns` (UTC ns), read once, with what is worth a warning.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn trust(&self, now_ns: i64) -> Result<(Trust, Vec<Notice>), RecipientsError> {
        let Rules { mut recipients, mut lists, .. } = self.open()?;
        let mut nobody = CertificateFiles::revocation_lists(&[])?;
        // without certificates no folder of them can fail
        let _ = recipients.refresh(&mut nobody, &mut lists, now_ns);
        // whom the lists are for is not known here
        let about_files = |n: &&Notice| matches!(n, Notice::List { .. } | Notice::NoLists { .. });
        let notices = recipients.notices().iter().filter(about_files).cloned().collect();
        Ok((recipients.trust().clone(), notices))
    }
}
