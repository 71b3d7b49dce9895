//! What an input is read from: a file, or an object on storage.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::location;
#[cfg(feature = "s3")]
use super::s3::Object;

/// A file or a pipe, or an object. Where it is no pipe, it can be read at any place.
#[derive(Debug)]
pub(crate) enum Medium {
    File(File),
    #[cfg(feature = "s3")]
    Object(Object),
}

impl Medium {
    /// Opens a file, or the object that a name of storage means.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be read (1); the name is none, or this build has no storage (2).
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        match location::is_storage(path) {
            true => location::open(path),
            false => Ok(Medium::File(super::input::open(path)?)),
        }
    }

    /// Its size, when it is an object.
    pub fn size(&self) -> Option<u64> {
        match self {
            Medium::File(_) => None,
            #[cfg(feature = "s3")]
            Medium::Object(object) => Some(object.size()),
        }
    }

    pub fn as_file(&self) -> Option<&File> {
        match self {
            Medium::File(file) => Some(file),
            #[cfg(feature = "s3")]
            Medium::Object(_) => None,
        }
    }

    /// Its turn comes later: memory is let go.
    pub fn rest(&self) {
        #[cfg(feature = "s3")]
        if let Medium::Object(object) = self {
            object.rest();
        }
    }

    /// The same file or object, to be read by [`Medium::read_at`].
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Medium::File(file) => file.try_clone().map(Medium::File),
            #[cfg(feature = "s3")]
            Medium::Object(object) => Ok(Medium::Object(object.another())),
        }
    }

    /// Reads at a place without moving that of its clones.
    pub fn read_at(&mut self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Medium::File(file) => file.read_at(buf, at),
            #[cfg(feature = "s3")]
            Medium::Object(object) => {
                object.seek(SeekFrom::Start(at))?;
                object.read(buf)
            }
        }
    }
}

impl Read for Medium {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Medium::File(file) => file.read(buf),
            #[cfg(feature = "s3")]
            Medium::Object(object) => object.read(buf),
        }
    }
}

impl Seek for Medium {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Medium::File(file) => file.seek(to),
            #[cfg(feature = "s3")]
            Medium::Object(object) => object.seek(to),
        }
    }
}
