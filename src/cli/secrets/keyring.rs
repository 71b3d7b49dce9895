//! The private keys of `-i` and `--sign`, and the grants of `--grant-file`.

use std::path::Path;

use zeroize::Zeroizing;

use crate::format::{Fault, FormatError, Grant};
use crate::keys::certificate_file::MAX_FILE;
use crate::keys::{Identity, KeyError, KeyFile, Signer, SignerFault, certificates_in};
use crate::seal::read_sidecar;

use super::secret_file::read_secret;
use super::tokens::{TokenRing, is_token};
use super::{agent, card, read_passphrase};
use crate::base::{text, wall_ns};
use crate::cli::flags::{GrantFlags, IdentityFlags, PassphraseFlags};
use crate::cli::{Failure, Session};
use crate::playback::Keyring;
use crate::storage::read_bounded;

/// The largest sidecar that is read, in bytes.
const MAX_SIDECAR: usize = 16 << 20;

/// Reads private keys and grants.
///
/// # Errors
///
/// As [`read_identities`] and [`read_grants`].
pub fn read_keyring(identity: &IdentityFlags, grants: &GrantFlags, session: &Session) -> anyhow::Result<Keyring> {
    if !grants.grant_files.is_empty() && !identity.is_given() {
        return Err(Failure::usage("--grant-file needs the key that the grants are for")
            .hint("give -i or --card")
            .into());
    }
    // before a pass phrase is asked for
    let grants = read_grants(grants)?;
    let shared = !identity.names_any() && identity.is_given();
    Ok(Keyring { identities: read_identities(identity, session)?, grants, shared })
}

/// Reads every sidecar that the flags name.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing or too long (1), no sidecar (2), or a damaged one (3).
pub fn read_grants(flags: &GrantFlags) -> anyhow::Result<Vec<Grant>> {
    let mut grants = Vec::new();
    for path in &flags.grant_files {
        let name = text::quoted_path(path);
        let bytes = read_bounded(path, MAX_SIDECAR)?;
        grants.extend(read_sidecar(&bytes[..]).map_err(|e| match e {
            FormatError::Header { fault: Fault::Order | Fault::Magic, .. } => {
                Failure::usage(format!("{name} holds no grants")).hint("give what rewrap --grant --sidecar wrote")
            }
            e => Failure::damaged(format!("the grants in {name}: {e}")),
        })?);
    }
    Ok(grants)
}

/// Reads every private key file that the flags name, logs in to every token, and asks for pass phrases and PINs where
/// they are needed; with `--card` finds the cards, whose PIN is asked for when a key of theirs is needed. They come
/// last. Where the flags name nothing, the keys are those of the key agent that this command was started under, if
/// there is one.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing (1), a URI that is none (2), no private key, or of a kind that opens nothing
/// here, or a wrong pass phrase (4). A [`crate::keys::DeviceError`]: what a token says, no card, or none that can be
/// used, or a key agent that is gone (5).
pub fn read_identities(flags: &IdentityFlags, session: &Session) -> anyhow::Result<Vec<Box<dyn Identity>>> {
    if !flags.names_any() && agent::offered() {
        return Ok(agent::Inherited::identities()?);
    }
    let mut keyring: Vec<Box<dyn Identity>> = Vec::new();
    let mut tokens = TokenRing::new(&flags.pin, session);
    for path in &flags.identities {
        if is_token(path) {
            keyring.extend(tokens.open(path)?);
            continue;
        }
        let name = text::quoted_path(path);
        let (bytes, exposure) = read_secret(path)?;
        let key = with_passphrase(&name, &flags.passphrase, session, |ask| KeyFile::parse(&bytes, ask))?;
        let key = key.map_err(|e| Failure::refused(format!("cannot use the key {name}: {e}")))?;
        // of a certificate that was given by mistake it would be nonsense
        exposure.warn(session);
        keyring.push(Box::new(key));
    }
    if flags.card.card {
        keyring.extend(card::identities(&flags.card, &flags.pin, session)?);
    }
    Ok(keyring)
}

/// Reads the private key of `--sign` and the certificate of `--signer`. Gives what speaks against that certificate, if
/// something does.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing (1); a key that cannot sign or is not the certificate's (4).
pub(super) fn key_and_certificate(
    key: &Path,
    certificate: &Path,
    passphrase: &PassphraseFlags,
    session: &Session,
) -> anyhow::Result<Result<Signer, SignerFault>> {
    let (key_name, name) = (text::quoted_path(key), text::quoted_path(certificate));
    let found = certificates_in(&read_bounded(certificate, MAX_FILE)?);
    let found = found.map_err(|e| Failure::refused(format!("cannot use the certificate {name}: {e}")))?;
    let [certificate] = <[_; 1]>::try_from(found)
        .map_err(|_| Failure::refused(format!("there must be one certificate in {name}, the signer's")))?;
    let (bytes, exposure) = read_secret(key)?;
    let read = |ask: &mut dyn FnMut() -> _| Signer::new(&bytes, certificate, wall_ns(), ask);
    let signer = match with_passphrase(&key_name, passphrase, session, read)? {
        Ok(signer) => signer,
        Err(KeyError::Signer(fault)) => return Ok(Err(fault)),
        Err(e) => return Err(Failure::refused(format!("cannot use the key {key_name} with {name}: {e}")).into()),
    };
    exposure.warn(session);
    Ok(Ok(signer))
}

/// Gives `read` what asks for the pass phrase of the key `name`, once. An asking that failed is the error, whatever
/// `read` makes of it.
fn with_passphrase<T>(
    name: &str,
    flags: &PassphraseFlags,
    session: &Session,
    read: impl FnOnce(&mut dyn FnMut() -> Option<Zeroizing<Vec<u8>>>) -> T,
) -> anyhow::Result<T> {
    let mut failed = None;
    let read = read(&mut || match read_passphrase(flags, name, session) {
        Ok(p) => Some(Zeroizing::new(p.as_bytes().to_vec())),
        Err(e) => {
            failed = Some(e);
            None
        }
    });
    match failed {
        Some(e) => Err(e),
        None => Ok(read),
    }
}
