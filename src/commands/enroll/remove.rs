//! `enroll-cert --remove`: takes a certificate out of its folder, but not the last one that recording goes on with.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::base::{text, wall_ns};
use crate::cli::flags::{EnrollFlags, TrustFlags};
use crate::cli::{Failure, Session};
use crate::keys::certificate_file::MAX_FILE;
use crate::keys::{KeyError, certificates_in};
use crate::recipients::{CertificateFiles, Files, Listing, Rules, has_certificate_ending};

use super::describe::description;

/// Removes the certificate's file. With fewer than `--minimum-recipients` left in its folder that are usable under the
/// rules of
/// `--ca` and `--crl`, that is refused unless `--force` was given.
///
/// # Errors
///
/// A [`Failure`]: the last usable one, or no certificate at all. It, an authority or a list cannot be read, or it
/// cannot be removed.
pub fn remove(path: &Path, flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let trust = &flags.trust;
    let name = text::quoted_path(path);
    let now_ns = wall_ns();
    let found = certificates_in(&crate::storage::read_bounded(path, MAX_FILE)?);
    match &found {
        // what is damaged may go if it is named as a certificate, but never a key
        Err(KeyError::PrivateKeyNotCertificate) => {
            return Err(Failure::refused(format!("{name} holds a private key, and is not removed")).into());
        }
        Err(error) if !has_certificate_ending(path) => {
            return Err(Failure::refused(format!("{name} is not removed: {error}")).into());
        }
        _ => {}
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let all = CertificateFiles::new(&[folder.to_path_buf()])?;
    let before = usable(&mut all.clone(), trust, now_ns)?;
    let rest = usable(&mut Without { files: all, path }, trust, now_ns)?;
    let minimum = flags.minimum_recipients.max(1);
    if rest < minimum && before >= minimum && !flags.force {
        let message = match minimum {
            1 => format!("{name} is the last usable certificate in {}", text::quoted_path(folder)),
            n => {
                format!("without {name} there are fewer than {n} usable certificates in {}", text::quoted_path(folder))
            }
        };
        return Err(Failure::refused(message)
            .hint("recording would stop: enrol another one first, or give --force")
            .into());
    }
    fs::remove_file(path).with_context(|| format!("cannot remove {name}"))?;
    match found {
        Ok(certificates) => {
            certificates.iter().for_each(|c| session.note(format!("removed {}", description(c, now_ns))))
        }
        Err(_) => session.note(format!("removed {name}")),
    }
    session.note("what was recorded until the open epoch ends can still be opened with its key; rewrap takes that away from a file");
    Ok(())
}

/// How many certificates a recording would begin with now.
fn usable(files: &mut dyn Files, trust: &TrustFlags, now_ns: i64) -> anyhow::Result<usize> {
    let Rules { mut recipients, mut lists, .. } = trust.options(Duration::ZERO).open()?;
    let set = recipients.refresh(files, &mut lists, now_ns).map_err(Failure::failed)?;
    Ok(set.usable.len())
}

/// A folder as it will be without one of its files.
struct Without<'a> {
    files: CertificateFiles,
    path: &'a Path,
}

impl Files for Without<'_> {
    fn list(&mut self) -> Vec<Listing> {
        let mut listings = self.files.list();
        for files in listings.iter_mut().filter_map(|l| l.files.as_mut().ok()) {
            files.retain(|(name, _)| Path::new(name).file_name() != self.path.file_name());
        }
        listings
    }

    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        Files::read(&mut self.files, name)
    }
}
