//! Who signs, and whose signatures are accepted: keys and certificates out of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::keys::certificate_file::MAX_FILE;
use crate::keys::{Certificate, Signer, SignerFault, Signers, certificates_in};

use super::keyring::key_and_certificate;
use crate::base::{Report, text};
use crate::cli::classify::NEW_SIGNER;
use crate::cli::flags::{PassphraseFlags, SignFlags, SignerAuthorityFlags, SignerFlags, TrustFlags};
use crate::cli::{Failure, Session};
use crate::recipients::{RecipientsOptions, SignerLists, authorities};
use crate::storage::read_bounded;

/// Reads the signer of the stream that is written; `None` where none was given, or where its certificate has expired
/// and `--unsigned-after-expiry` was given.
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
        (Some(key), Some(certificate)) => {
            unless_expired(key, certificate, flags.unsigned_after_expiry, passphrase, session)
        }
        _ => Ok(None),
    }
}

/// As [`own_signer`], for a command whose `--signer` also names whom it accepts: the first one is its own certificate,
/// and is taken out. Gives its file, too.
///
/// # Errors
///
/// As [`read_signer`].
pub fn first_signer(
    key: Option<&Path>,
    signers: &mut Vec<PathBuf>,
    unsigned_after_expiry: bool,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Option<(Signer, PathBuf)>> {
    match key {
        Some(key) if !signers.is_empty() => {
            let certificate = signers.remove(0);
            let signer = unless_expired(key, &certificate, unsigned_after_expiry, passphrase, session)?;
            Ok(signer.map(|signer| (signer, certificate)))
        }
        _ => Ok(None),
    }
}

/// Reads the private key of `--sign` and the certificate of `--signer`.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing (1); a certificate that is expired, not yet valid or not for signing, or a key
/// that cannot sign or is not the certificate's (4).
pub fn read_signer(
    key: &Path,
    certificate: &Path,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Signer> {
    key_and_certificate(key, certificate, passphrase, session)?.map_err(|fault| refused(certificate, fault).into())
}

/// The same; `None` where the certificate has expired and that is allowed.
fn unless_expired(
    key: &Path,
    certificate: &Path,
    allowed: bool,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Option<Signer>> {
    match key_and_certificate(key, certificate, passphrase, session)? {
        Ok(signer) => Ok(Some(signer)),
        Err(SignerFault::Expired) if allowed => {
            let name = text::quoted_path(certificate);
            session.warn(format!("the signer's certificate {name} has expired: nothing is signed"));
            Ok(None)
        }
        Err(fault) => Err(refused(certificate, fault).into()),
    }
}

fn refused(certificate: &Path, fault: SignerFault) -> Failure {
    let name = text::quoted_path(certificate);
    Failure::refused(format!("the signer's certificate {name} {}", fault.of_own())).hint(NEW_SIGNER)
}

/// Reads the certificates of the signers that are accepted, and of their authorities, and the revocation lists; `None`
/// where any signer is accepted.
///
/// # Errors
///
/// A [`Failure`]: no certificate in a file; revocation lists for nobody. A file that is missing.
pub fn accepted_signers(flags: &SignerFlags, report: &Report) -> anyhow::Result<Option<Signers>> {
    let SignerAuthorityFlags { ca, signer_name, crl, crl_grace } = &flags.authority;
    if flags.signer.is_empty() && ca.is_empty() {
        let useless = Failure::usage("--crl is for the signers of --signer and --ca");
        return if crl.is_empty() { Ok(None) } else { Err(useless.into()) };
    }
    let named = named(&flags.signer)?;
    if crl.is_empty() {
        return Ok(Some(Signers::new(named, authorities(ca)?.unwrap_or_default()).called(signer_name.clone())));
    }
    let options = RecipientsOptions {
        authorities: ca.clone(),
        revocation_lists: crl.clone(),
        revocation_grace: *crl_grace,
        ..RecipientsOptions::default()
    };
    let lists = Arc::new(SignerLists::open(&options, report)?);
    Ok(Some(Signers::trusting(named, !ca.is_empty(), lists).called(signer_name.clone())))
}

/// Reads the certificates in the files `signers`, who are accepted; `None` where there are no files. `trust` has the
/// revocation lists that must vouch for them, and authorities only to check those.
///
/// # Errors
///
/// As [`accepted_signers`].
pub fn named_signers(signers: &[PathBuf], trust: &TrustFlags, report: &Report) -> anyhow::Result<Option<Signers>> {
    if signers.is_empty() {
        return Ok(None);
    }
    let named = named(signers)?;
    if trust.crl.is_empty() {
        return Ok(Some(Signers::new(named, Vec::new())));
    }
    let lists = Arc::new(SignerLists::open(&trust.options(Duration::ZERO), report)?);
    Ok(Some(Signers::trusting(named, false, lists)))
}

fn named(paths: &[PathBuf]) -> anyhow::Result<Vec<Certificate>> {
    let mut named = Vec::new();
    for path in paths {
        named.extend(certificates(path)?);
    }
    Ok(named)
}

fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let found = certificates_in(&read_bounded(path, MAX_FILE)?);
    Ok(found.map_err(|e| {
        Failure::refused(format!("cannot use the signer's certificate {}: {e}", text::quoted_path(path)))
    })?)
}
