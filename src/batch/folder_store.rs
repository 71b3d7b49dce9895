//! A folder as a store.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::text;
use crate::storage::file::sync_folder;

use super::error::BatchError;
use super::folder_state::{FolderState, lock_file, short_name, sweep};
use super::plan::is_inside;
use super::store::{Draft, Entry, ItemSource, LeftOut, Listing, ReadSeek, RunState, STATE, Store};

/// A folder, or one file of it.
#[derive(Debug)]
pub struct FolderStore {
    shown: String,
    root: PathBuf,
    /// The one item, where a file was named.
    only: Option<String>,
    /// A folder below that is none of it: where the outputs go.
    without: Option<PathBuf>,
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
            sweep(&drafts(&whole));
            return Ok(FolderStore { shown: path.into(), root: whole, only: None, without });
        }
        let name = whole.file_name().and_then(OsStr::to_str);
        let (Some(root), Some(name)) = (whole.parent(), name) else {
            return Err(BatchError::NotUtf8 { name: path.into() });
        };
        Ok(FolderStore { shown: path.into(), root: root.into(), only: Some(name.into()), without: None })
    }

    /// A folder for outputs, made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is a file.
    pub fn destination(path: &str) -> Result<Self, BatchError> {
        let made = fs::create_dir_all(path).and_then(|()| fs::canonicalize(path));
        let root = made.map_err(|source| BatchError::Create { name: path.into(), source })?;
        sweep(&drafts(&root));
        Ok(FolderStore { shown: path.into(), root, only: None, without: None })
    }

    fn file(&self, name: &str) -> io::Result<PathBuf> {
        if !is_inside(name) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the name leads out of the folder"));
        }
        Ok(self.root.join(name))
    }

    /// Items of the folder `below`, whose name relative to the root is `prefix`.
    fn walk(&self, below: &Path, prefix: &str, found: &mut Listing) -> io::Result<()> {
        for entry in fs::read_dir(below)? {
            let path = entry?.path();
            let Some(name) = path.file_name() else { continue };
            if name.as_encoded_bytes().starts_with(b".") || self.without.as_ref() == Some(&path) {
                continue;
            }
            // a link to a file is an item; a link to a folder could lead round and round
            let is_folder = fs::symlink_metadata(&path)?.is_dir();
            if !is_folder && Path::new(name).extension() != Some(OsStr::new("vv")) {
                continue;
            }
            let Some(name) = name.to_str() else {
                let name = format!("{prefix}{}", name.to_string_lossy());
                found.left_out.push(LeftOut { name, why: "its name is not UTF-8".into() });
                continue;
            };
            let name = format!("{prefix}{name}");
            if is_folder {
                self.walk(&path, &format!("{name}/"), found)?;
                continue;
            }
            match entry_of(&path, &name) {
                Ok(Some(entry)) => found.entries.push(entry),
                Ok(None) => {}
                Err(e) => found.left_out.push(LeftOut { name, why: text::io_reason(&e) }),
            }
        }
        Ok(())
    }
}

fn cannot_read(name: &str, source: io::Error) -> BatchError {
    BatchError::Read { name: text::quoted(name), source }
}

/// Where outputs are that have no name yet.
fn drafts(root: &Path) -> PathBuf {
    root.join(STATE).join("drafts")
}

/// What the file is now; `None` where none is, or no regular one.
fn entry_of(path: &Path, name: &str) -> io::Result<Option<Entry>> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(e),
    };
    let modified_ns = meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec());
    Ok(meta.is_file().then(|| Entry { name: name.into(), bytes: meta.len(), modified_ns }))
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
        entry_of(&self.file(name)?, name)
    }

    fn open(&self, name: &str) -> io::Result<ItemSource> {
        Ok(ItemSource::File(File::open(self.file(name)?)?))
    }

    fn open_parts(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(File::open(self.file(name)?)?))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.file(name).ok()
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(FolderDraft::create(self, name)?))
    }

    fn settle(&self, names: &[String]) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for path in names.iter().filter_map(|n| self.path(n)) {
            // a folder that was made for it is a name in the one above
            let above = path.ancestors().skip(1).take_while(|f| f.starts_with(&self.root));
            folders.extend(above.map(Path::to_owned));
        }
        folders.iter().try_for_each(|f| sync_folder(f))
    }

    fn state(&self) -> Result<Box<dyn RunState>, BatchError> {
        Ok(Box::new(FolderState::open(&self.root.join(STATE))?))
    }
}

/// A file in the state folder, so that nothing unfinished is ever seen among the items.
///
/// Its name is always made from the item's: what a killed run left is written over by the next. It is locked, so that
/// no two runs write it.
#[derive(Debug)]
struct FolderDraft {
    file: File,
    path: PathBuf,
    root: PathBuf,
    /// It has its final name, or another run's draft has its name.
    gone: bool,
}

impl FolderDraft {
    fn create(store: &FolderStore, name: &str) -> io::Result<Self> {
        let target = store.file(name)?;
        let drafts = drafts(&store.root);
        fs::create_dir_all(&drafts)?;
        let path = drafts.join(short_name(name));
        let Some(file) = lock_file(&path)? else {
            return Err(io::Error::new(ErrorKind::WouldBlock, "another run is writing it"));
        };
        file.set_len(0)?;
        // what takes the place of a file is as open to others as that file was
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))?;
            let owner = |id: u32| rustix::fs::Uid::from_raw(id);
            let group = |id: u32| rustix::fs::Gid::from_raw(id);
            let _ = rustix::fs::fchown(&file, Some(owner(old.uid())), Some(group(old.gid())));
        }
        Ok(FolderDraft { file, path, root: store.root.clone(), gone: false })
    }
}

impl Draft for FolderDraft {
    fn file(&mut self) -> Option<&mut File> {
        Some(&mut self.file)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn publish(mut self: Box<Self>, name: &str) -> io::Result<()> {
        if !is_inside(name) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the name leads out of the folder"));
        }
        let target = self.root.join(name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(&self.path, &target)?;
        self.gone = true;
        Ok(())
    }
}

impl Drop for FolderDraft {
    fn drop(&mut self) {
        if !self.gone {
            let _ = fs::remove_file(&self.path);
        }
    }
}
