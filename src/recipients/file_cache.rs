//! Files that are read again and again: each is parsed once and then only when it changed, and its last good copy
//! outlives a moment in which the file cannot be used.

use std::collections::BTreeMap;

use crate::keys::KeyError;

/// How often the last good copy may stand in for a file, or a folder, that cannot be read or parsed: a number of
/// refreshes.
pub const GRACE: u32 = 3;

/// What changes when a file does: times of content and inode in nanoseconds, length, inode, device.
pub type Stamp = [u64; 5];

/// What lies in one folder: its files' names and stamps, or why it cannot be listed. A file that was given by its own
/// name is a folder with that file, or an empty one when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The folder's name for messages.
    pub folder: String,
    /// Names, unique over all folders, and stamps.
    pub files: Result<Vec<(String, Stamp)>, String>,
}

/// Where the files are. Only its implementation opens them.
pub trait Files {
    /// Every folder, in the same order each time.
    fn list(&mut self) -> Vec<Listing>;
    /// The content of a file that was listed.
    ///
    /// # Errors
    ///
    /// The file cannot be read: why, ready for a message.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String>;
}

/// One file.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// What was parsed last.
    pub good: Option<T>,
    /// What is wrong with the file now, if anything; then `good` is a copy of what was there before.
    pub error: Option<KeyError>,
    /// For how many refreshes in a row the file could not be used.
    pub bad_for: u32,
    folder: usize,
    stamp: Option<Stamp>,
}

impl<T> Entry<T> {
    /// What may be used of it now; `None` when it never was good, or has not been good for too long.
    pub fn usable(&self) -> Option<&T> {
        self.good.as_ref().filter(|_| self.bad_for <= GRACE)
    }
}

/// The files of some folders, parsed.
#[derive(Debug, Clone)]
pub struct FileCache<T> {
    parse: fn(&[u8]) -> Result<T, KeyError>,
    entries: BTreeMap<String, Entry<T>>,
    /// By number: a folder that cannot be listed, why, and for how many refreshes in a row.
    unreadable: BTreeMap<usize, (String, String, u32)>,
    /// Folders with no file in them.
    empty: Vec<String>,
    parsed: u64,
}

impl<T> FileCache<T> {
    /// An empty cache of files that `parse` understands.
    pub fn new(parse: fn(&[u8]) -> Result<T, KeyError>) -> Self {
        FileCache { parse, entries: BTreeMap::new(), unreadable: BTreeMap::new(), empty: Vec::new(), parsed: 0 }
    }

    /// Reads what is new or changed. What is gone from a folder that can be listed is forgotten.
    pub fn refresh(&mut self, files: &mut dyn Files) {
        self.empty.clear();
        for (number, listing) in files.list().into_iter().enumerate() {
            match listing.files {
                Ok(found) => {
                    if found.is_empty() {
                        self.empty.push(listing.folder);
                    }
                    self.unreadable.remove(&number);
                    self.entries.retain(|name, e| e.folder != number || found.iter().any(|(n, _)| n == name));
                    found.into_iter().for_each(|(name, stamp)| self.update(number, name, stamp, files));
                }
                Err(why) => {
                    let times = self.unreadable.get(&number).map_or(0, |(_, _, times)| *times);
                    self.unreadable.insert(number, (listing.folder, why, times.saturating_add(1)));
                }
            }
        }
    }

    fn update(&mut self, folder: usize, name: String, stamp: Stamp, files: &mut dyn Files) {
        let before = self.entries.remove(&name);
        let entry = match before {
            Some(same) if same.stamp == Some(stamp) => match same.error {
                Some(_) => Entry { bad_for: same.bad_for.saturating_add(1), ..same },
                None => same,
            },
            before => {
                let read = files.read(&name);
                // A file that could not be read is tried again even if nothing about it changes.
                let stamp = read.is_ok().then_some(stamp);
                let parsed = read.map_err(KeyError::CannotRead).and_then(|bytes| {
                    self.parsed += 1;
                    (self.parse)(&bytes)
                });
                match (parsed, before) {
                    (Ok(good), _) => Entry { good: Some(good), error: None, bad_for: 0, folder, stamp },
                    (Err(error), before) => {
                        let bad_for = before.as_ref().map_or(0, |b| b.bad_for).saturating_add(1);
                        Entry { good: before.and_then(|b| b.good), error: Some(error), bad_for, folder, stamp }
                    }
                }
            }
        };
        self.entries.insert(name, entry);
    }

    /// The files by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry<T>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Folders that cannot be listed: name, why, for how many refreshes in a row.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.unreadable.values().map(|(folder, why, times)| (folder.as_str(), why.as_str(), *times))
    }

    /// Folders with no file in them.
    pub fn empty(&self) -> impl Iterator<Item = &str> {
        self.empty.iter().map(String::as_str)
    }

    /// How many files have been parsed; an unchanged file is parsed only once.
    pub fn parsed(&self) -> u64 {
        self.parsed
    }
}
