//! SHA-256 of every file, and a signature over the list.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use ring::digest;

use crate::base::{text, wall_ns};
use crate::keys::{Signer, sign_detached};

use super::error::EvidenceError;
use super::staging::Staging;

/// The list, as sha256sum writes and checks it.
pub(super) const SUMS: &str = "SHA256SUMS";
/// CMS SignedData over it, DER.
pub(super) const SIGNATURE: &str = "SHA256SUMS.p7s";

/// Writes the list of all files so far, and its signature if there is a signer.
pub(super) fn write(staging: &mut Staging, signer: Option<&Signer>) -> Result<(), EvidenceError> {
    let mut list = String::new();
    for (name, _) in staging.files() {
        let _ = writeln!(list, "{}  {name}", text::hex(&sha256(&staging.file(name))?));
    }
    staging.write(SUMS, "SHA-256 of every other file", list.as_bytes())?;
    if let Some(signer) = signer {
        let signature = sign_detached(signer, list.as_bytes(), wall_ns())?;
        staging.write(SIGNATURE, "signature over it", &signature)?;
    }
    Ok(())
}

fn sha256(path: &Path) -> io::Result<Vec<u8>> {
    let mut hash = Hash(digest::Context::new(&digest::SHA256));
    io::copy(&mut BufReader::with_capacity(1 << 18, File::open(path)?), &mut hash)?;
    Ok(hash.0.finish().as_ref().to_vec())
}

/// Takes bytes to be hashed.
struct Hash(digest::Context);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
