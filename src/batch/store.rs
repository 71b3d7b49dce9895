//! Where items come from, where outputs go, and where the state of a run is kept.
//!
//! A folder is one store ([`super::FolderStore`]); object storage is another. What the runner asks for is what both can
//! do: an output appears whole or not at all, a line of the manifest stays, a name is made once.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

use super::error::BatchError;

/// The folder in a store that holds the state of its runs.
pub use crate::archive::STATE;

/// Something that a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the store, `/` between folders. Never empty or absolute, and without `..`.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, UTC ns.
    pub modified_ns: i64,
    /// What nobody can set back who changes it, where the store has such a thing: inode and time of the last change of
    /// its inode. Equal is equal; what differs may be the same all the same.
    pub changed: Option<String>,
}

impl Entry {
    /// Whether size and time are those of `other`.
    pub fn looks_like(&self, other: &Entry) -> bool {
        (self.bytes, self.modified_ns) == (other.bytes, other.modified_ns)
    }
}

/// What a store holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// By name.
    pub entries: Vec<Entry>,
    /// What is there and cannot be an item. It counts as damaged.
    pub left_out: Vec<LeftOut>,
}

/// Something in a store that is left out, since nobody can look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name, relative to the store.
    pub name: String,
    /// Why.
    pub why: String,
}

/// An item to read.
pub enum ItemSource {
    /// The job gets it as it is on stdin, and can seek in it.
    File(File),
    /// It is copied through a pipe.
    Stream(Box<dyn Read + Send>),
}

/// Reads anywhere.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A place of items, read or written.
pub trait Store: Send + Sync + Debug {
    /// Its name for people and in plans, as it was given.
    fn shown(&self) -> String;

    /// Every item in it: all `*.vv` of a folder, below it, too, without hidden names.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn list(&self) -> Result<Listing, BatchError>;

    /// What has this name now; `None` when nothing has.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the name leads out of it.
    fn entry(&self, name: &str) -> io::Result<Option<Entry>>;

    /// Opens an item for a job.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read.
    fn open(&self, name: &str) -> io::Result<ItemSource>;

    /// Opens an item to look at parts of it.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read.
    fn open_parts(&self, name: &str) -> io::Result<Box<dyn ReadSeek>>;

    /// An item's path for `VIDVEIL_INPUT` and `VIDVEIL_OUTPUT`, absolute, where it has one.
    fn path(&self, name: &str) -> Option<PathBuf>;

    /// Begins an output for the name; nothing has that name before it is published.
    ///
    /// # Errors
    ///
    /// It cannot be created; `ErrorKind::WouldBlock` when another run is writing it.
    fn begin(&self, name: &str) -> io::Result<Box<dyn Draft>>;

    /// Makes names that were published survive a power cut.
    ///
    /// # Errors
    ///
    /// The store cannot promise it.
    fn settle(&self, names: &[String]) -> io::Result<()>;

    /// Where the state of runs is kept in it; made where it is missing.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    fn state(&self) -> Result<Box<dyn RunState>, BatchError>;
}

/// An output that has no name yet; dropped, it is gone.
pub trait Draft: Send + Debug {
    /// The file that the job's stdout becomes, readable and seekable; without one the output is given to
    /// [`Draft::write`].
    fn file(&mut self) -> Option<&mut File>;

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// The store cannot take them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file these permissions; until then it is this user's alone. What takes the place of an item keeps the
    /// item's.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    fn set_mode(&mut self, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    /// Waits until every byte is stored for good.
    ///
    /// # Errors
    ///
    /// The store cannot keep them.
    fn sync(&mut self) -> io::Result<()>;

    /// Gives it the name, in one step, in the place of what has that name; gives what it is there, where that can be
    /// known of it and not only of what has the name. A draft without a file is always given the name that it was begun
    /// for.
    ///
    /// # Errors
    ///
    /// The store cannot do it, or the name leads out of it.
    fn publish(self: Box<Self>, name: &str) -> io::Result<Option<Entry>>;
}

/// Small files that several runs read and write at once: plans, manifests, locks.
pub trait RunState: Send + Sync + Debug {
    /// Its name for people.
    fn shown(&self) -> String;

    /// What to say of somebody else than this user and root who may write it; `None` where nobody is known.
    fn writable_by_others(&self) -> Option<String> {
        None
    }

    /// Every file that is there, with its length in bytes: those of [`RunState::append`] and [`RunState::create`] of
    /// any run.
    ///
    /// # Errors
    ///
    /// The state cannot be read.
    fn names(&self) -> io::Result<Vec<(String, u64)>>;

    /// The bytes of a file from the byte `from` on.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read.
    fn read(&self, name: &str, from: u64) -> io::Result<Vec<u8>>;

    /// Adds whole lines at the end of a file, made where it is missing; they are stored for good when this returns. A
    /// crash may leave a part of them.
    ///
    /// # Errors
    ///
    /// They cannot be stored.
    fn append(&self, name: &str, lines: &[u8]) -> io::Result<()>;

    /// Makes a file with these bytes, whole or not at all, stored for good; false when there is one of that name.
    ///
    /// # Errors
    ///
    /// They cannot be stored.
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<bool>;

    /// Makes a file with these bytes, or puts them in the place of those that it has, in one step.
    ///
    /// # Errors
    ///
    /// They cannot be stored.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Takes a lock that vanishes with this process and the jobs that inherited it; `None` when another has it.
    ///
    /// # Errors
    ///
    /// No lock can be taken here: two runs would do the same item.
    fn lock(&self, key: &str) -> io::Result<Option<Box<dyn Lock>>>;
}

/// A lock that is held until it is dropped.
pub trait Lock: Send + Debug {
    /// What a job must inherit, so that a killed run's item stays locked until its job has ended.
    fn file(&self) -> Option<&File>;
}
