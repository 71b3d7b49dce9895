//! A folder as a store.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Stat;
use rustix::process::geteuid;

use crate::base::text;
use crate::storage::{GuardedFolder, Kind, Untrusted};

use super::error::BatchError;
use super::folder_state::{FolderState, lock_file, short_name, sweep};
use super::plan::is_inside;
use super::store::{Draft, Entry, ItemSource, LeftOut, Listing, ReadSeek, RunState, STATE, Store};

/// The permissions of an output that is being written.
const PRIVATE: u32 = 0o600;
/// How often a draft is begun anew that is not ours alone.
const ATTEMPTS: usize = 8;

/// A folder, or one file of it.
#[derive(Debug)]
pub struct FolderStore {
    shown: String,
    root: GuardedFolder,
    /// The one item, where a file was named.
    only: Option<String>,
    /// A folder below that is none of it: where the outputs go.
    without: Option<PathBuf>,
    /// What is written here takes the place of items.
    holds_items: bool,
}

impl FolderStore {
    /// A folder of items, or a file as the only item.
    ///
    /// # Errors
    ///
    /// There is none, or it is the destination.
    pub fn source(path: &str, destination: Option<&Path>) -> Result<Self, BatchError> {
        let whole = fs::canonicalize(path).map_err(|e| cannot_read(path, e))?;
        if whole.is_dir() {
            let without = destination.and_then(|d| fs::canonicalize(d).ok());
            if without.as_ref() == Some(&whole) {
                return Err(BatchError::SameFolder);
            }
            let root = GuardedFolder::open(&whole).map_err(|e| cannot_read(path, e))?;
            sweep_drafts(&root);
            return Ok(FolderStore { shown: path.into(), root, only: None, without, holds_items: true });
        }
        let name = whole.file_name().and_then(OsStr::to_str);
        let (Some(root), Some(name)) = (whole.parent(), name) else {
            return Err(BatchError::NotUtf8 { name: path.into() });
        };
        let root = GuardedFolder::open(root).map_err(|e| cannot_read(path, e))?;
        Ok(FolderStore { shown: path.into(), root, only: Some(name.into()), without: None, holds_items: true })
    }

    /// A folder for outputs, made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is a file.
    pub fn destination(path: &str) -> Result<Self, BatchError> {
        let made = fs::create_dir_all(path).and_then(|()| fs::canonicalize(path));
        let root = made.and_then(|root| GuardedFolder::open(&root));
        let root = root.map_err(|source| BatchError::Create { name: path.into(), source })?;
        sweep_drafts(&root);
        Ok(FolderStore { shown: path.into(), root, only: None, without: None, holds_items: false })
    }

    /// Items of the folder `below`, whose name relative to the root is `prefix`.
    fn walk(&self, below: &GuardedFolder, prefix: &str, found: &mut Listing) -> io::Result<()> {
        for name in below.names()? {
            if name.as_encoded_bytes().starts_with(b".") || self.without.as_ref() == Some(&below.file(&name)) {
                continue;
            }
            let kind = below.kind(&name)?;
            let is_folder = kind == Some(Kind::Folder);
            if kind.is_none() || !is_folder && Path::new(&name).extension() != Some(OsStr::new("vv")) {
                continue;
            }
            let Some(name) = name.to_str() else {
                let name = format!("{prefix}{}", name.to_string_lossy());
                found.left_out.push(LeftOut { name, why: "its name is not UTF-8".into() });
                continue;
            };
            let whole = format!("{prefix}{name}");
            if is_folder {
                self.walk(&below.below(name)?, &format!("{whole}/"), found)?;
                continue;
            }
            match entry_of(below, name, &whole) {
                Ok(Some(entry)) => found.entries.push(entry),
                Ok(None) => {}
                Err(e) => found.left_out.push(LeftOut { name: whole, why: text::io_reason(&e) }),
            }
        }
        Ok(())
    }
}

fn cannot_read(name: &str, source: io::Error) -> BatchError {
    BatchError::Read { name: text::quoted(name), source }
}

/// Where outputs are that have no name yet: in the folder itself, for the final name is given by a rename.
fn drafts() -> PathBuf {
    Path::new(STATE).join("drafts")
}

fn sweep_drafts(root: &GuardedFolder) {
    if let Ok(folder) = root.below(drafts()) {
        sweep(&folder);
    }
}

/// What the file `name` of `folder` is now, as the item `item`; `None` where none is.
fn entry_of(folder: &GuardedFolder, name: &str, item: &str) -> io::Result<Option<Entry>> {
    match folder.kind(name)? {
        Some(Kind::File) => {}
        Some(Kind::Link) => return Err(Untrusted::Link.into()),
        Some(Kind::Special) => return Err(Untrusted::NotRegular.into()),
        Some(Kind::Folder) | None => return Ok(None),
    }
    Ok(folder.stat(Path::new(name))?.map(|stat| entry(item, &stat)))
}

