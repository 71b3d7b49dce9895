//! Revocation lists out of files that change while a recording goes on: what is there, and what was.

use std::collections::BTreeMap;

use crate::keys::{Listed, RevocationList, revocation_lists_in};

use super::file_cache::{FileCache, Files};
use super::notice::Notice;

/// The lists of one run.
pub(super) struct ListsOverTime {
    files: FileCache<Vec<RevocationList>>,
    /// By file, with those of files that are gone: losing a file does not undo a revocation, and what is signed and
    /// dated counts until it expires.
    kept: BTreeMap<String, Kept>,
}

struct Kept {
    lists: Vec<RevocationList>,
    is_gone: bool,
}

impl ListsOverTime {
    pub fn new() -> Self {
        ListsOverTime { files: FileCache::new(revocation_lists_in), kept: BTreeMap::new() }
    }

    /// Reads what has changed. Gives all lists, and what is worth a warning.
    pub fn refresh(&mut self, files: &mut dyn Files) -> (Vec<Listed>, Vec<Notice>) {
        self.files.refresh(files);
        let mut notices = Vec::new();
        self.kept.values_mut().for_each(|kept| kept.is_gone = true);
        for (name, entry) in self.files.entries() {
            match (&entry.error, &entry.good) {
                (None, Some(good)) => {
                    self.kept.insert(name.into(), Kept { lists: good.clone(), is_gone: false });
                }
                (Some(error), _) => {
                    let kept = self.kept.contains_key(name);
                    notices.push(Notice::List { name: name.into(), why: error.to_string(), kept });
                }
                (None, None) => {}
            }
        }
        for (folder, why, _) in self.files.unreadable() {
            let kept = !self.kept.is_empty();
            notices.push(Notice::List { name: folder.into(), why: why.into(), kept });
        }
        self.drop_replaced();
        let kept = !self.kept.is_empty();
        notices.extend(self.files.empty().map(|folder| Notice::NoLists { folder: folder.into(), kept }));
        let all = self.kept.iter().flat_map(|(name, kept)| {
            let listed =
                |list: &RevocationList| Listed { name: name.clone(), list: list.clone(), is_gone: kept.is_gone };
            kept.lists.iter().map(listed)
        });
        (all.collect(), notices)
    }

    /// What is gone and has a later list of the same issuer in its place is forgotten: files with the date in their
    /// names must not pile up.
    fn drop_replaced(&mut self) {
        let there: Vec<RevocationList> =
            self.kept.values().filter(|kept| !kept.is_gone).flat_map(|kept| kept.lists.clone()).collect();
        let is_replaced = |list: &RevocationList| {
            there.iter().any(|new| {
                new.has_issuer_of(list)
                    && new.is_delta() == list.is_delta()
                    && new.this_update_ns() >= list.this_update_ns()
            })
        };
        self.kept.retain(|_, kept| !kept.is_gone || !kept.lists.iter().all(is_replaced));
    }
}
