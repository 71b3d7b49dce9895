//! Files that hold secrets.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Context;
use zeroize::Zeroizing;

use crate::base::text;
use crate::cli::Session;
use crate::storage::file;

/// The longest key file, in bytes.
const MAX_SECRET: usize = 1024 * 1024;
/// Permissions of the group and of others.
const GROUP_AND_OTHERS: u32 = 0o077;

/// Reads a file with a secret, wiped from memory after use; warns when others can read it.
///
/// # Errors
///
/// It is a folder, missing, unreadable or longer than 1 MiB.
pub fn read_secret_file(path: &Path, session: &Session) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let (bytes, exposure) = read_secret(path)?;
    exposure.warn(session);
    Ok(bytes)
}

/// Whether others can read a file; it is warned of once it is known that there is a secret in it.
#[must_use]
pub(crate) struct Exposure {
    name: String,
    mode: Option<u32>,
}

impl Exposure {
    pub fn warn(self, session: &Session) {
        if let Some(mode) = self.mode {
            session.warn(format!("{} can be read by other users of this machine (mode {mode:03o})", self.name));
            session.hint(format!("chmod 600 {}", self.name));
        }
    }
}

/// As [`read_secret_file`], without a warning.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<(Zeroizing<Vec<u8>>, Exposure)> {
    let name = text::quoted_path(path);
    let opened = file::open(path)?;
    let meta = opened.metadata().with_context(|| format!("cannot read {name}"))?;
    // systemd lets the service's user in by an access control list, which shows as a permission of the group
    // (systemd.exec(5))
    let service = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    let mode = (meta.is_file() && meta.mode() & GROUP_AND_OTHERS != 0 && !service).then_some(meta.mode() & 0o777);
    // all the room at once: a buffer that grows leaves copies in memory that nobody wipes
    let length = if meta.is_file() { usize::try_from(meta.len()).unwrap_or(MAX_SECRET) } else { MAX_SECRET };
    let room = length.min(MAX_SECRET);
    // two more: one shows that a file is too long, one ends the read without growing the buffer
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 2));
    file::read_bounded_into(opened, path, MAX_SECRET, &mut bytes)?;
    Ok((bytes, Exposure { name, mode }))
}
