//! Authorities and revocation lists by which the signers of streams are judged, re-read while a stream is read.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::base::{Report, lock, wall_ns};
use crate::keys::{Certificate, ListFault, SignerTrust, Trust};

use super::certificate_files::CertificateFiles;
use super::error::RecipientsError;
use super::notice::Notice;
use super::recipients_over_time::RecipientsOverTime;
use super::revoked_record::RevokedRecord;
use super::rules::{RecipientsOptions, Rules};

/// The lists are re-read when they are asked for after this time, by either clock.
const EVERY: Duration = Duration::from_secs(10);

/// The maximum number of warnings.
const REPORTED: usize = 256;

/// The files, and what they said last.
pub struct SignerLists(Mutex<Read>);

struct Read {
    over_time: RecipientsOverTime,
    lists: CertificateFiles,
    record: Option<RevokedRecord>,
    trust: Arc<Trust>,
    at: Instant,
    wall_ns: i64,
    report: Report,
    /// What was reported.
    reported: BTreeSet<String>,
}

impl SignerLists {
    /// Reads the authorities and lists of `options`.
    ///
    /// # Errors
    ///
    /// As [`RecipientsOptions::open`].
    pub fn open(options: &RecipientsOptions, report: &Report) -> Result<Self, RecipientsError> {
        let Rules { recipients, lists, record } = options.open()?;
        let mut read = Read {
            over_time: recipients,
            lists,
            record,
            trust: Arc::default(),
            at: Instant::now(),
            wall_ns: 0,
            report: report.clone(),
            reported: BTreeSet::new(),
        };
        read.refresh(wall_ns())?;
        Ok(SignerLists(Mutex::new(read)))
    }
}

impl SignerTrust for SignerLists {
    fn now(&self) -> Arc<Trust> {
        let read = &mut *lock(&self.0);
        let now_ns = wall_ns();
        let is_old = now_ns.abs_diff(read.wall_ns) >= EVERY.as_nanos() as u64 || read.at.elapsed() >= EVERY;
        if is_old && let Err(e) = read.refresh(now_ns) {
            read.warn(e.to_string());
        }
        Arc::clone(&read.trust)
    }

    fn found_revoked(&self, signer: &Certificate) {
        let read = &mut *lock(&self.0);
        let Some(record) = &mut read.record else { return };
        if let Err(why) = record.add(std::slice::from_ref(signer), wall_ns()) {
            read.warn(format!("what is revoked is not remembered for the next time: {why}"));
        }
    }

    fn found_faults(&self, faults: Vec<(String, ListFault)>) {
        let read = &mut *lock(&self.0);
        faults.into_iter().for_each(|(name, fault)| read.warn(Notice::ListFault { name, fault }.to_string()));
    }
}

impl Read {
    fn refresh(&mut self, now_ns: i64) -> Result<(), RecipientsError> {
        if let Some(record) = &mut self.record {
            let read = record.refresh();
            self.over_time.remember(record.known());
            if let Err(why) = read {
                self.warn(format!("the record of what was revoked cannot be read again: {why}"));
            }
        }
        let mut nobody = CertificateFiles::revocation_lists(&[])?;
        // without certificates no folder of them can fail
        let _ = self.over_time.refresh(&mut nobody, &mut self.lists, now_ns);
        // which signers the lists are for is not known before there is a stream
        let about_files = |n: &&Notice| matches!(n, Notice::List { .. } | Notice::NoLists { .. });
        let lines: Vec<String> = self.over_time.notices().iter().filter(about_files).map(Notice::to_string).collect();
        lines.into_iter().for_each(|line| self.warn(line));
        self.trust = Arc::new(self.over_time.trust().clone());
        (self.at, self.wall_ns) = (Instant::now(), now_ns);
        Ok(())
    }

    /// Warns of each thing once.
    fn warn(&mut self, line: String) {
        if self.reported.len() < REPORTED && self.reported.insert(line.clone()) {
            self.report.warn(line);
        }
    }
}

impl fmt::Debug for SignerLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignerLists")
    }
}
