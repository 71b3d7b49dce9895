//! Name and password of a camera, and whose certificates are believed for one, out of files.

use std::path::Path;

use crate::base::text;
use crate::capture::rtsp::Credentials;
use crate::cli::{Failure, Session};
use crate::keys::certificate_file::{MAX_FILE, certificates_in};
use crate::storage::read_bounded;

use super::read_secret_file;

/// Longest name and password together, in bytes.
const MAX_CREDENTIALS: usize = 1024;

/// Reads a camera's credentials from a file with one line, `NAME:PASSWORD`.
///
/// # Errors
///
/// The file is missing, or holds something else.
pub fn read_credentials(path: &Path, session: &Session) -> anyhow::Result<Credentials> {
    let bytes = read_secret_file(path, session)?;
    let line = std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() <= MAX_CREDENTIALS);
    let line = line.map(|l| l.strip_suffix('\n').unwrap_or(l)).map(|l| l.strip_suffix('\r').unwrap_or(l));
    line.filter(|l| !l.contains('\n')).and_then(Credentials::parse).ok_or_else(|| {
        Failure::usage(format!("{} holds no credentials", text::quoted_path(path)))
            .hint("the file has one line: NAME:PASSWORD")
            .into()
    })
}

/// Reads the certificates (DER) in the file of a camera's `--ca`.
///
/// # Errors
///
/// The file is missing, or holds something else.
pub fn read_certificates(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let found = certificates_in(&read_bounded(path, MAX_FILE)?);
    let found = found.map_err(|e| Failure::usage(format!("cannot use {}: {e}", text::quoted_path(path))))?;
    Ok(found.iter().map(|certificate| certificate.der().to_vec()).collect())
}
