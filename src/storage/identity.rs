//! What a file is, whatever its name.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Device and inode: what a file is, whatever its name.
pub type FileIdentity = (u64, u64);

/// What a name means now, links followed.
pub fn identity_of(path: &Path) -> Option<FileIdentity> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}
