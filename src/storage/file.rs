//! Files by name: opened, read whole, distinguished.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};

use crate::base::text::quoted_path;

use super::{StorageError, Untrusted, location, read_files};

/// What a pipe between two commands holds, where the system allows it: a few compressed keyframes.
const PIPE: usize = 1024 * 1024;

/// Opens a file for reading. A named pipe is waited for until somebody writes to it, or a signal comes.
///
/// # Errors
///
/// There is none, or it cannot be opened; the name is one of storage; a signal came.
pub fn open(path: &Path) -> Result<File, StorageError> {
    opened(path, wait_for_writer)
}

/// As [`open`], for what was found in a folder: what is no regular file is refused, and a link is followed.
///
/// # Errors
///
/// As that, or it is no regular file.
pub fn open_regular(path: &Path) -> Result<File, StorageError> {
    opened(path, |file| {
        let meta = file.metadata()?;
        if meta.is_file() || meta.is_dir() { Ok(()) } else { Err(Untrusted::NotRegular.into()) }
    })
}

/// Opens a file without waiting, and looks at what it is before anything is read.
fn opened(path: &Path, examine: impl FnOnce(&File) -> io::Result<()>) -> Result<File, StorageError> {
    location::refuse(path)?;
    // a plain call would wait in the system, which begins anew after a signal: nothing could end it
    let options = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, options, Mode::empty()).map(File::from).map_err(io::Error::from);
    let examined = opened.and_then(|file| examine(&file).map(|()| file));
    examined.inspect(read_files::is_being_read).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => StorageError::NoFile(path.to_owned()),
        io::ErrorKind::Interrupted => StorageError::Interrupted(path.to_owned()),
        _ => StorageError::Open { path: path.to_owned(), source },
    })
}

/// From now on reads wait. Of a named pipe that nobody has opened to write, the first writer is waited for.
fn wait_for_writer(file: &File) -> io::Result<()> {
    if file.metadata()?.file_type().is_fifo() {
        let mut pipe = [PollFd::new(file, PollFlags::IN)];
        rustix::event::poll(&mut pipe, None)?;
    }
    Ok(rustix::fs::fcntl_setfl(file, OFlags::empty())?)
}

/// Reads a whole small file, as a certificate, and refuses one of more than `limit` bytes.
///
/// # Errors
///
/// A folder; missing, unreadable or too long.
pub fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    read_bounded_into(open(path)?, path, limit, &mut bytes)?;
    Ok(bytes)
}

/// Appends the file to `bytes`, whose room the caller has chosen. `path` is its name in an error.
///
/// # Errors
///
/// As [`read_bounded`].
pub fn read_bounded_into(file: File, path: &Path, limit: usize, bytes: &mut Vec<u8>) -> Result<(), StorageError> {
    let name = || quoted_path(path);
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(StorageError::Folder { name: name() });
    }
    let read = file.take(limit as u64 + 1).read_to_end(bytes);
    if read.map_err(|source| StorageError::Read { name: name(), source })? > limit {
        return Err(StorageError::TooLong { path: path.to_owned(), limit: limit as u64 });
    }
    Ok(())
}

/// Asks for a larger pipe; what is no pipe, or over the user's allowance, stays as it is.
pub(crate) fn enlarge_pipe(file: &File) {
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE);
}

/// Puts the names in the folder of `path` on the disk, so that they survive a power cut; not every file system can
/// promise it.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder)
}

/// Puts the names in `folder` on the disk, where the file system can do so for folders.
///
/// # Errors
///
/// The folder cannot be opened, or the disk fails.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    settled(&File::open(folder)?)
}

/// As [`sync_folder`], of one that is open.
pub(super) fn settled(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}
