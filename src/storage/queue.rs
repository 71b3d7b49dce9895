//! The files of one input: all looked at before the first is read.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::handle::Medium;
use super::location;
use crate::base::text;
use crate::cli::{Failure, Session};

/// So many files are kept open until their turn comes; the others are opened again.
const KEPT: usize = 32;

/// An input that can be read.
#[derive(Debug)]
pub(crate) struct Open {
    /// `stdin`, or the path in quotes.
    pub name: String,
    pub medium: Medium,
    /// Bytes from here to its end, when it is a file.
    pub length: Option<u64>,
    identity: Option<(u64, u64)>,
}

impl Open {
    /// What another thread writes.
    pub fn pipe(name: String, file: File) -> Self {
        Open { name, medium: Medium::File(file), length: None, identity: None }
    }
}

/// A file whose turn has not come.
#[derive(Debug)]
pub(crate) enum Part {
    Kept(PathBuf, Open),
    Named { path: PathBuf, length: u64, identity: (u64, u64) },
}

/// The files that have not been read yet.
#[derive(Debug)]
pub(crate) struct Queue {
    parts: VecDeque<Part>,
    of: usize,
    identities: BTreeSet<(u64, u64)>,
}

impl Queue {
    /// Looks at all of `paths`, or at stdin when there is none; gives the first one, and the others. `last` comes behind them.
    ///
    /// # Errors
    ///
    /// A [`Failure`] about the first that is no good: a folder, stdin that is a terminal or is named twice (2); it cannot be
    /// opened (1).
    pub fn open(paths: &[PathBuf], last: Option<Open>, session: &Session) -> anyhow::Result<(Open, Queue)> {
        let (first, rest, last) = match (paths.split_first(), last) {
            (Some((first, rest)), last) => (one(first, session)?, rest, last),
            (None, Some(last)) => (last, paths, None),
            (None, None) => (stdin(session)?, paths, None),
        };
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(Failure::usage("stdin is named twice").into());
        }
        let of = paths.len().max(1) + usize::from(last.is_some());
        let mut queue = Queue { parts: VecDeque::new(), of, identities: BTreeSet::new() };
        queue.identities.extend(first.identity);
        for path in rest {
            let open = one(path, session)?;
            queue.identities.extend(open.identity);
            queue.parts.push_back(match (open.length, open.identity) {
                (Some(length), Some(identity)) if queue.parts.len() >= KEPT => {
                    Part::Named { path: path.clone(), length, identity }
                }
                _ => {
                    open.medium.rest();
                    Part::Kept(path.clone(), open)
                }
            });
        }
        queue.parts.extend(last.map(|open| Part::Kept(PathBuf::new(), open)));
        Ok((first, queue))
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
    pub fn has(&self, identity: (u64, u64)) -> bool {
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
    /// Its bytes, as far as they can be told.
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
    /// It is gone, or another file has its name now (1).
    pub fn open(self) -> anyhow::Result<Open> {
        match self {
            Part::Kept(_, open) => Ok(open),
            Part::Named { path, identity, .. } => {
                let name = text::quoted_path(&path);
                let open = described(name.clone(), super::input::open(&path)?)?;
                match open.identity == Some(identity) {
                    true => Ok(open),
                    false => Err(Failure::failed(format!("{name} is another file now")).into()),
                }
            }
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn one(path: &Path, session: &Session) -> anyhow::Result<Open> {
    if location::is_storage(path) {
        let medium = Medium::open(path)?;
        let length = medium.size();
        return Ok(Open { name: text::quoted_path(path), medium, length, identity: None });
    }
    match is_stdin(path) {
        true => stdin(session),
        false => described(text::quoted_path(path), super::input::open(path)?),
    }
}

fn stdin(session: &Session) -> anyhow::Result<Open> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let hint = format!("give a file or a pipe, as in: {} < FILE", session.name());
        return Err(Failure::usage("input is a terminal").hint(hint).into());
    }
    let file = File::from(stdin.as_fd().try_clone_to_owned().context("cannot read stdin")?);
    described("stdin".into(), file)
}

fn described(name: String, mut file: File) -> anyhow::Result<Open> {
    let meta = file.metadata().with_context(|| format!("cannot read {name}"))?;
    if meta.is_dir() {
        return Err(Failure::usage(format!("{name} is a folder, not a file")).into());
    }
    // Stdin can be a file that the shell has already read a part of.
    let length = match meta.is_file() {
        true => Some(meta.len().saturating_sub(file.stream_position().unwrap_or(0))),
        false => None,
    };
    let identity = meta.is_file().then(|| (meta.dev(), meta.ino()));
    Ok(Open { name, medium: Medium::File(file), length, identity })
}
