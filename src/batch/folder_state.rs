//! A folder of plans, manifests and locks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::base::text;
use crate::format::sha256;
use crate::storage::file::sync_folder;

use super::error::BatchError;
use super::store::{Lock, RunState};

/// How long to wait before reading again a file that another run is writing.
const AGAIN: Duration = Duration::from_millis(20);

/// The state of runs in a folder of its own.
#[derive(Debug)]
pub struct FolderState {
    path: PathBuf,
}

impl FolderState {
    /// The folder at `path`, made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn open(path: &Path) -> Result<Self, BatchError> {
        let cannot = |source| BatchError::StateFolder { path: path.to_owned(), source };
        fs::create_dir_all(path.join("locks")).map_err(cannot)?;
        sweep(&path.join("locks"));
        Ok(FolderState { path: path.to_owned() })
    }

    /// A synced file with these bytes under a hidden name, the same for all who write that file: one at a time, and
    /// what a killed run left is written over.
    fn hidden(&self, name: &str, bytes: &[u8]) -> io::Result<(File, PathBuf)> {
        let hidden = self.path.join(format!(".{name}.part"));
        let mut file = loop {
            match lock_file(&hidden)? {
                Some(file) => break file,
                None => thread::sleep(AGAIN),
            }
        };
        let written = file.set_len(0).and_then(|()| file.write_all(bytes)).and_then(|()| file.sync_all());
        written.inspect_err(|_| drop(fs::remove_file(&hidden)))?;
        Ok((file, hidden))
    }
}

impl RunState for FolderState {
    fn shown(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if let (Some(name), Ok(meta)) = (entry.file_name().to_str(), entry.metadata())
                && meta.is_file()
            {
                names.push((name.to_owned(), meta.len()));
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str, from: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path.join(name))?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&self, name: &str, lines: &[u8]) -> io::Result<()> {
        let path = self.path.join(name);
        let is_new = !path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
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
        file.write_all(&bytes)?;
        file.sync_all()?;
        if is_new { sync_folder(&self.path) } else { Ok(()) }
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let (_lock, hidden) = self.hidden(name, bytes)?;
        // a link fails where a rename would replace
        let linked = fs::hard_link(&hidden, self.path.join(name));
        let _ = fs::remove_file(&hidden);
        match linked {
            Ok(()) => sync_folder(&self.path).map(|()| true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (_lock, hidden) = self.hidden(name, bytes)?;
        fs::rename(&hidden, self.path.join(name)).inspect_err(|_| drop(fs::remove_file(&hidden)))?;
        sync_folder(&self.path)
    }

    fn lock(&self, key: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let path = self.path.join("locks").join(short_name(key));
        Ok(lock_file(&path)?.map(|file| Box::new(FileLock { file, path }) as Box<dyn Lock>))
    }
}

/// A name of fixed length for any name.
pub(super) fn short_name(name: &str) -> String {
    text::hex(sha256(name.as_bytes()).get(..16).unwrap_or_default())
}

/// The locked file at `path`, made where it is missing; `None` when another process has it.
pub(super) fn lock_file(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            // without locks two runs at once are not safe: better none
            Err(e) => return Err(e.into()),
        }
        // whoever had it may have removed it, or given it a name, before it was ours
        let ours = file.metadata()?;
        match fs::metadata(path) {
            Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => return Ok(Some(file)),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
}

/// Removes the files of a folder that were locked by a run that is dead.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // what another one has, or just took, stays
        if let Ok(Some(_ours)) = lock_file(&path) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[derive(Debug)]
struct FileLock {
    file: File,
    path: PathBuf,
}

impl Lock for FileLock {
    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        // for what the job left running, too
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}
