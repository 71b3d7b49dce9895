//! What an input is read from: a file, or an object on storage.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

#[cfg(feature = "s3")]
use super::s3::Object;
use super::{StorageError, bucket, file, location};

/// A file or a pipe, or an object. Where it is no pipe, it can be read at any place.
#[derive(Debug)]
pub enum Handle {
    /// A file or a pipe.
    File(File),
    #[cfg(feature = "s3")]
    /// An object on storage.
    Object(Object),
}

impl Handle {
    /// Opens a file, or the object that a name of storage means.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be read; the name is none, or this build has no storage.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        if location::is_storage(path) {
            return bucket::open(path);
        }
        Ok(Handle::File(file::open(path)?))
    }

    /// Its size, when it is an object.
    pub fn size(&self) -> Option<u64> {
        match self {
            Handle::File(_) => None,
            #[cfg(feature = "s3")]
            Handle::Object(object) => Some(object.size()),
        }
    }

    /// The file or pipe below; an object has none.
    pub fn as_file(&self) -> Option<&File> {
        match self {
            Handle::File(file) => Some(file),
            #[cfg(feature = "s3")]
            Handle::Object(_) => None,
        }
    }

    /// Its turn comes later: memory is let go.
    pub fn rest(&self) {
        #[cfg(feature = "s3")]
        if let Handle::Object(object) = self {
            object.rest();
        }
    }

    /// The same file or object, to be read by [`Handle::read_at`].
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Handle::File(file) => file.try_clone().map(Handle::File),
            #[cfg(feature = "s3")]
            Handle::Object(object) => Ok(Handle::Object(object.another())),
        }
    }

    /// Reads at a place without moving that of its clones.
    pub fn read_at(&mut self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Handle::File(file) => file.read_at(buf, at),
            #[cfg(feature = "s3")]
            Handle::Object(object) => {
                object.seek(SeekFrom::Start(at))?;
                object.read(buf)
            }
        }
    }
}

impl Read for Handle {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Handle::File(file) => file.read(buf),
            #[cfg(feature = "s3")]
            Handle::Object(object) => object.read(buf),
        }
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Handle::File(file) => file.seek(to),
            #[cfg(feature = "s3")]
            Handle::Object(object) => object.seek(to),
        }
    }
}
