//! SHA-256 of every file, and a signature over the list.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
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
    let (mut file, mut context) = (File::open(path)?, digest::Context::new(&digest::SHA256));
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(context.finish().as_ref().to_vec()),
            n => context.update(&buffer[..n]),
        }
    }
}
