//! What `view --export` does with its flags.

use std::path::PathBuf;

use crate::evidence::{self, ExportJob};
use crate::foreign::Foreign;
use crate::keys::certificate_file::MAX_FILE;
use crate::keys::{Certificate, Signer, certificates_in};
use crate::playback::{Keyring, Span, TrackChoice};
use crate::storage::{Existing, Input, read_bounded};

use super::verify::status;
use crate::cli::Session;
use crate::cli::flags::SourceFlags;
use crate::cli::secrets::{SignerFlags, accepted_signers};

/// A case, as the command line asks for it.
pub struct Export {
    /// The case: a zip file if the name ends in `.zip`, else a folder.
    pub path: PathBuf,
    /// A zip file of that name is replaced.
    pub force: bool,
    /// The permissions of its files.
    pub mode: Option<u32>,
    /// From when to when.
    pub span: Span,
    /// Which streams are accepted.
    pub source: SourceFlags,
    /// Who signs the case.
    pub signer: Option<Signer>,
    /// The epoch keys of the excerpt are put in.
    pub disclose_keys: bool,
    /// Which tracks the video is made of.
    pub tracks: TrackChoice,
    /// How its pictures are decoded.
    pub foreign: Foreign,
}

/// Makes a case of the input.
///
/// # Errors
///
/// As [`evidence::export`]; the file of a signer cannot be read or used.
pub fn export(input: Input, keyring: Keyring, export: Export, session: &Session) -> anyhow::Result<()> {
    let (signers, report) = (&export.source.signers, session.report());
    let job = ExportJob {
        path: export.path,
        existing: Existing::from_force(export.force),
        mode: export.mode,
        span: export.span,
        plain_ok: export.source.plain_ok,
        accepted: accepted_signers(signers, &report)?,
        given: given(signers)?,
        signer: export.signer,
        disclose_keys: export.disclose_keys,
        tracks: export.tracks,
        foreign: export.foreign,
        status: |outcome| status(outcome).code(),
    };
    Ok(evidence::export(input, keyring, job, &report)?)
}

/// The certificates of accepted signers and of their authorities.
fn given(signers: &SignerFlags) -> anyhow::Result<Vec<Certificate>> {
    let mut all = Vec::new();
    for path in signers.signer.iter().chain(&signers.authority.ca) {
        all.extend(certificates_in(&read_bounded(path, MAX_FILE)?).unwrap_or_default());
    }
    Ok(all)
}
