//! Segments as files of a folder: new names only, synced before they are final.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::archive::folder::segment_names_of;
use crate::archive::name::{Form, SegmentName};
use crate::archive::segmenter::{SegmentFile, SegmentStore};
use crate::base::text;
use crate::storage::output_file::not_written;
use crate::storage::{GuardedFolder, Kind, StorageError};

use super::syncer::Syncer;

/// How often a segment that another recorder tidied away is made again.
const TRIES: u32 = 100;
/// Time that another recorder takes to tidy away an empty file.
const TIDYING: Duration = Duration::from_millis(5);

/// A folder of segments.
#[derive(Debug)]
pub(super) struct Folder(GuardedFolder);

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
    path: PathBuf,
    syncer: Option<Syncer>,
}

impl Folder {
    /// The folder at `path`, made where it is missing.
    pub fn open(path: &Path) -> io::Result<Self> {
        GuardedFolder::make(path).map(Folder)
    }

    pub fn file(&self, name: &SegmentName) -> PathBuf {
        self.0.file(name.to_string())
    }

    /// Has the names survive a power cut.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    /// Gives a finished file its final name, which must be free.
    pub fn rename(&self, name: &SegmentName) -> io::Result<()> {
        self.0.rename_to_free(name.with_form(Form::Part).to_string(), name.to_string())?;
        self.sync()
    }

    /// Every segment in it, by name.
    pub fn names(&self) -> io::Result<Vec<SegmentName>> {
        segment_names_of(&self.0)
    }

    /// Opens a segment to read.
    pub fn read(&self, name: &SegmentName) -> io::Result<File> {
        self.0.read(name.to_string())
    }

    /// Its size in bytes; `None` of what is no regular file.
    pub fn size(&self, name: &SegmentName) -> io::Result<Option<u64>> {
        let name = name.to_string();
        if self.0.kind(&name)? != Some(Kind::File) {
            return Ok(None);
        }
        Ok(self.0.stat(Path::new(&name))?.and_then(|s| u64::try_from(s.st_size).ok()))
    }

    pub fn remove(&self, name: &SegmentName) -> io::Result<()> {
        self.0.remove(name.to_string())
    }

    /// A segment that no process writes to; `None` when one does, or when it has just been finished or removed.
    pub fn claim(&self, name: &SegmentName) -> io::Result<Option<PartFile>> {
        let file = match self.0.change(name.to_string()) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        if !locked(&file) || !self.0.is_name_of(name.to_string(), &file) {
            return Ok(None);
        }
        Ok(Some(PartFile { file: Arc::new(file), path: self.file(name), syncer: None }))
    }

    /// A new segment that nobody else takes for one left behind: it is locked before it has its name.
    fn create(&self, name: &str) -> io::Result<File> {
        let hidden = format!(".{name}");
        let mut tries = 0;
        loop {
            let file = match self.0.create(&hidden, 0o666) {
                // another recorder has locked it and is about to tidy it away
                Err(e) if e.kind() == ErrorKind::AlreadyExists && tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(TIDYING);
                    continue;
                }
                made => made?,
            };
            let named =
                if locked(&file) { self.0.rename_to_free(&hidden, name) } else { Err(ErrorKind::NotFound.into()) };
            match named {
                Ok(()) => return Ok(file),
                // another recorder has tidied it away in between: there is nothing in it yet
                Err(e) if e.kind() == ErrorKind::NotFound && tries < TRIES => tries += 1,
                Err(e) => {
                    let _ = self.0.remove(&hidden);
                    return Err(e);
                }
            }
        }
    }

    /// Removes what was made and got no name, since its recorder died in between.
    pub fn remove_unnamed(&self) {
        for name in self.0.names().unwrap_or_default() {
            let segment = name.to_str().and_then(|n| SegmentName::parse(n.strip_prefix('.')?));
            if segment.is_none_or(|s| s.form != Form::Part) {
                continue;
            }
            if let Ok(file) = self.0.change(&name)
                && file.metadata().is_ok_and(|m| m.len() == 0)
                && locked(&file)
                && self.0.is_name_of(&name, &file)
            {
                let _ = self.0.remove(&name);
            }
        }
    }
}

/// Takes the lock that says that the segment is being written; false when another process has it.
fn locked(file: &File) -> bool {
    // a file system without locks: two recorders for one folder are not expected there
    flock(file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
}

impl SegmentStore for FolderStore {
    type File = PartFile;

    fn create(&mut self, name: &SegmentName) -> io::Result<PartFile> {
        for form in [Form::Finished, Form::Recovered, Form::Part] {
            let taken = name.with_form(form);
            if self.folder.0.kind(taken.to_string())?.is_some() {
                let path = self.folder.file(&taken);
                let text = format!("{} exists already", text::quoted_path(&path));
                return Err(io::Error::new(ErrorKind::AlreadyExists, text));
            }
        }
        let created = self.folder.create(&name.to_string()).and_then(|file| {
            self.folder.sync().inspect_err(|_| drop(self.folder.remove(name)))?;
            Ok(file)
        });
        let file = created.map_err(|source| {
            io::Error::new(source.kind(), StorageError::Create { path: self.folder.file(name), source })
        })?;
        let file = Arc::new(file);
        self.syncer.watch(&file);
        Ok(PartFile { file, path: self.folder.file(name), syncer: Some(self.syncer.clone()) })
    }

    fn keep(&mut self, file: PartFile, name: &SegmentName) -> io::Result<()> {
        self.syncer.forget();
        let path = self.folder.file(name);
        let named = |source: io::Error| io::Error::new(source.kind(), StorageError::Create { path, source });
        file.sync().and_then(|()| self.folder.rename(name)).map_err(named)
    }

    fn discard(&mut self, _file: PartFile, name: &SegmentName) -> io::Result<()> {
        self.syncer.forget();
        self.folder.remove(name)?;
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
        let n = (&*self.file).write(bytes).map_err(|e| {
            let written = self.file.metadata().map_or(0, |meta| meta.len());
            not_written(e, &text::quoted_path(&self.path), written, bytes.len() as u64)
        })?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_another_recorder_is_about_to_free_is_waited_for() {
        const NAME: &str = "20260501T140000Z.part";
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let hidden = place.path().join(format!(".{NAME}"));
        let held = File::create(&hidden).unwrap();
        assert!(locked(&held));
        let created = std::thread::scope(|scope| {
            // as `remove_unnamed` does
            scope.spawn(|| {
                std::thread::sleep(4 * TIDYING);
                std::fs::remove_file(&hidden).unwrap();
            });
            folder.create(NAME)
        });
        assert!(folder.0.is_name_of(NAME, &created.unwrap()));
        // the one whose name it was keeps its lock until here
        assert_eq!(held.metadata().unwrap().len(), 0);
    }
}
