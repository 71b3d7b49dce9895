//! Segments as files of a folder: new names only, synced before they are final.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, RenameFlags, flock, renameat_with};

use crate::archive::folder::names_on_disk;
use crate::archive::name::{Form, SegmentName};
use crate::archive::segmenter::{SegmentFile, SegmentStore};
use crate::base::text;

use super::syncer::Syncer;

/// A folder of segments.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    handle: File,
}

/// A folder that a recording goes to.
#[derive(Debug)]
pub(super) struct FolderStore {
    pub folder: Folder,
    pub syncer: Syncer,
}

/// A segment that is being written. Nobody else changes it as long as it is open.
#[derive(Debug)]
pub(super) struct PartFile {
    file: Arc<File>,
    syncer: Option<Syncer>,
}

impl Folder {
    /// The folder at `path`, made where it is missing.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Folder { path: path.to_owned(), handle: File::open(path)? })
    }

    pub fn file(&self, name: &SegmentName) -> PathBuf {
        self.path.join(name.to_string())
    }

    /// Has the names survive a power cut.
    pub fn sync(&self) -> io::Result<()> {
        match self.handle.sync_all() {
            // not every file system can do it for folders
            Err(e) if e.kind() == ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }

    /// Gives a finished file its final name, which must be free.
    pub fn rename(&self, name: &SegmentName) -> io::Result<()> {
        let (from, to) = (name.with_form(Form::Part).to_string(), name.to_string());
        let renamed = renameat_with(&self.handle, from.as_str(), &self.handle, to.as_str(), RenameFlags::NOREPLACE);
        match renamed {
            Ok(()) => {}
            // a file system that cannot check and rename in one step
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !self.path.join(&to).exists() => {
                fs::rename(self.path.join(from), self.path.join(to))?;
            }
            Err(e) => return Err(e.into()),
        }
        self.sync()
    }

    /// Every segment in it, by name.
    pub fn names(&self) -> io::Result<Vec<SegmentName>> {
        names_on_disk(&self.path)
    }
}

/// A segment that no process writes to; `None` when one does.
pub(super) fn claim(path: &Path) -> io::Result<Option<PartFile>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(PartFile { file: Arc::new(file), syncer: None })),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        // a file system without locks: two recorders for one folder are not expected there
        Err(_) => Ok(Some(PartFile { file: Arc::new(file), syncer: None })),
    }
}

impl SegmentStore for FolderStore {
    type File = PartFile;

    fn create(&mut self, name: &SegmentName) -> io::Result<PartFile> {
        for form in [Form::Finished, Form::Recovered, Form::Part] {
            let path = self.folder.file(&name.with_form(form));
            if fs::symlink_metadata(&path).is_ok() {
                let text = format!("{} exists already", text::quoted_path(&path));
                return Err(io::Error::new(ErrorKind::AlreadyExists, text));
            }
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(self.folder.file(name))?;
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        self.folder.sync()?;
        let file = Arc::new(file);
        self.syncer.watch(&file);
        Ok(PartFile { file, syncer: Some(self.syncer.clone()) })
    }

    fn keep(&mut self, file: PartFile, name: &SegmentName) -> io::Result<()> {
        self.syncer.forget();
        file.sync()?;
        self.folder.rename(name)
    }

    fn discard(&mut self, _file: PartFile, name: &SegmentName) -> io::Result<()> {
        self.syncer.forget();
        fs::remove_file(self.folder.file(name))?;
        self.folder.sync()
    }
}

impl PartFile {
    /// Waits until it is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = (&*self.file).write(bytes)?;
        self.syncer.iter().try_for_each(Syncer::written)?;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for PartFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self.file).read(buf)
    }
}

impl Seek for PartFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self.file).seek(to)
    }
}

impl SegmentFile for PartFile {
    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}
