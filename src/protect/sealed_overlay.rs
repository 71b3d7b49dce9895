//! `--overlay`, the parent's side: the child's plain stream is sealed.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use crate::archive::Encryptor;
use crate::base::Report;
use crate::format::Reader;
use crate::recipients::{CertificateFiles, Recipients, RecipientsOptions};
use crate::seal::SealSettings;
use crate::storage::StreamOutput;

use super::error::ProtectError;

/// Where the overlay goes, and who can open it.
pub(super) struct SealedOverlay {
    output: StreamOutput,
    recipients: Vec<PathBuf>,
}

impl SealedOverlay {
    /// Seals to the certificates in the files and folders of `recipients`. Those that do not exist are reported before
    /// any work.
    ///
    /// # Errors
    ///
    /// As [`CertificateFiles::new`].
    pub fn new(output: StreamOutput, recipients: &[PathBuf]) -> Result<Self, ProtectError> {
        CertificateFiles::new(recipients)?;
        Ok(SealedOverlay { output, recipients: recipients.to_vec() })
    }

    /// Seals the plain stream of the child.
    ///
    /// # Errors
    ///
    /// As [`Encryptor::run`]; a child that gives nothing is reported elsewhere.
    pub fn seal(self, plain: File, report: &Report) -> Result<(), ProtectError> {
        let files = CertificateFiles::new(&self.recipients)?;
        let recipients = Recipients::open(files, &RecipientsOptions::default(), report)?;
        let reader = Reader::new(BufReader::with_capacity(256 * 1024, plain));
        let encryptor = Encryptor::new(SealSettings::default(), None, self.output).of_kept_footage();
        Ok(encryptor.run(reader, || recipients.clone(), report)?)
    }
}