fn entry(item: &str, stat: &Stat) -> Entry {
    let ns = |seconds: i64, ns| seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(ns).unwrap_or(0));
    Entry {
        name: item.into(),
        bytes: u64::try_from(stat.st_size).unwrap_or(0),
        modified_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
        changed: Some(format!("{}-{}", stat.st_ino, ns(stat.st_ctime, stat.st_ctime_nsec))),
    }
}

impl Store for FolderStore {
    fn shown(&self) -> String {
        self.shown.clone()
    }

    fn list(&self) -> Result<Listing, BatchError> {
        let cannot = |e| cannot_read(&self.shown, e);
        let mut found = Listing::default();
        match &self.only {
            Some(name) => found.entries.extend(self.entry(name).map_err(cannot)?),
            None => self.walk(&self.root, "", &mut found).map_err(cannot)?,
        }
        found.entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        entry_of(&self.root, name, name)
    }

    fn open(&self, name: &str) -> io::Result<ItemSource> {
        Ok(ItemSource::File(self.root.read(name)?))
    }

    fn open_parts(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(self.root.read(name)?))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        is_inside(name).then(|| self.root.file(name))
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(FolderDraft::create(self, name)?))
    }

    fn settle(&self, names: &[String]) -> io::Result<()> {
        // a folder that was made for it is a name in the one above
        let folders: BTreeSet<&Path> = names.iter().flat_map(|n| Path::new(n).ancestors().skip(1)).collect();
        folders.iter().try_for_each(|f| self.root.below(f)?.sync())
    }

    fn state(&self) -> Result<Box<dyn RunState>, BatchError> {
        Ok(Box::new(FolderState::of(self.root.path())?))
    }
}

/// A file in the state folder, so that nothing unfinished is ever seen among the items.
///
/// Its name is always made from the item's: what a killed run left is written over by the next. It is locked, so that
/// no two runs write it.
#[derive(Debug)]
struct FolderDraft {
    file: File,
    /// Where it lies, and under which name.
    drafts: GuardedFolder,
    name: String,
    root: GuardedFolder,
    /// It has the permissions of the item whose place it takes.
    takes_place: bool,
    /// It has its final name, or another run's draft has its name.
    gone: bool,
}

/// An empty file that nobody else has or may open.
fn is_own_and_new(meta: &fs::Metadata) -> bool {
    meta.len() == 0 && meta.uid() == geteuid().as_raw() && meta.mode() & 0o077 == 0 && meta.nlink() == 1
}

impl FolderDraft {
    fn create(store: &FolderStore, name: &str) -> io::Result<Self> {
        let target = Path::new(name);
        let drafts = store.root.make_below(drafts())?;
        let short = short_name(name);
        let mut attempts = 0;
        let file = loop {
            let Some(file) = lock_file(&drafts, &short, PRIVATE)? else {
                return Err(io::Error::new(ErrorKind::WouldBlock, "another run is writing it"));
            };
            let meta = file.metadata()?;
            if is_own_and_new(&meta) {
                break file;
            }
            attempts += 1;
            if attempts > ATTEMPTS {
                return Err(Untrusted::Foreign(meta.uid()).into());
            }
            // a killed run's, or somebody else's: who has it open would read what is written
            drafts.remove(&short)?;
        };
        // what takes the place of an item is as open to others as that was; what has the name of an output is anybody's
        let is_file = store.root.kind(target).is_ok_and(|kind| kind == Some(Kind::File));
        let old = store.root.stat(target)?.filter(|_| store.holds_items && is_file);
        let takes_place = old.is_some();
        if let Some(old) = old {
            file.set_permissions(fs::Permissions::from_mode(old.st_mode & 0o777))?;
            let owner = |id: u32| rustix::fs::Uid::from_raw(id);
            let group = |id: u32| rustix::fs::Gid::from_raw(id);
            let _ = rustix::fs::fchown(&file, Some(owner(old.st_uid)), Some(group(old.st_gid)));
        }
        Ok(FolderDraft { file, drafts, name: short, root: store.root.below("")?, takes_place, gone: false })
    }
}

impl Draft for FolderDraft {
    fn file(&mut self) -> Option<&mut File> {
        Some(&mut self.file)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn set_mode(&mut self, mode: u32) -> io::Result<()> {
        if self.takes_place { Ok(()) } else { self.file.set_permissions(fs::Permissions::from_mode(mode)) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn publish(mut self: Box<Self>, name: &str) -> io::Result<Option<Entry>> {
        if !is_inside(name) {
            return Err(Untrusted::Outside.into());
        }
        if let Some(folder) = Path::new(name).parent() {
            self.root.make_below(folder)?;
        }
        self.drafts.rename(&self.name, &self.root, name)?;
        self.gone = true;
        // of the file itself: the name may mean another one by now
        Ok(Some(entry(name, &rustix::fs::fstat(&self.file)?)))
    }
}

impl Drop for FolderDraft {
    fn drop(&mut self) {
        if !self.gone {
            let _ = self.drafts.remove(&self.name);
        }
    }
}
