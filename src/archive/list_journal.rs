//! Which lists of recipients were seen in the files of an archive, so that an older one that is put back is noticed.
//!
//! A file cannot say that it once had another list: whoever can write it can put back what was there before. So the
//! highest generation of each session's list is kept outside of the archive, in the folder where the state of its runs
//! is ([`state_folder`]), in `lists/`: a file for each file of the archive. Where an archive has no such folder nothing
//! is kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::text::{hex, quoted_path};
use crate::base::{Report, parse};
use crate::format::sha256;
use crate::seal::SeenLists;
use crate::storage::file::read_bounded_into;
use crate::storage::{GuardedFolder, state_folder};

/// The folder in an archive that holds outputs which have no name yet; on storage, the state of its runs, too.
pub const STATE: &str = ".reprocess";
/// The folder in it for lists of recipients.
const LISTS: &str = "lists";
/// Version of the files.
const VERSION: u32 = 1;
/// The maximum number of lists that are kept of a file, and the length of a file with as many.
const MAX_LISTS: usize = 8192;
const MAX_BYTES: usize = 2 << 20;

/// What was seen of one file of an archive.
#[derive(Debug, Clone)]
pub struct ListJournal {
    /// The state of its archive, and the journal's name in it.
    state: PathBuf,
    name: String,
    /// The file's name in the archive.
    item: String,
    seen: SeenLists,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    v: u32,
    item: String,
    lists: Vec<KeptList>,
}

#[derive(Serialize, Deserialize)]
struct KeptList {
    /// H of the stream, in hexadecimal digits.
    stream: String,
    session: u32,
    generation: u64,
}

impl ListJournal {
    /// What was seen of the file at `path`; `None` when no folder above it has a state. One that cannot be read is
    /// warned of, and as good as empty.
    pub fn of(path: &Path, report: &Report) -> Option<Self> {
        let path = fs::canonicalize(path).ok().filter(|p| p.is_file())?;
        let known = |root: &Path| state_folder(root).filter(|state| state.is_dir());
        let (root, state) = path.ancestors().skip(1).find_map(|root| Some((root, known(root)?)))?;
        let item = path.strip_prefix(root).ok()?.to_string_lossy().into_owned();
        let name = format!("{}.json", hex(&sha256(item.as_bytes())));
        let mut journal = ListJournal { state, name, item, seen: SeenLists::default() };
        if journal.is_there() {
            match journal.read() {
                Some(seen) => journal.seen = seen,
                None => report.warn(format!(
                    "{} cannot be read: whether an older list of recipients was put back is not known",
                    quoted_path(&journal.place())
                )),
            }
        }
        Some(journal)
    }

    fn place(&self) -> PathBuf {
        self.state.join(LISTS).join(&self.name)
    }

    fn folder(&self) -> io::Result<GuardedFolder> {
        GuardedFolder::open(&self.state)?.below(LISTS)
    }

    fn is_there(&self) -> bool {
        self.folder().is_ok_and(|folder| folder.kind(&self.name).is_ok_and(|kind| kind.is_some()))
    }

    /// The highest generation of each list.
    pub fn seen(&self) -> &SeenLists {
        &self.seen
    }

    /// Keeps the generations of lists that are there and proven, where they are higher than what was seen. A journal
    /// that cannot be written is noted: who only reads an archive may not be allowed to.
    pub fn add(&mut self, lists: &SeenLists, report: &Report) {
        // another process may have written it meanwhile
        self.seen = self.read().unwrap_or_else(|| self.seen.clone());
        if self.seen.raise(lists, MAX_LISTS) && !self.write() {
            report.note(format!(
                "{} cannot be written: that this list was there is not kept",
                quoted_path(&self.place())
            ));
        }
    }

    /// Begins anew with the lists of a file that was written as a whole.
    pub fn set(&mut self, lists: &SeenLists, report: &Report) {
        self.seen = SeenLists::default();
        if self.is_there() && self.folder().and_then(|folder| folder.remove(&self.name)).is_err() {
            report.note(format!("{} cannot be written: what it says is not true any more", quoted_path(&self.place())));
        }
        self.add(lists, report);
    }

    /// The file is removed, and with it what was seen of it.
    pub fn forget(self, report: &Report) {
        if self.is_there() && self.folder().and_then(|folder| folder.remove(&self.name)).is_err() {
            report.note(format!("{} cannot be removed: the file that it is of is gone", quoted_path(&self.place())));
        }
    }

    fn read(&self) -> Option<SeenLists> {
        let mut bytes = Vec::new();
        let file = self.folder().ok()?.read(&self.name).ok()?;
        read_bounded_into(file, &self.place(), MAX_BYTES, &mut bytes).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        if kept.v != VERSION || kept.item != self.item {
            return None;
        }
        let mut seen = SeenLists::default();
        for l in kept.lists.iter().take(MAX_LISTS) {
            seen.add(parse::hash(&l.stream).ok()?, l.session, l.generation);
        }
        Some(seen)
    }

    fn write(&self) -> bool {
        let list = |(stream, session, generation): (&[u8; 32], u32, u64)| KeptList {
            stream: hex(stream),
            session,
            generation,
        };
        let lists = self.seen.iter().map(list);
        let kept = Kept { v: VERSION, item: self.item.clone(), lists: lists.collect() };
        let Ok(bytes) = serde_json::to_vec(&kept) else { return false };
        let folder = GuardedFolder::open(&self.state).and_then(|state| state.make_below(LISTS));
        folder.is_ok_and(|folder| folder.replace(&self.name, 0o644, &bytes).is_ok())
    }
}
