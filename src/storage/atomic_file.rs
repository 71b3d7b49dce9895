//! Files that appear whole or not at all: pictures, mp4, certificates, keys.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::file::sync_folder_of;
use super::output::check_name;
use super::{Input, OutputFile, StorageError};

/// What to do when the name is taken at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse; the file there stays.
    Refuse,
    /// Replace it in one step.
    Replace,
}

impl Existing {
    /// Replaces when `force` is set, or else refuses.
    pub fn from_force(force: bool) -> Self {
        if force { Existing::Replace } else { Existing::Refuse }
    }
}

/// A file written next to its name and given the name by [`AtomicFile::commit`]; dropped, it is gone.
#[derive(Debug)]
pub struct AtomicFile {
    file: OutputFile,
    temporary: PathBuf,
    path: PathBuf,
    existing: Existing,
}

impl AtomicFile {
    /// Creates the file next to `path`, in the same folder under a hidden name, with the permissions
    /// `mode` less the umask (0o666 for what anybody may read, 0o600 for a key).
    ///
    /// # Errors
    ///
    /// `path` is the input's, is taken, is a folder or lies in a missing one; the folder does not let us write.
    pub fn create(path: &Path, mode: u32, existing: Existing, input: Option<&Input>) -> Result<Self, StorageError> {
        check_name(path, existing == Existing::Replace, input)?;
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            // A rename would put a file where a device or a named pipe was.
            return Err(StorageError::NotRegular(path.to_owned()));
        }
        // Through a link to where it leads: replacing the link itself would surprise.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        for attempt in 0..100 {
            let temporary = temporary_name(&path, attempt);
            let opened = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&temporary);
            match opened {
                Ok(file) => {
                    let file = OutputFile::new(file, &path);
                    return Ok(AtomicFile { file, temporary, path, existing });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(StorageError::Create { path, source }),
            }
        }
        Err(StorageError::Unfinished(path))
    }

    /// The file to write to; readable and seekable, too.
    pub fn file(&mut self) -> &mut OutputFile {
        &mut self.file
    }

    /// Where it stands for now.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Puts the bytes on the disk, then the file under its name.
    ///
    /// # Errors
    ///
    /// The name was taken in the meantime, or the disk failed; then there is no file of ours.
    pub fn commit(self) -> Result<(), StorageError> {
        let failed = |source| StorageError::Create { path: self.path.clone(), source };
        let taken = || StorageError::Exists(self.path.clone());
        self.file.sync()?;
        match self.existing {
            Existing::Replace => {
                fs::rename(&self.temporary, &self.path).map_err(failed)?;
            }
            // A link fails where a rename would replace; dropping `self` removes the other name.
            Existing::Refuse => match fs::hard_link(&self.temporary, &self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken()),
                // A file system without links: the check and the rename are two steps there.
                Err(_) if !self.path.exists() => {
                    fs::rename(&self.temporary, &self.path).map_err(failed)?;
                }
                Err(_) => return Err(taken()),
            },
        }
        // not every file system can promise that the name survives a power cut
        let _ = sync_folder_of(&self.path);
        Ok(())
    }

    /// As [`AtomicFile::commit`], and then `next`; where that fails, the name means again what it meant before.
    ///
    /// # Errors
    ///
    /// As that, and those of `next`.
    pub fn commit_with<E: From<StorageError>>(self, next: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let path = self.path.clone();
        let before = temporary_name(&path, u32::MAX);
        let replaces = path.exists();
        // a second name keeps what is replaced
        let kept = replaces && fs::hard_link(&path, &before).is_ok();
        let done = self.commit().map_err(E::from).map(|()| next());
        if let Ok(Err(_)) = &done {
            let _ = match (replaces, kept) {
                (true, true) => fs::rename(&before, &path),
                // a file system without links
                (true, false) => Ok(()),
                (false, _) => fs::remove_file(&path),
            };
        }
        if kept {
            let _ = fs::remove_file(&before);
        }
        done?
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

/// A hidden name in the same folder, so that the rename stays within one file system.
fn temporary_name(path: &Path, attempt: u32) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{attempt}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn there_is_no_file_before_the_commit_and_only_the_file_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.key");
        let mut file = AtomicFile::create(&path, 0o600, Existing::Refuse, None).unwrap();
        file.file().write_all(b"key").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["desk.key"]);
    }

    #[test]
    fn what_was_replaced_comes_back_when_what_follows_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.key");
        for before in [None, Some("old")] {
            before.iter().for_each(|old| fs::write(&path, old).unwrap());
            for works in [false, true] {
                let mut file = AtomicFile::create(&path, 0o600, Existing::Replace, None).unwrap();
                file.file().write_all(b"new").unwrap();
                let next = || if works { Ok(()) } else { Err(StorageError::StdinTwice) };
                assert_eq!(file.commit_with(next).is_ok(), works);
                let expected = if works { Some("new") } else { before };
                assert_eq!(fs::read_to_string(&path).ok().as_deref(), expected);
                assert_eq!(names(folder.path()).len(), usize::from(expected.is_some()));
            }
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(AtomicFile::create(&folder.path().join("a.mp4"), 0o666, Existing::Refuse, None).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_name_taken_meanwhile_is_not_replaced_without_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pem");
        let mut file = AtomicFile::create(&path, 0o666, Existing::Refuse, None).unwrap();
        file.file().write_all(b"mine").unwrap();
        fs::write(&path, "theirs").unwrap();
        let error = file.commit().unwrap_err();
        assert!(matches!(error, StorageError::Exists(_)));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["a.pem"]);

        let mut file = AtomicFile::create(&path, 0o666, Existing::Replace, None).unwrap();
        file.file().write_all(b"mine").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }
}
