//! Who signs, and whose signatures are accepted: keys and certificates out of files.

use std::path::{Path, PathBuf};

use crate::keys::certificate::MAX_FILE;
use crate::keys::{Certificate, Signer, Signers, certificates_in};

use super::read_signer;
use crate::base::text;
use crate::cli::flags::{PassphraseFlags, SignFlags, SignerFlags};
use crate::cli::{Failure, Session};
use crate::recipients::authorities;
use crate::storage::read_bounded;

/// Reads the signer of the stream that is written; `None` where none was given.
///
/// # Errors
///
/// As [`read_signer`].
pub fn own_signer(
    flags: &SignFlags,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Option<Signer>> {
    match (&flags.sign, &flags.signer) {
        (Some(key), Some(certificate)) => read_signer(key, certificate, passphrase, session).map(Some),
        _ => Ok(None),
    }
}

/// As [`own_signer`], for a command whose `--signer` also names whom it accepts: the first one is its own certificate,
/// and is taken out.
///
/// # Errors
///
/// As [`own_signer`].
pub fn first_signer(
    key: Option<&Path>,
    signers: &mut Vec<PathBuf>,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Option<Signer>> {
    match key {
        Some(key) if !signers.is_empty() => read_signer(key, &signers.remove(0), passphrase, session).map(Some),
        _ => Ok(None),
    }
}

/// Reads the certificates of the signers that are accepted; `None` where any signer is accepted.
///
/// # Errors
///
/// A [`Failure`]: no certificate in a file. A file that is missing.
pub fn accepted_signers(flags: &SignerFlags) -> anyhow::Result<Option<Signers>> {
    let mut named = Vec::new();
    for path in &flags.signer {
        named.extend(certificates(path)?);
    }
    let signers = Signers::new(named, authorities(&flags.ca)?.unwrap_or_default());
    Ok((!signers.is_empty()).then_some(signers))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let found = certificates_in(&read_bounded(path, MAX_FILE)?);
    Ok(found.map_err(|e| {
        Failure::refused(format!("cannot use the signer's certificate {}: {e}", text::quoted_path(path)))
    })?)
}
