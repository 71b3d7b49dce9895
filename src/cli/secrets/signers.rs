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

/// Reads the signer of the stream that is written; `None` where none is asked for.
///
/// # Errors
///
/// As [`read_signer`]; a certificate that is expired or not for signing (4).
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

/// The same for a command whose --signer also say whom it accepts: the first one is the own certificate, and is taken out.
///
/// # Errors
///
/// As there.
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

/// Reads the certificates of the signers that are accepted; `None` where anybody's will do.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing (1), no certificate in it (4).
pub fn accepted_signers(flags: &SignerFlags) -> anyhow::Result<Option<Signers>> {
    let mut named = Vec::new();
    for path in &flags.signer {
        named.extend(certificates(path)?);
    }
    let signers = Signers::new(named, authorities(&flags.ca)?.unwrap_or_default());
    Ok((!signers.is_empty()).then_some(signers))
}

/// Reads a file to its end, finds that `accepted` have signed it, and goes back to its beginning.
///
/// # Errors
///
/// A pipe (2); a stream that is not signed, or by somebody else (4); a wrong signature or other damage (3).
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
