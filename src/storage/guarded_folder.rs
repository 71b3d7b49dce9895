//! A folder that others may be able to write to: what lies in it is opened for what it is, and never for what a link or
//! a pipe in its place leads to.
//!
//! Every name is followed one folder at a time, by descriptors, and no symbolic link on the way or at its end counts.
//! What is opened must be a regular file. What is changed must also have one name only, and belong to this user, to
//! root, or to whoever the folder belongs to: he could have put anything there anyway.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::file::settled;
use super::untrusted::Untrusted;

/// Folders below folders, at most.
const DEPTH: usize = 64;

/// What has a name in a folder, itself and not what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a named pipe, a socket.
    Special,
}

/// A folder, held by its descriptor: that its name comes to mean another one changes nothing.
#[derive(Debug)]
pub struct GuardedFolder {
    handle: File,
    path: PathBuf,
    owner: u32,
}

impl GuardedFolder {
    /// The folder at `path`, which somebody named: links in it are followed.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        GuardedFolder::held(rustix::fs::open(path, flags, Mode::empty())?.into(), path.to_owned())
    }

    /// As [`GuardedFolder::open`], made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made or opened.
    pub fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        GuardedFolder::open(path)
    }

    fn held(handle: File, path: PathBuf) -> io::Result<Self> {
        let owner = handle.metadata()?.uid();
        Ok(GuardedFolder { handle, path, owner })
    }

    /// Its name, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder itself, to be locked.
    pub fn handle(&self) -> &File {
        &self.handle
    }

    /// Where `name` is, for messages and for programs that want a path.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The folder `name` in it, or below it.
    ///
    /// # Errors
    ///
    /// There is none; it, or one on the way, is a link; the name leads out.
    pub fn below(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        self.descend(name.as_ref(), false)
    }

    /// As [`GuardedFolder::below`]; what is missing is made.
    ///
    /// # Errors
    ///
    /// As that, or it cannot be made.
    pub fn make_below(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        self.descend(name.as_ref(), true)
    }

    fn descend(&self, name: &Path, make: bool) -> io::Result<Self> {
        let mut folder = GuardedFolder::held(self.handle.try_clone()?, self.path.clone())?;
        for (depth, part) in parts(name).enumerate() {
            let part = part?;
            if depth == DEPTH {
                return Err(Untrusted::Outside.into());
            }
            if make {
                match rustix::fs::mkdirat(&folder.handle, part, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            let handle = match folder.open_at(part, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()) {
                // the system says the same of a link as of a file
                Err(e) if e.kind() == ErrorKind::NotADirectory && folder.is_link(part) => {
                    return Err(Untrusted::Link.into());
                }
                opened => opened?,
            };
            folder = GuardedFolder::held(handle, folder.path.join(part))?;
        }
        Ok(folder)
    }

    /// The folder that `name` lies in, and its last part.
    fn parent<'a>(&self, name: &'a Path, make: bool) -> io::Result<(Self, &'a OsStr)> {
        let last = name.file_name().ok_or(Untrusted::Outside)?;
        // a path that ends in /. has that as its file name's folder
        if !name.as_os_str().as_bytes().ends_with(last.as_bytes()) {
            return Err(Untrusted::Outside.into());
        }
        Ok((self.descend(name.parent().unwrap_or(Path::new("")), make)?, last))
    }

    fn open_at(&self, part: &OsStr, flags: OFlags, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.handle, part, flags, mode) {
            Ok(descriptor) => Ok(descriptor.into()),
            Err(Errno::LOOP) => Err(Untrusted::Link.into()),
            // a named pipe that nobody reads, a socket
            Err(Errno::NXIO) => Err(Untrusted::NotRegular.into()),
            Err(e) => Err(e.into()),
        }
    }

    fn is_link(&self, part: &OsStr) -> bool {
        rustix::fs::statat(&self.handle, part, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Symlink)
    }

    /// Opens a regular file to read.
    ///
    /// # Errors
    ///
    /// There is none, it may not be read, or [`Untrusted`].
    pub fn read(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        let file = folder.open_at(name, OFlags::RDONLY, Mode::empty())?;
        if !file.metadata()?.is_file() {
            return Err(Untrusted::NotRegular.into());
        }
        Ok(file)
    }

    /// Opens a regular file of ours to read and change.
    ///
    /// # Errors
    ///
    /// There is none, it may not be written, or [`Untrusted`].
    pub fn change(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        let file = folder.open_at(name, OFlags::RDWR, Mode::empty()).map_err(folder_is_no_file)?;
        folder.owned(file)
    }

    /// As [`GuardedFolder::change`], made where it is missing, with the permissions `mode` less the umask.
    ///
    /// # Errors
    ///
    /// As that, or it cannot be made.
    pub fn change_or_create(&self, name: impl AsRef<Path>, mode: u32) -> io::Result<File> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        let file = folder.open_at(name, OFlags::RDWR | OFlags::CREATE, Mode::from_raw_mode(mode));
        folder.owned(file.map_err(folder_is_no_file)?)
    }

    /// Makes a file, with the permissions `mode` less the umask.
    ///
    /// # Errors
    ///
    /// The name is taken, be it by a link; it cannot be made.
    pub fn create(&self, name: impl AsRef<Path>, mode: u32) -> io::Result<File> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        folder.open_at(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(mode))
    }

    /// A file with these bytes in the place of whatever has the name, in one step and on the disk.
    ///
    /// # Errors
    ///
    /// It cannot be made; then what was there is there.
    pub fn replace(&self, name: impl AsRef<Path>, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        // of a process of this number that is dead
        let _ = folder.remove(&hidden);
        let mut file = folder.create(&hidden, mode)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.and_then(|()| folder.rename(&hidden, &folder, name)).inspect_err(|_| drop(folder.remove(&hidden)))?;
        folder.sync()
    }

    fn owned(&self, file: File) -> io::Result<File> {
        let meta = file.metadata()?;
        let own = rustix::process::geteuid().as_raw();
        match meta.uid() {
            _ if !meta.is_file() => Err(Untrusted::NotRegular.into()),
            _ if meta.nlink() > 1 => Err(Untrusted::Shared.into()),
            uid if uid == own || uid == 0 || uid == self.owner => Ok(file),
            uid => Err(Untrusted::Foreign(uid).into()),
        }
    }

    /// What has the name; `None` when nothing has. A link on the way counts as nothing.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn kind(&self, name: impl AsRef<Path>) -> io::Result<Option<Kind>> {
        Ok(self.stat(name.as_ref())?.map(|s| match FileType::from_raw_mode(s.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Special,
        }))
    }

    /// What the system says of the name itself, a link not followed; `None` when nothing has it.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn stat(&self, name: &Path) -> io::Result<Option<Stat>> {
        let (folder, name) = match self.parent(name, false) {
            Ok(found) => found,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(e) => return Err(e),
        };
        match rustix::fs::statat(&folder.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The names in it, sorted.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes a name that is no folder's.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be removed.
    pub fn remove(&self, name: impl AsRef<Path>) -> io::Result<()> {
        let (folder, name) = self.parent(name.as_ref(), false)?;
        Ok(rustix::fs::unlinkat(&folder.handle, name, AtFlags::empty())?)
    }

    /// Gives a file the name `to` in the folder `target`, in the place of what has that name, in one step.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn rename(&self, from: impl AsRef<Path>, target: &Self, to: impl AsRef<Path>) -> io::Result<()> {
        let (here, from) = self.parent(from.as_ref(), false)?;
        let (there, to) = target.parent(to.as_ref(), false)?;
        Ok(rustix::fs::renameat(&here.handle, from, &there.handle, to)?)
    }

    /// Gives a file another name in this folder, which must be free.
    ///
    /// # Errors
    ///
    /// It is taken; the system refuses.
    pub fn rename_to_free(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
        let (here, from) = self.parent(from.as_ref(), false)?;
        let (there, to) = self.parent(to.as_ref(), false)?;
        match rustix::fs::renameat_with(&here.handle, from, &there.handle, to, RenameFlags::NOREPLACE) {
            // a file system that cannot check and rename in one step
            Err(Errno::INVAL | Errno::NOSYS) if there.kind(to)?.is_none() => {
                Ok(rustix::fs::renameat(&here.handle, from, &there.handle, to)?)
            }
            done => Ok(done?),
        }
    }

    /// Gives a file a second name in this folder, which must be free.
    ///
    /// # Errors
    ///
    /// It is taken; the system refuses.
    pub fn link(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.handle, from, &self.handle, to, AtFlags::empty())?)
    }

    /// Whether `name` is this file's.
    pub fn is_name_of(&self, name: impl AsRef<Path>, file: &File) -> bool {
        let there = self.stat(name.as_ref()).ok().flatten();
        let here = rustix::fs::fstat(file).ok();
        there.zip(here).is_some_and(|(a, b)| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino))
    }

    /// Puts the names in it on the disk, where the file system can do so for folders.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn sync(&self) -> io::Result<()> {
        settled(&self.handle)
    }
}

/// The file at a path whose folder may be others': the folder as it was named, and in it nothing but a regular file.
///
/// # Errors
///
/// As [`GuardedFolder::read`].
pub fn read_guarded(path: &Path) -> io::Result<File> {
    let name = path.file_name().ok_or(Untrusted::Outside)?;
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    GuardedFolder::open(folder)?.read(name)
}

/// A folder's name where a file is wanted.
fn folder_is_no_file(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::IsADirectory => Untrusted::NotRegular.into(),
        _ => error,
    }
}

/// The parts of a name between its slashes, none of which leads up or out.
fn parts(name: &Path) -> impl Iterator<Item = io::Result<&OsStr>> {
    use std::path::Component;
    name.components().map(|c| match c {
        Component::Normal(part) => Ok(part),
        _ => Err(Untrusted::Outside.into()),
    })
}
