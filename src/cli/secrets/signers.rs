//! Who signs, and whose signatures are accepted: keys and certificates out of files.

use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::format::Reader;
use crate::keys::certificate::MAX_FILE;
use crate::keys::{Certificate, Signer, SignerFault, Signers, certificates_in};
use crate::seal::SignatureCheck;

use super::read_signer;
use crate::base::{text, wall_ns};
use crate::cli::flags::{PassphraseFlags, SignFlags, SignerFlags};
use crate::cli::{Failure, Session};
use crate::recipients::authorities;
use crate::storage::{Input, read_bounded};

/// Reads the signer of the stream that is written; `None` where none was given.
///
/// # Errors
///
/// As [`read_signer`]; a certificate that is expired or not for signing.
pub fn own_signer(
    flags: &SignFlags,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Option<Signer>> {
    match (&flags.sign, &flags.signer) {
        (Some(key), Some(certificate)) => signer(key, certificate, passphrase, session).map(Some),
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
        Some(key) if !signers.is_empty() => signer(key, &signers.remove(0), passphrase, session).map(Some),
        _ => Ok(None),
    }
}

fn signer(key: &Path, certificate: &Path, passphrase: &PassphraseFlags, session: &Session) -> anyhow::Result<Signer> {
    let signer = read_signer(key, certificate, passphrase, session)?;
    signer.certificate().can_sign(wall_ns()).map_err(|e| {
        let name = text::quoted_path(certificate);
        Failure::refused(match e {
            SignerFault::Expired => format!("the signer's certificate {name} has expired"),
            SignerFault::NotYetValid => format!("the signer's certificate {name} is not yet valid"),
            e => format!("the signer's certificate {name} {e}"),
        })
        .hint("enroll-cert --generate --for signing makes a key and its certificate")
    })?;
    Ok(signer)
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

/// Reads a file to its end, checks that it is signed by one of `accepted`, and goes back to where it was.
///
/// # Errors
///
/// A [`Failure`]: it is a pipe. A [`crate::seal::SealError`]: it is not signed, or by an unknown signer; a wrong
/// signature or other damage.
pub fn proved(input: &mut Input, accepted: &Signers) -> anyhow::Result<()> {
    if !input.is_seekable() {
        return Err(Failure::usage("to check who signed it, the stream is read twice: it must be a file")
            .hint("give the file by its name, or verify it first")
            .into());
    }
    let begin = input.stream_position()?;
    let (mut reader, mut signature_check) = (Reader::new(&mut *input), SignatureCheck::demanding(accepted.clone()));
    while let Some(record) = reader.next()? {
        signature_check.read(&record, reader.raw(), reader.record_offset())?;
    }
    input.seek(SeekFrom::Start(begin))?;
    Ok(())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let found = certificates_in(&read_bounded(path, MAX_FILE)?);
    Ok(found.map_err(|e| {
        Failure::refused(format!("cannot use the signer's certificate {}: {e}", text::quoted_path(path)))
    })?)
}
