//! Permissions of what is written: those that the umask leaves, or fixed ones, which hold whatever the umask is.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

/// With which permissions a file is made that is to have `fixed` ones: never wider than in the end.
pub fn file_made_with(fixed: Option<u32>) -> u32 {
    fixed.map_or(0o666, |mode| mode & 0o600)
}

/// As [`file_made_with`], of a folder of such files.
pub fn folder_made_with(fixed: Option<u32>) -> u32 {
    fixed.map_or(0o777, |_| 0o700)
}

/// Gives a file its permissions.
///
/// # Errors
///
/// The file system refuses.
pub fn fix_file(file: &File, fixed: Option<u32>) -> io::Result<()> {
    fixed.map_or(Ok(()), |mode| file.set_permissions(Permissions::from_mode(mode)))
}

/// Gives a folder the permissions that let those enter it who may read its files.
///
/// # Errors
///
/// The file system refuses.
pub fn fix_folder(folder: &File, fixed: Option<u32>) -> io::Result<()> {
    fix_file(folder, fixed.map(|mode| mode | (mode & 0o444) >> 2))
}
