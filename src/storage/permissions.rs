//! Permissions of what is written: those that the umask leaves, or fixed ones, which hold whatever the umask is.

use std::fs::{self, File, Permissions};
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

/// What the umask leaves of these permissions; none to others where the system does not say what it is.
pub fn left_by_umask(mode: u32) -> u32 {
    // proc_pid_status(5); umask(2) could only be asked by changing it
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let umask = status.lines().find_map(|line| line.strip_prefix("Umask:")).map(str::trim);
    mode & !umask.and_then(|digits| u32::from_str_radix(digits, 8).ok()).unwrap_or(0o077)
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
