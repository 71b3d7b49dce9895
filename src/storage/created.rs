//! The stream files that a run has made, and what becomes of them when it fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::lock;

use super::identity::{FileIdentity, identity_of};

/// Remembers files by name and by what the name meant then; clones are one list.
#[derive(Clone, Debug, Default)]
pub struct CreatedFiles(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    files: Mutex<Vec<(PathBuf, FileIdentity)>>,
    keep: AtomicBool,
}

impl CreatedFiles {
    pub(super) fn add(&self, path: &Path, identity: FileIdentity) {
        lock(&self.0.files).push((path.to_owned(), identity));
    }

    /// Whether that file is one of them.
    pub(super) fn has(&self, identity: FileIdentity) -> bool {
        lock(&self.0.files).iter().any(|(_, made)| *made == identity)
    }

    /// From now on the files stay whatever happens: they are a recording, and footage is never thrown away.
    pub fn keep(&self) {
        self.0.keep.store(true, Ordering::Relaxed);
    }

    /// Forgets the files; unless they are kept, or `succeeded`, it removes those that are still the ones that were
    /// made.
    pub fn settle(&self, succeeded: bool) {
        let kept = succeeded || self.0.keep.load(Ordering::Relaxed);
        for (path, identity) in lock(&self.0.files).drain(..) {
            if !kept && identity_of(&path) == Some(identity) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}
