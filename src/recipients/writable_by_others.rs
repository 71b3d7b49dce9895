//! Who else may write the files that decide who can open.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::text;

/// What to say of a file or folder that others than its owner may write; `None` when only he (and root) may.
pub fn writable_by_others(path: &Path) -> Option<String> {
    writers(path).map(|who| format!("{who}: whoever may do that decides who can open"))
}

/// The same without what follows from it.
pub fn writers(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok().filter(|meta| meta.is_dir() || meta.is_file())?;
    let (who, mode) = (others(&meta)?, meta.mode() & 0o7777);
    Some(format!("{} can be written by {who} (mode {mode:04o})", text::quoted_path(path)))
}

/// The same of the folder in which a file is: whoever may write that can put another file in its place, unless the
/// folder lets everybody replace only his own (as /tmp does).
pub fn folder_writable_by_others(file: &Path) -> Option<String> {
    replaceable_in(file).and_then(writable_by_others)
}

/// The folder of a file, or of a folder, unless it lets everybody replace only his own.
pub fn replaceable_in(file: &Path) -> Option<&Path> {
    let folder = file.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })?;
    let is_sticky = fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o1000 != 0);
    (!is_sticky).then_some(folder)
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
