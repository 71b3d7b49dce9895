//! Who else may write the files that decide who can open.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::text;

/// What to say of a file or folder that others than its owner may write; `None` when only he (and root) may.
pub fn writable_by_others(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok().filter(|meta| meta.is_dir() || meta.is_file())?;
    let who = others(&meta)?;
    Some(format!(
        "{} can be written by {who} (mode {:04o}): whoever may do that decides who can open",
        text::quoted_path(path),
        meta.mode() & 0o7777
    ))
}

/// The same of the folder in which a file is: whoever may write that can put another file in its place, unless the
/// folder lets everybody replace only his own (as /tmp does).
pub fn folder_writable_by_others(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_sticky = fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o1000 != 0);
    if is_sticky { None } else { writable_by_others(folder) }
}

fn others(meta: &Metadata) -> Option<&'static str> {
    // A user's own group, as most systems make one for each user, is nobody else.
    let own_group = meta.uid() != 0 && meta.uid() == meta.gid();
    match meta.mode() {
        mode if mode & 0o002 != 0 => Some("everybody"),
        mode if mode & 0o020 != 0 && !own_group => Some("its group"),
        _ => None,
    }
}
