//! A case is made: the excerpt first, then everything else out of the excerpt.

use crate::base::{Report, text, wall_ns};
use crate::keys::SignatureScheme;
use crate::playback::Keyring;
use crate::rewrap::excerpt;
use crate::storage::Input;

use super::checksums;
use super::documents::Documents;
use super::error::EvidenceError;
use super::job::{ExportJob, Keys};
use super::readme::{CaseFacts, readme};
use super::staging::{EXCERPT, Staging};
use super::video::{Pictures, pictures};

/// Makes a case of `input`, which must be files.
///
/// Everything in it but the excerpt is made of the excerpt. The case gets its name when it is finished and on the disk;
/// the names in it are those of `readme`.
///
/// # Errors
///
/// The input is a pipe; the name is taken; there is nothing at that time; a file cannot be written; no key opens the
/// recording, or it is not sealed although there is a key. Of a damaged recording there is an error, and a case of what
/// is authentic.
pub fn export(input: Input, keyring: Keyring, job: ExportJob, report: &Report) -> Result<(), EvidenceError> {
    if !input.is_seekable() {
        return Err(EvidenceError::Pipe);
    }
    let keys = Keys::from(keyring);
    let mut staging = Staging::begin(&job.path, job.existing, job.mode, &input, report)?;
    let cut = excerpt(
        input,
        staging.create(EXCERPT, "the recording as it was written, cut at whole epochs")?,
        job.span,
        report,
    )?;
    let place = staging.file(EXCERPT);

    let documents = Documents::read(&place, &job.given)?;
    let made = pictures(&mut staging, &keys, &job, cut.span, report)?;
    documents.certificates(&mut staging, job.signer.as_ref())?;
    let verdict = documents.verdict(&mut staging, &keys, &job, report)?;
    if job.disclose_keys {
        documents.disclose(&mut staging, &keys)?;
    }
    for (name, what, content) in [
        ("read-sealed.py", "a reader that is independent of Vidveil", include_str!("../../scripts/read-sealed.py")),
        ("read_sealed_keys.py", "its other half", include_str!("../../scripts/read_sealed_keys.py")),
    ] {
        staging.write(name, what, content.as_bytes())?;
    }
    let Pictures { camera, left_out, verdict: pictures } = made;
    let facts = CaseFacts {
        camera: &camera,
        made_ns: wall_ns(),
        taken: &cut.text,
        left_out,
        verdict: &verdict,
        signed: job.signer.as_ref().map(|s| s.certificate()),
        signed_stream: documents.is_signed(),
        sealed: documents.is_sealed(),
        disclosed: job.disclose_keys,
    };
    let text = readme(&facts, staging.files());
    staging.write("README.txt", "this", text.as_bytes())?;
    checksums::write(&mut staging, job.signer.as_ref())?;
    if report.is_stopping() {
        return Err(EvidenceError::Stopped);
    }
    staging.commit()?;
    report.note(format!("{}: {}", text::quoted_path(&job.path), cut.text));
    if job.signer.as_ref().is_some_and(|s| s.scheme() == SignatureScheme::Ed25519) {
        report.hint(
            "OpenSSL 3.0 cannot check a CMS signature by Ed25519; every version checks those by P-256, P-384 and RSA",
        );
    }
    if let Some(fault) = cut.fault {
        return Err(EvidenceError::Damaged(fault));
    }
    Ok(pictures?)
}
