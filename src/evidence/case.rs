//! A case made: the excerpt first, then everything else out of the excerpt.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::base::Report;
use crate::base::{text, wall_ns};
use crate::cli::{
    Failure, Status,
    secrets::{Keyring, SignerFlags},
};
use crate::format::Grant;
use crate::keys::{Identity, SignatureScheme, Signer};
use crate::playback::Span;
use crate::rewrap::excerpt;
use crate::storage::{Existing, Input};

use super::checksums;
use super::documents::Papers;
use super::readme::{Facts, readme};
use super::staging::Staging;
use super::video::{Pictures, pictures};

/// The sealed original excerpt.
pub(super) const EXCERPT: &str = "excerpt.vv";

/// What is to be made.
pub struct ExportJob {
    /// A zip file when it ends in `.zip`, else a folder.
    pub path: PathBuf,
    /// What to do when the name is taken.
    pub existing: Existing,
    /// From when to when; the sealed excerpt is of whole epochs.
    pub span: Span,
    /// A stream that is not sealed will do although there are keys.
    pub plain_ok: bool,
    /// Whose streams are accepted.
    pub signers: SignerFlags,
    /// Who signs the case.
    pub signer: Option<Signer>,
    /// The epoch keys of the excerpt are put in.
    pub disclose_keys: bool,
}

/// Private keys and grants that are used several times.
pub(super) struct Keys {
    pub identities: Vec<Rc<dyn Identity>>,
    pub grants: Vec<Grant>,
    pub shared: bool,
}

impl Keys {
    pub fn ring(&self) -> Keyring {
        let identities = self.identities.iter().map(|i| Box::new(Rc::clone(i)) as Box<dyn Identity>);
        Keyring { identities: identities.collect(), grants: self.grants.clone(), shared: self.shared }
    }
}

/// Makes a case of `input`, which must be files.
///
/// Everything in it but the excerpt is made of the excerpt. The case gets its name when it is finished and on the disk; the names in it
/// are those of [`readme`].
///
/// # Errors
///
/// The input is a pipe, or the name is taken (2); nothing at that time, the disk is full (1); no key, or not sealed although there is
/// one (4). Damage (3) leaves a case of what is authentic, unless there is nothing.
pub fn export(input: Input, keyring: Keyring, job: ExportJob, report: &Report) -> anyhow::Result<()> {
    if !input.is_seekable() {
        return Err(Failure::usage("a case is made of files, not of a pipe")
            .hint("keep the stream in a file first, or name a folder of record")
            .into());
    }
    let Keyring { identities, grants, shared } = keyring;
    let keys = Keys { identities: identities.into_iter().map(Rc::from).collect(), grants, shared };
    let mut staging = Staging::begin(&job.path, job.existing, &input, report)?;
    let cut = excerpt(
        input,
        staging.create(EXCERPT, "the recording as it was written, cut at whole epochs")?,
        job.span,
        report,
    )?;
    let place = staging.file(EXCERPT);

    let papers = Papers::read(&place, &job.signers)?;
    let made = pictures(&mut staging, &keys, &job, cut.span, report)?;
    papers.certificates(&mut staging, job.signer.as_ref())?;
    let verdict = papers.verdict(&mut staging, &keys, &job.signers, report)?;
    if job.disclose_keys {
        papers.disclose(&mut staging, &keys)?;
    }
    for (name, what, content) in [
        ("read-sealed.py", "a reader that is independent of Vidveil", include_str!("../../scripts/read-sealed.py")),
        ("read_sealed_keys.py", "its other half", include_str!("../../scripts/read_sealed_keys.py")),
    ] {
        staging.write(name, what, content.as_bytes())?;
    }
    let Pictures { camera, verdict: pictures } = made;
    let facts = Facts {
        camera: &camera,
        made_ns: wall_ns(),
        taken: &cut.text,
        verdict: &verdict,
        signed: job.signer.as_ref().map(|s| s.certificate()),
        signed_stream: papers.is_signed(),
        sealed: papers.is_sealed(),
        disclosed: job.disclose_keys,
    };
    let text = readme(&facts, staging.files());
    staging.write("README.txt", "this", text.as_bytes())?;
    checksums::write(&mut staging, job.signer.as_ref())?;
    if report.is_stopping() {
        return Err(Failure::new(Status::Interrupted, "stopped").into());
    }
    staging.commit()?;
    report.note(format!("{}: {}", text::quoted_path(&job.path), cut.text));
    if job.signer.as_ref().is_some_and(|s| s.scheme() == SignatureScheme::Ed25519) {
        report.hint(
            "OpenSSL 3.0 cannot check a CMS signature by Ed25519; every version checks those by P-256, P-384 and RSA",
        );
    }
    if let Some(fault) = cut.fault {
        return Err(anyhow::Error::from(fault).context("the case ends where the recording is damaged"));
    }
    pictures
}

/// Whether the case is one file.
pub(super) fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"))
}
