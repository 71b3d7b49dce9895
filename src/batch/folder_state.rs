//! A folder of plans, manifests and locks.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;

use crate::base::text;
use crate::format::sha256;
use crate::recipients::writable_by_others::{replaceable_in, writers};
use crate::storage::output_file::not_written;
use crate::storage::{GuardedFolder, Kind, make_state_folder, state_folder};

use super::error::BatchError;
use super::store::{Lock, RunState};

/// The folder of the locks.
const LOCKS: &str = "locks";
/// The file that says whose state it is.
const ARCHIVE: &str = "archive";
/// What may be read, and by whom: the state says what need not be done.
const MODE: u32 = 0o644;
/// How long to wait before reading again a file that another run is writing.
const AGAIN: Duration = Duration::from_millis(20);

/// The state of runs in a folder of its own.
#[derive(Debug)]
pub struct FolderState {
    folder: GuardedFolder,
    locks: GuardedFolder,
}

impl FolderState {
    /// The folder at `path`, made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn open(path: &Path) -> Result<Self, BatchError> {
        let cannot = |source| BatchError::StateFolder { path: path.to_owned(), source };
        let folder = GuardedFolder::make(path).map_err(cannot)?;
        let locks = folder.make_below(LOCKS).map_err(cannot)?;
        sweep(&locks);
        Ok(FolderState { folder, locks })
    }

    /// The state of the archive in the folder `root`, outside of it: see [`state_folder`].
    ///
    /// # Errors
    ///
    /// There is no place for it; it cannot be made.
    pub fn of(root: &Path) -> Result<Self, BatchError> {
        let path = state_folder(root).ok_or(BatchError::NoStateHome)?;
        make_state_folder(&path).map_err(|source| BatchError::StateFolder { path: path.clone(), source })?;
        let state = FolderState::open(&path)?;
        // for people: nothing reads it
        let mut line = root.as_os_str().as_encoded_bytes().to_owned();
        line.push(b'\n');
        let named = state.folder.kind(ARCHIVE).and_then(|there| match there {
            Some(_) => Ok(()),
            None => state.folder.replace(ARCHIVE, MODE, &line),
        });
        named.map_err(|source| BatchError::StateFolder { path, source })?;
        Ok(state)
    }

    /// A synced file with these bytes under a hidden name, the same for all who write that file: one at a time, and
    /// what a killed run left is written over.
    fn hidden(&self, name: &str, bytes: &[u8]) -> io::Result<(File, String)> {
        let hidden = format!(".{name}.part");
        let mut file = loop {
            match lock_file(&self.folder, &hidden, MODE)? {
                Some(file) => break file,
                None => thread::sleep(AGAIN),
            }
        };
        let path = text::quoted_path(&self.folder.file(name));
        let added = |file: &mut File| file.write_all(bytes).map_err(|e| not_written(e, &path, 0, bytes.len() as u64));
        let written = file.set_len(0).and_then(|()| added(&mut file)).and_then(|()| file.sync_all());
        written.inspect_err(|_| drop(self.folder.remove(&hidden)))?;
        Ok((file, hidden))
    }
}

impl RunState for FolderState {
    fn shown(&self) -> String {
        self.folder.path().to_string_lossy().into_owned()
    }

    fn writable_by_others(&self) -> Option<String> {
        let path = self.folder.path();
        let owner = self.folder.handle().metadata().ok()?.uid();
        if owner != 0 && owner != geteuid().as_raw() {
            return Some(format!("{} belongs to the user with the number {owner}", text::quoted_path(path)));
        }
        let files = self.names().unwrap_or_default().into_iter().map(|(name, _)| self.folder.file(&name));
        let places = [Some(path), replaceable_in(path)].into_iter().flatten().map(Path::to_owned);
        places.chain([self.locks.path().to_owned()]).chain(files).find_map(|place| writers(&place))
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        let mut names = Vec::new();
        for name in self.folder.names()? {
            let Some(name) = name.to_str() else { continue };
            match self.folder.kind(name)? {
                Some(Kind::File) => {}
                // what stands in the place of a manifest or a plan is refused by its reader, and not overlooked
                Some(Kind::Link | Kind::Special) if !name.starts_with('.') => {}
                _ => continue,
            }
            let length = self.folder.stat(Path::new(name))?.map_or(0, |s| u64::try_from(s.st_size).unwrap_or(0));
            names.push((name.to_owned(), length.max(1)));
        }
        Ok(names)
    }

