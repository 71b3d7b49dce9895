//! The files of one input: all checked before the first is read.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::Seek;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::text;

use super::handle::Handle;
use super::identity::FileIdentity;
use super::{StorageError, file, location, open_stdin};

/// The number of files that are kept open until their turn comes; the others are opened again.
const KEPT: usize = 32;

/// An input that can be read.
#[derive(Debug)]
pub(crate) struct Open {
    /// `stdin`, or the path in quotes.
    pub name: String,
    pub handle: Handle,
    /// Bytes from here to its end, when it is a file.
    pub length: Option<u64>,
    identity: Option<FileIdentity>,
}

impl Open {
    /// What another thread writes.
    pub fn pipe(name: String, file: File) -> Self {
        Open { name, handle: Handle::File(file), length: None, identity: None }
    }
}

/// A file whose turn has not come.
#[derive(Debug)]
pub(crate) enum Part {
    Kept(PathBuf, Open),
    Named { path: PathBuf, length: u64, identity: FileIdentity },
}

/// The files that have not been read yet.
#[derive(Debug)]
pub(crate) struct Queue {
    parts: VecDeque<Part>,
    /// The paths of all, those that were read, too.
    paths: Vec<PathBuf>,
    of: usize,
    identities: BTreeSet<FileIdentity>,
}

impl Queue {
    /// Looks at all of `paths`, or at stdin when there is none; gives the first one, and the others. `last` comes after
    /// them.
    ///
    /// # Errors
    ///
    /// The first that is no good: a folder, stdin that is a terminal or is named twice; it cannot be opened.
    pub fn open(paths: &[PathBuf], last: Option<Open>) -> Result<(Open, Queue), StorageError> {
        let (first, rest, last) = match (paths.split_first(), last) {
            (Some((first, rest)), last) => (one(first)?, rest, last),
            (None, Some(last)) => (last, paths, None),
            (None, None) => (stdin()?, paths, None),
        };
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(StorageError::StdinTwice);
        }
        let of = paths.len().max(1) + usize::from(last.is_some());
        let mut queue = Queue { parts: VecDeque::new(), paths: paths.to_vec(), of, identities: BTreeSet::new() };
        queue.identities.extend(first.identity);
        for path in rest {
            let open = one(path)?;
            queue.identities.extend(open.identity);
            queue.parts.push_back(match (open.length, open.identity) {
                (Some(length), Some(identity)) if queue.parts.len() >= KEPT => {
                    Part::Named { path: path.clone(), length, identity }
                }
                _ => {
                    open.handle.rest();
                    Part::Kept(path.clone(), open)
                }
            });
        }
        queue.parts.extend(last.map(|open| Part::Kept(PathBuf::new(), open)));
        Ok((first, queue))
    }

    /// Whether all were given by their names.
    pub fn are_named(&self) -> bool {
        !self.paths.is_empty() && !self.paths.iter().any(|path| is_stdin(path))
    }

    /// Goes back to the file of this number, from 0, and gives it; none of the files is a pipe.
    ///
    /// # Errors
    ///
    /// It is gone, or it is not the file any more that was there at the start.
    pub fn again(&mut self, number: usize) -> Result<Open, StorageError> {
        let Some((first, rest)) = self.paths.get(number..).and_then(<[PathBuf]>::split_first) else {
            return stdin();
        };
        let (open, mut parts) = (one(first)?, VecDeque::new());
        for path in rest {
            let next = one(path)?;
            parts.push_back(match (next.length, next.identity) {
                (Some(length), Some(identity)) => Part::Named { path: path.clone(), length, identity },
                _ => Part::Kept(path.clone(), next),
            });
        }
        let known = |identity: FileIdentity| self.identities.contains(&identity);
        let named = parts.iter().filter_map(|part| match part {
            Part::Named { path, identity, .. } => Some((path, *identity)),
            Part::Kept(..) => None,
        });
        let mut all = open.identity.map(|identity| (first, identity)).into_iter().chain(named);
        if let Some((path, _)) = all.find(|(_, identity)| !known(*identity)) {
            return Err(StorageError::Replaced(path.clone()));
        }
        self.parts = parts;
        Ok(open)
    }

    pub fn next(&mut self) -> Option<Part> {
        self.parts.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many there were at the start.
    pub fn of(&self) -> usize {
        self.of
    }

    /// Bytes of those that are left, when all are files.
    pub fn length(&self) -> Option<u64> {
        self.parts.iter().try_fold(0u64, |sum, part| match part {
            Part::Kept(_, open) => Some(sum.saturating_add(open.length?)),
            Part::Named { length, .. } => Some(sum.saturating_add(*length)),
        })
    }

    /// Whether the file of this device and inode is, or was, one of them.
    pub fn has(&self, identity: FileIdentity) -> bool {
        self.identities.contains(&identity)
    }

    pub fn paths(&self) -> impl Iterator<Item = Option<&Path>> {
        self.parts.iter().map(|part| match part {
            Part::Kept(path, open) => open.length.map(|_| path.as_path()),
            Part::Named { path, .. } => Some(path.as_path()),
        })
    }
}

impl Part {
    /// Its bytes, as far as they are known.
    pub fn length(&self) -> u64 {
        match self {
            Part::Kept(_, open) => open.length.unwrap_or(0),
            Part::Named { length, .. } => *length,
        }
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// It is gone, or another file has its name now.
    pub fn open(self) -> Result<Open, StorageError> {
        match self {
            Part::Kept(_, open) => Ok(open),
            Part::Named { path, identity, .. } => {
                let open = described(text::quoted_path(&path), file::open(&path)?)?;
                if open.identity != Some(identity) {
                    return Err(StorageError::Replaced(path));
                }
                Ok(open)
            }
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn one(path: &Path) -> Result<Open, StorageError> {
    if location::is_storage(path) {
        let handle = Handle::open(path)?;
        let length = handle.size();
        return Ok(Open { name: text::quoted_path(path), handle, length, identity: None });
    }
    if is_stdin(path) {
        return stdin();
    }
    described(text::quoted_path(path), file::open(path)?)
}

fn stdin() -> Result<Open, StorageError> {
    described("stdin".to_owned(), open_stdin()?)
}

fn described(name: String, mut file: File) -> Result<Open, StorageError> {
    let meta = match file.metadata() {
        Ok(meta) => meta,
        Err(source) => return Err(StorageError::Read { name, source }),
    };
    if meta.is_dir() {
        return Err(StorageError::Folder { name });
    }
    // Stdin can be a file that the shell has already read a part of.
    let length = meta.is_file().then(|| meta.len().saturating_sub(file.stream_position().unwrap_or(0)));
    let identity = meta.is_file().then(|| (meta.dev(), meta.ino()));
    Ok(Open { name, handle: Handle::File(file), length, identity })
}
