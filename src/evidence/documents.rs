//! What vouches for the excerpt: certificates, the verdict, and epoch keys where they are disclosed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::Report;
use crate::base::text;
use crate::cli::{
    Failure,
    secrets::{SignerFlags, accepted_signers},
};
use crate::format::{FormatError, Reader, Record};
use crate::keys::certificate::MAX_FILE;
use crate::keys::{Certificate, Signer, certificates_in};
use crate::seal::{Granter, Tracks, recipients};
use crate::storage::{Input, read_bounded};
use crate::verify::{self, Chain, Demands};

use super::case::{EXCERPT, Keys};
use super::staging::Staging;

/// Most certificates that are put in.
const MOST: usize = 4096;

/// What an excerpt says of people.
pub(super) struct Papers {
    place: PathBuf,
    sealed: bool,
    signed: bool,
    /// Beginning of the file name, and the certificate.
    certificates: Vec<(&'static str, Certificate)>,
}

impl Papers {
    /// Reads the records of the excerpt that need no key.
    pub fn read(place: &Path, given: &SignerFlags) -> anyhow::Result<Self> {
        let mut papers = Papers { place: place.to_owned(), sealed: false, signed: false, certificates: Vec::new() };
        let mut reader = Reader::new(std::io::BufReader::new(std::fs::File::open(place)?));
        loop {
            match reader.next() {
                Ok(Some(Record::Stream(s))) => {
                    papers.sealed |= s.sealed();
                    papers.signed |= !s.signer.is_empty();
                    papers.certificates.extend(Certificate::from_der(&s.signer).ok().map(|c| ("signer", c)));
                }
                Ok(Some(Record::Keys(k))) => {
                    let named = recipients(&k).unwrap_or_default();
                    papers.certificates.extend(named.into_iter().map(|c| ("recipient", c)));
                    let changed_by = k.current().changed_by.as_ref();
                    let changed_by = changed_by.and_then(|c| Certificate::from_der(&c.0).ok());
                    papers.certificates.extend(changed_by.map(|c| ("recipients-changed-by", c)));
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(FormatError::Io(e)) => return Err(e.into()),
                // the verdict tells
                Err(_) => break,
            }
        }
        for path in given.signer.iter().chain(&given.ca) {
            let found = certificates_in(&read_bounded(path, MAX_FILE)?).unwrap_or_default();
            papers.certificates.extend(found.into_iter().map(|c| ("given", c)));
        }
        let mut seen = BTreeSet::new();
        papers.certificates.retain(|(role, c)| seen.insert((*role, c.fingerprint())));
        papers.certificates.truncate(MOST);
        Ok(papers)
    }

    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Writes every certificate, and that of who signs the case.
    pub fn certificates(&self, staging: &mut Staging, exporter: Option<&Signer>) -> anyhow::Result<()> {
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

    /// Writes what `verify` says of the excerpt with the keys that are there; gives it.
    pub fn verdict(
        &self,
        staging: &mut Staging,
        keys: &Keys,
        signers: &SignerFlags,
        report: &Report,
    ) -> anyhow::Result<String> {
        let demands = Demands { signers: accepted_signers(signers)?, ..Demands::default() };
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
            verdict.json(crate::cli::verify::status(&verdict.outcome).code()).as_bytes(),
        )?;
        Ok(line)
    }

    /// Writes T of every track of every epoch of the excerpt. Neither a session's secret nor a chain key leaves.
    pub fn disclose(&self, staging: &mut Staging, keys: &Keys) -> anyhow::Result<()> {
        if !self.sealed {
            return Err(Failure::usage("the stream is not sealed: there are no keys to disclose").into());
        }
        let input = std::io::BufReader::new(std::fs::File::open(&self.place)?);
        let mut granter = Granter::new(input, keys.ring().identities, Tracks::All);
        let mut lines = Zeroizing::new(String::from("# stream session epoch track T\n"));
        loop {
            let epoch = match granter.next() {
                Ok(Some(epoch)) => epoch,
                Ok(None) => break,
                Err(e) if matches!(&e, crate::seal::SealError::Format(f) if !matches!(f, FormatError::Io(_))) => break,
                Err(e) => return Err(e.into()),
            };
            if !epoch.can_be_granted() {
                let what = format!("the keys of epoch {} are not yours to disclose", epoch.epoch);
                return Err(Failure::refused(what)
                    .hint("--disclose-keys takes the key of a recipient (-i or --card); a grant will not do")
                    .into());
            }
            for (track, key) in epoch.disclosed() {
                let (stream, key) = (text::hex(&epoch.stream_hash), Zeroizing::new(text::hex(key)));
                let _ = writeln!(lines, "{stream} {} {} {track} {}", epoch.session, epoch.epoch, *key);
            }
        }
        staging.write("epoch-keys.txt", "the keys of the excerpt's epochs, and of no others", lines.as_bytes())
    }
}
