//! What a run reads, so that it writes to none of it: an output that is an input, a key or a certificate is a mistake.
//!
//! Nothing is kept until a program asks for it: whoever uses the library may read a file and write it later.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::sync::Mutex;

use crate::base::lock;

use super::identity::FileIdentity;

static READ: Mutex<Option<BTreeSet<FileIdentity>>> = Mutex::new(None);

/// From now on every regular file that is opened to be read is kept in mind, until the process ends.
pub fn guard_read_files() {
    lock(&READ).get_or_insert_default();
}

/// The file is read by this run.
pub(crate) fn is_being_read(file: &File) {
    if let Some(read) = lock(&READ).as_mut()
        && let Ok(meta) = file.metadata()
        && meta.is_file()
    {
        read.insert((meta.dev(), meta.ino()));
    }
}

/// Whether this run has read that file.
pub(super) fn was_read(identity: FileIdentity) -> bool {
    lock(&READ).as_ref().is_some_and(|read| read.contains(&identity))
}
