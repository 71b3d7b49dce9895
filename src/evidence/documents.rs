//! What vouches for the excerpt: certificates, the verdict, and epoch keys where they are disclosed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::{Report, text};
use crate::format::{FormatError, Reader, Record};
use crate::keys::{Certificate, Signer};
use crate::seal::{Granter, SealError, Tracks, recipients};
use crate::storage::Input;
use crate::verify::{self, Chain, Demands};

use super::error::EvidenceError;
use super::job::{ExportJob, Keys};
use super::staging::{EXCERPT, Staging};

/// The maximum number of certificates that are put in.
const MAX_CERTIFICATES: usize = 4096;

/// What the excerpt holds without a key: whether it is sealed and signed, and its certificates.
pub(super) struct Documents {
    place: PathBuf,
    sealed: bool,
    signed: bool,
    /// Beginning of the file name, and the certificate.
    certificates: Vec<(&'static str, Certificate)>,
}

impl Documents {
    /// Reads the records of the excerpt that need no key. `given` are further certificates.
    pub fn read(place: &Path, given: &[Certificate]) -> Result<Self, EvidenceError> {
        let mut documents =
            Documents { place: place.to_owned(), sealed: false, signed: false, certificates: Vec::new() };
        let mut reader = Reader::new(BufReader::new(File::open(place)?));
        loop {
            match reader.next() {
                Ok(Some(Record::Stream(s))) => {
                    documents.sealed |= s.sealed();
                    documents.signed |= !s.signer.is_empty();
                    documents.certificates.extend(Certificate::from_der(&s.signer).ok().map(|c| ("signer", c)));
                }
                Ok(Some(Record::Keys(k))) => {
                    let named = recipients(&k).unwrap_or_default();
                    documents.certificates.extend(named.into_iter().map(|c| ("recipient", c)));
                    let changed_by = k.current().changed_by.as_ref();
                    let changed_by = changed_by.and_then(|c| Certificate::from_der(&c.0).ok());
                    documents.certificates.extend(changed_by.map(|c| ("recipients-changed-by", c)));
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(FormatError::Io(e)) => return Err(e.into()),
                // the verdict says what is wrong
                Err(_) => break,
            }
        }
        documents.certificates.extend(given.iter().map(|c| ("given", c.clone())));
        let mut seen = BTreeSet::new();
        documents.certificates.retain(|(role, c)| seen.insert((*role, c.fingerprint())));
        documents.certificates.truncate(MAX_CERTIFICATES);
        Ok(documents)
    }

    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Writes every certificate, and that of the signer of the case.
    pub fn certificates(&self, staging: &mut Staging, exporter: Option<&Signer>) -> Result<(), EvidenceError> {
        let mut numbers: Vec<(&str, usize)> = Vec::new();
        let exporter = exporter.map(|s| ("exporter", s.certificate()));
        for (role, certificate) in self.certificates.iter().map(|(r, c)| (*r, c)).chain(exporter) {
            let number = match numbers.iter_mut().find(|(r, _)| *r == role) {
                Some((_, n)) => {
                    *n += 1;
                    format!("-{n}")
                }
                None => {
                    numbers.push((role, 1));
                    String::new()
                }
            };
            let name = format!("certificates/{role}{number}.pem");
            let what = format!("{}, SHA-256 {}", certificate.subject(), text::hex(&certificate.fingerprint()));
            staging.write(&name, &text::printable(&what), certificate.to_pem().as_bytes())?;
        }
        Ok(())
    }

    /// Writes what `verify` says about the excerpt with the given keys. Gives its text.
    pub fn verdict(
        &self,
        staging: &mut Staging,
        keys: &Keys,
        job: &ExportJob,
        report: &Report,
    ) -> Result<String, EvidenceError> {
        let demands = Demands { signers: job.accepted.clone(), ..Demands::default() };
        let identities = if self.sealed { &keys.identities[..] } else { &[] };
        let input = Input::open(Some(&self.place), report)?;
        let mut chain = Chain::default();
        let verdict = verify::check(input, EXCERPT.into(), identities, &keys.grants, &demands, &mut chain);
        let mut line = verdict.text();
        verdict.remarks().chain(verdict.warnings()).chain(chain.warnings()).for_each(|w| {
            let _ = writeln!(line, "warning: {}", text::printable(&w));
        });
        staging.write("verdict.txt", "what verify said of the excerpt", line.as_bytes())?;
        staging.write(
            "verdict.json",
            "the same for machines",
            verdict.json((job.status)(&verdict.outcome)).as_bytes(),
        )?;
        Ok(line)
    }

    /// Writes T of every track of every epoch of the excerpt; neither the secret of a session nor a chain key is
    /// written.
    pub fn disclose(&self, staging: &mut Staging, keys: &Keys) -> Result<(), EvidenceError> {
        if !self.sealed {
            return Err(EvidenceError::NothingToDisclose);
        }
        let input = BufReader::new(File::open(&self.place)?);
        let mut granter = Granter::new(input, keys.ring().identities, Tracks::All);
        let mut lines = Zeroizing::new(String::from("# stream session epoch track T\n"));
        loop {
            let epoch = match granter.next() {
                Ok(Some(epoch)) => epoch,
                Ok(None) => break,
                Err(SealError::Format(f)) if !matches!(f, FormatError::Io(_)) => break,
                Err(e) => return Err(e.into()),
            };
            if !epoch.can_be_granted() {
                return Err(EvidenceError::NotDisclosed { epoch: epoch.epoch });
            }
            for (track, key) in epoch.disclosed() {
                let (stream, key) = (text::hex(&epoch.stream_hash), Zeroizing::new(text::hex(key)));
                let _ = writeln!(lines, "{stream} {} {} {track} {}", epoch.session, epoch.epoch, *key);
            }
        }
        staging.write("epoch-keys.txt", "the keys of the excerpt's epochs, and of no others", lines.as_bytes())
    }
}
