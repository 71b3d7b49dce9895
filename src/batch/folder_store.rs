//! A folder as a store.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::base::text;
use crate::cli::Failure;

use super::folder_state::{FolderState, lock_file, sweep, sync_folder};
use super::plan::is_inside;
use super::store::{Draft, Entry, Listing, ReadSeek, STATE, Source, State, Store};

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
    /// There is none (1).
    pub fn source(path: &str, destination: Option<&Path>) -> anyhow::Result<Self> {
        let cannot = || format!("cannot read {}", text::quoted(path));
        let whole = fs::canonicalize(path).with_context(cannot)?;
        if whole.is_dir() {
            let without = destination.and_then(|d| fs::canonicalize(d).ok());
            if without.as_ref() == Some(&whole) {
                return Err(Failure::usage("SRC and DST are the same folder")
                    .hint("--in-place puts each output in its input's place")
                    .into());
            }
            sweep(&drafts(&whole));
            return Ok(FolderStore { shown: path.into(), root: whole, only: None, without });
        }
        let name = whole.file_name().and_then(OsStr::to_str);
        let (Some(root), Some(name)) = (whole.parent(), name) else {
            return Err(Failure::usage(format!("{} has a name that is not UTF-8", text::quoted(path))).into());
        };
        Ok(FolderStore { shown: path.into(), root: root.into(), only: Some(name.into()), without: None })
    }

    /// A folder for outputs, made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is a file (1).
    pub fn destination(path: &str) -> anyhow::Result<Self> {
        let cannot = || format!("cannot create {}", text::quoted(path));
        fs::create_dir_all(path).with_context(cannot)?;
        let root = fs::canonicalize(path).with_context(cannot)?;
        sweep(&drafts(&root));
        Ok(FolderStore { shown: path.into(), root, only: None, without: None })
    }

    fn file(&self, name: &str) -> io::Result<PathBuf> {
        match is_inside(name) {
            true => Ok(self.root.join(name)),
            false => Err(io::Error::new(ErrorKind::InvalidInput, "the name leads out of the folder")),
        }
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
                found.left_out.push((format!("{prefix}{}", name.to_string_lossy()), "its name is not UTF-8".into()));
                continue;
            };
            let name = format!("{prefix}{name}");
            match is_folder {
                true => self.walk(&path, &format!("{name}/"), found)?,
                false => match entry_of(&path, &name) {
                    Ok(Some(entry)) => found.entries.push(entry),
                    Ok(None) => {}
                    Err(e) => found.left_out.push((name, text::io_reason(&e))),
                },
            }
        }
        Ok(())
    }
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

    fn list(&self) -> anyhow::Result<Listing> {
        let cannot = || format!("cannot read {}", text::quoted(&self.shown));
        let mut found = Listing::default();
        match &self.only {
            Some(name) => found.entries.extend(self.entry(name).with_context(cannot)?),
            None => self.walk(&self.root, "", &mut found).with_context(cannot)?,
        }
        found.entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        entry_of(&self.file(name)?, name)
    }

    fn open(&self, name: &str) -> io::Result<Source> {
        Ok(Source::File(File::open(self.file(name)?)?))
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

    fn state(&self) -> anyhow::Result<Box<dyn State>> {
        Ok(Box::new(FolderState::open(&self.root.join(STATE))?))
    }
}

/// A file in the state folder, so that nothing unfinished is ever seen among the items.
///
/// Its name is the item's for ever: what a killed run left is written over by the next. It is locked, so that no two runs write it.
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
        let path = drafts.join(super::folder_state::short_name(name));
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
