//! Files of certificates, and what is wrong with options of new ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::base::text;
use crate::cli::print::print;
use crate::cli::{Failure, Session};
use crate::keys::{Certificate, KeyError};
use crate::recipients::has_certificate_ending;
use crate::storage::{AtomicFile, Existing};

/// Creates a certificate's file; the folder of the recipients may be made by its first certificate.
///
/// # Errors
///
/// As [`AtomicFile::create`]; the folder cannot be made (1).
pub fn create_with_folder(path: &Path, existing: Existing) -> anyhow::Result<AtomicFile> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", text::quoted_path(folder)))?;
    }
    Ok(AtomicFile::create(path, 0o666, existing, None)?)
}

/// Writes certificates as PEM to the recipients' file, or to stdout.
pub(super) fn write(
    certificates: &[&Certificate],
    output: Option<&Path>,
    force: bool,
    session: &Session,
) -> anyhow::Result<()> {
    let pem: String = certificates.iter().map(|c| c.to_pem()).collect();
    match output {
        Some(path) => {
            let mut file = create_with_folder(path, Existing::from_force(force))?;
            file.file().write_all(pem.as_bytes())?;
            file.commit()?;
            if !has_certificate_ending(path) {
                session.warn(format!(
                    "{} is ignored in a folder of recipients: its name must end with .pem, .crt, .cer or .der",
                    text::quoted_path(path)
                ));
            }
        }
        None => print(&pem)?,
    }
    Ok(())
}

/// A name or a validity that cannot be is a matter of the command line.
pub(super) fn bad_option(error: KeyError) -> anyhow::Error {
    match error {
        KeyError::BadOption(why) => Failure::usage(why).into(),
        error => error.into(),
    }
}