    fn read(&self, name: &str, from: u64) -> io::Result<Vec<u8>> {
        let mut file = self.folder.read(name).map_err(|e| named(&self.folder, name, e))?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&self, name: &str, lines: &[u8]) -> io::Result<()> {
        let is_new = self.folder.kind(name)?.is_none();
        let opened = self.folder.change_or_create(name, MODE);
        let mut file = opened.map_err(|e| named(&self.folder, name, e))?;
        rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::APPEND)?;
        let length = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(lines.len() + 1);
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::Start(length - 1))?;
            file.read_exact(&mut last)?;
        }
        // after a line that a kill has torn
        if last != [b'\n'] {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(lines);
        // in one write, so that two runs' lines do not mix
        file.write_all(&bytes)
            .map_err(|e| not_written(e, &text::quoted_path(&self.folder.file(name)), length, bytes.len() as u64))?;
        file.sync_all()?;
        if is_new { self.folder.sync() } else { Ok(()) }
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let (_lock, hidden) = self.hidden(name, bytes)?;
        // a link fails where a rename would replace
        let linked = self.folder.link(&hidden, name);
        let _ = self.folder.remove(&hidden);
        match linked {
            Ok(()) => self.folder.sync().map(|()| true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (_lock, hidden) = self.hidden(name, bytes)?;
        let renamed = self.folder.rename(&hidden, &self.folder, name);
        renamed.inspect_err(|_| drop(self.folder.remove(&hidden)))?;
        self.folder.sync()
    }

    fn lock(&self, key: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let name = short_name(key);
        let Some(file) = lock_file(&self.locks, &name, MODE)? else { return Ok(None) };
        Ok(Some(Box::new(FileLock { file, folder: self.locks.below("")?, name })))
    }
}

/// A name of fixed length for any name.
pub(super) fn short_name(name: &str) -> String {
    text::hex(sha256(name.as_bytes()).get(..16).unwrap_or_default())
}

/// An error with the file that it is about.
fn named(folder: &GuardedFolder, name: &str, error: io::Error) -> io::Error {
    let path = text::quoted_path(&folder.file(name));
    io::Error::new(error.kind(), format!("cannot open {path}: {}", text::io_reason(&error)))
}

/// The locked file `name` in `folder`, made where it is missing; `None` when another process has it.
pub(super) fn lock_file(folder: &GuardedFolder, name: &str, mode: u32) -> io::Result<Option<File>> {
    loop {
        let file = folder.change_or_create(name, mode).map_err(|e| named(folder, name, e))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            // without locks two runs at once are not safe: better none
            Err(e) => return Err(e.into()),
        }
        // whoever had it may have removed it, or given it a name, before it was ours
        if folder.is_name_of(name, &file) {
            return Ok(Some(file));
        }
    }
}

/// Removes the files of a folder that were locked by a run that is dead.
pub(super) fn sweep(folder: &GuardedFolder) {
    for name in folder.names().unwrap_or_default() {
        let Some(name) = name.to_str() else { continue };
        // what another one has, or just took, stays, as does what is no file of ours
        if let Ok(Some(_ours)) = lock_file(folder, name, MODE) {
            let _ = folder.remove(name);
        }
    }
}

#[derive(Debug)]
struct FileLock {
    file: File,
    folder: GuardedFolder,
    name: String,
}

impl Lock for FileLock {
    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.folder.remove(&self.name);
        // for what the job left running, too
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}
