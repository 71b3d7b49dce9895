//! The state of runs on storage, where nothing can be added to an object.
//!
//! | object | what it is |
//! |---|---|
//! | `NAME/000000000007` | the eighth piece of a file: its bytes are all pieces, one after the other |
//! | `locks/HEX` | who is at work on an item, see [`super::s3_lock`] |
//!
//! A piece is made once, by a write that fails where there is one (`If-None-Match: *`), so that two runs never write
//! the same piece and no line is lost or torn.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::base::lock;
use crate::storage::s3::{Bucket, Listed};

use super::folder_state::short_name;
use super::s3_lock::LockHolder;
use super::store::{Lock, RunState};

/// Longest piece that is read.
const LONGEST: u64 = 64 << 20;

/// A folder of files in pieces.
#[derive(Debug)]
pub struct ObjectState {
    bucket: Bucket,
    /// With a slash at its end.
    prefix: String,
    /// Pieces do not change: what was listed once is known. Name, and the length of each piece.
    known: Mutex<HashMap<String, Vec<u64>>>,
    holder: LockHolder,
    /// Conditions were seen to hold.
    proven: AtomicBool,
}

impl ObjectState {
    /// The state below this prefix.
    pub fn new(bucket: Bucket, prefix: String) -> Self {
        let holder = LockHolder::new(bucket.clone());
        ObjectState { bucket, prefix, known: Mutex::default(), holder, proven: AtomicBool::new(false) }
    }

    /// Sees once whether the storage knows conditions: without them two runs would do the same item.
    fn prove(&self) -> io::Result<()> {
        if self.proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        let key = format!("{}conditions", self.prefix);
        self.bucket.make(&key, b"")?;
        if self.bucket.make(&key, b"")?.is_some() {
            let text =
                "the storage knows no conditional writes, so that two runs could do the same item: give --state DIR";
            return Err(io::Error::new(ErrorKind::Unsupported, text));
        }
        self.proven.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Vec<u64>>> {
        lock(&self.known)
    }

    fn key(&self, name: &str, piece: usize) -> String {
        format!("{}{name}/{piece:012}", self.prefix)
    }

    /// Learns of pieces that were made since the last time.
    fn poll(&self, name: &str) -> io::Result<Vec<u64>> {
        let from = self.known().get(name).map_or(0, Vec::len);
        let after = from.checked_sub(1).map(|last| self.key(name, last));
        let new = self.bucket.list_after(&format!("{}{name}", self.prefix), after.as_deref())?;
        let mut known = self.known();
        let pieces = known.entry(name.to_owned()).or_default();
        for Listed { key, size, .. } in new {
            // consecutive: what comes after a gap is not there yet
            if key == self.key(name, pieces.len()) {
                pieces.push(size);
            }
        }
        Ok(pieces.clone())
    }
}

impl RunState for ObjectState {
    fn shown(&self) -> String {
        format!("s3://{}/{}", self.bucket.name(), self.prefix)
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        let folders = self.bucket.folders(&self.prefix)?;
        let names = folders.iter().filter_map(|f| f.strip_prefix(&self.prefix)).filter(|name| *name != "locks");
        names.map(|name| Ok((name.to_owned(), self.poll(name)?.iter().sum()))).collect()
    }

    fn read(&self, name: &str, mut from: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let pieces = self.poll(name)?;
        if pieces.is_empty() {
            return Err(ErrorKind::NotFound.into());
        }
        for (i, length) in pieces.into_iter().enumerate() {
            if from >= length {
                from -= length;
                continue;
            }
            let piece = self.bucket.read(&self.key(name, i), LONGEST)?.ok_or(ErrorKind::NotFound)?;
            let skip = usize::try_from(std::mem::take(&mut from)).unwrap_or(usize::MAX);
            bytes.extend_from_slice(piece.bytes.get(skip..).unwrap_or_default());
        }
        Ok(bytes)
    }

    fn append(&self, name: &str, lines: &[u8]) -> io::Result<()> {
        let mut next = self.known().get(name).map_or(0, Vec::len);
        loop {
            if self.bucket.make(&self.key(name, next), lines)?.is_some() {
                let mut known = self.known();
                let pieces = known.entry(name.to_owned()).or_default();
                if pieces.len() == next {
                    pieces.push(lines.len() as u64);
                }
                return Ok(());
            }
            // another one was there first
            next = self.poll(name)?.len().max(next + 1);
        }
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        Ok(self.bucket.make(&self.key(name, 0), bytes)?.is_some())
    }

    /// For files of one piece.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.bucket.write(&self.key(name, 0), bytes)?;
        self.known().insert(name.to_owned(), vec![bytes.len() as u64]);
        Ok(())
    }

    fn lock(&self, key: &str) -> io::Result<Option<Box<dyn Lock>>> {
        self.prove()?;
        let key = format!("{}locks/{}", self.prefix, short_name(key));
        Ok(self.holder.take(&key)?.map(|lock| Box::new(lock) as Box<dyn Lock>))
    }
}
