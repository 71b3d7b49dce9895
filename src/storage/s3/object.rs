//! An object as `Read + Seek`, by ranges.
//!
//! What is asked for grows with what was read in one go: an eighth of it, so that reading a whole object takes few
//! requests, and of a minute out of a day little more than the minute is fetched. One range is fetched ahead while the
//! one before it is used.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::body;
use super::engine::{self, Job};
use super::error::{Asked, is_no_range};
use super::pieces::Pieces;
use super::{Bucket, ObjectError};

/// The smallest range that is asked for.
const LEAST: u64 = 256 << 10;
/// The largest.
const MOST: u64 = 8 << 20;
/// Ranges are this part of what was read in one go.
const PART: u64 = 8;

/// An open object. It is the same object for as long as it is open: another one under its name is an error.
#[derive(Debug)]
pub struct Object {
    shared: Arc<Shared>,
    at: u64,
    /// Bytes read without a jump.
    in_one_go: u64,
}

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    path: Path,
    asked: Asked,
    size: u64,
    e_tag: Option<String>,
    modified_ns: i64,
    state: Mutex<State>,
}

type Fetched = Job<Result<Bytes, ObjectError>>;

#[derive(Debug, Default)]
struct State {
    pieces: Pieces,
    coming: Option<(Range<u64>, Fetched)>,
}

impl Bucket {
    /// Opens the object with this key, by reading its beginning.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be read.
    pub fn open(&self, key: &str) -> Result<Object, ObjectError> {
        let (path, asked) = (self.path(key)?, self.asked(key));
        let (store, name, named) = (self.store.clone(), path.clone(), asked.clone());
        let (meta, beginning) = engine::run(async move {
            let range = Some(GetRange::Bounded(0..LEAST));
            match store.get_opts(&name, GetOptions { range, ..GetOptions::default() }).await {
                Ok(got) => {
                    let meta = got.meta.clone();
                    Ok((meta, body::whole(got, LEAST, &named).await?))
                }
                Err(e) if is_no_range(&e) => {
                    store.head(&name).await.map(|meta| (meta, Bytes::new())).map_err(|e| named.error(e))
                }
                Err(e) => Err(named.error(e)),
            }
        })??;
        let mut state = State::default();
        if !beginning.is_empty() {
            state.pieces.add(0, beginning);
        }
        let modified_ns = meta.last_modified.timestamp_nanos_opt().unwrap_or(0);
        let ObjectMeta { size, e_tag, .. } = meta;
        let state = Mutex::new(state);
        let shared = Arc::new(Shared { bucket: self.clone(), path, asked, size, e_tag, modified_ns, state });
        Ok(Object { shared, at: 0, in_one_go: 0 })
    }
}

impl Object {
    /// The same object with a place of its own; what one has fetched is at hand for the other.
    pub fn another(&self) -> Object {
        Object { shared: Arc::clone(&self.shared), at: 0, in_one_go: 0 }
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.shared.size
    }

    /// When it was written, UTC ns by the storage's clock.
    pub fn modified_ns(&self) -> i64 {
        self.shared.modified_ns
    }

    /// Lets go of what is at hand, until it is read again.
    pub fn rest(&self) {
        let mut state = self.shared.state();
        state.pieces.clear();
        state.coming = None;
    }

    /// Some bytes from `at` on, at least one before the end.
    fn bytes(&mut self, at: u64) -> Result<Bytes, ObjectError> {
        let shared = &self.shared;
        let mut state = shared.state();
        let bytes = match state.pieces.find(at) {
            Some(bytes) => bytes,
            None => {
                match state.coming.take() {
                    Some((range, job)) if range.contains(&at) => {
                        let bytes = job.wait()??;
                        state.pieces.add(range.start, bytes);
                    }
                    other => {
                        state.coming = other;
                        let range = shared.range(&state, at, self.in_one_go);
                        let bytes = shared.fetch(range.clone())?.wait()??;
                        state.pieces.add(range.start, bytes);
                    }
                }
                state.pieces.find(at).unwrap_or_default()
            }
        };
        // what goes on like this is fetched while this is used
        let end = at + bytes.len() as u64;
        if self.in_one_go >= 2 * LEAST && end < shared.size && state.coming.is_none() && !state.pieces.has(end) {
            let range = shared.range(&state, end, self.in_one_go);
            state.coming = Some((range.clone(), shared.fetch(range)?));
        }
        Ok(bytes)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked for when `at` is wanted and `in_one_go` bytes before it were read in one go.
    fn range(&self, state: &State, at: u64, in_one_go: u64) -> Range<u64> {
        let length = (in_one_go / PART).clamp(LEAST, MOST);
        let end = at.saturating_add(length).min(self.size);
        let end = state.pieces.next_behind(at).map_or(end, |next| end.min(next));
        // the end of an object is read backwards: its last record, then the index before that
        let tail = self.size.saturating_sub(LEAST);
        let from = if end == self.size && in_one_go == 0 { at.min(tail) } else { at };
        from..end
    }

    fn fetch(&self, range: Range<u64>) -> Result<Fetched, ObjectError> {
        let (store, path, asked) = (self.bucket.store.clone(), self.path.clone(), self.asked.clone());
        let (size, e_tag, modified_ns) = (self.size, self.e_tag.clone(), self.modified_ns);
        Job::start(async move {
            let changed = || ObjectError::Changed { place: asked.place.clone() };
            let described = |e| match asked.error(e) {
                // it was there when it was opened
                ObjectError::Taken { .. } | ObjectError::NoObject { .. } => changed(),
                other => other,
            };
            let options = GetOptions {
                range: Some(GetRange::Bounded(range.clone())),
                if_match: e_tag.clone(),
                ..GetOptions::default()
            };
            let got = match store.get_opts(&path, options).await {
                Err(e) if is_no_range(&e) => return Err(changed()),
                got => got.map_err(described)?,
            };
            // a server may not know conditions
            if !is_same(&got, size, e_tag.as_deref(), modified_ns) {
                return Err(changed());
            }
            let bytes = body::whole(got, range.end - range.start, &asked).await?;
            if bytes.len() as u64 == range.end - range.start {
                Ok(bytes)
            } else {
                Err(ObjectError::Storage { place: asked.place.clone(), why: "a part of an answer is missing".into() })
            }
        })
    }
}

fn is_same(got: &GetResult, size: u64, e_tag: Option<&str>, modified_ns: i64) -> bool {
    let same_tag = match (got.meta.e_tag.as_deref(), e_tag) {
        (Some(now), Some(then)) => now == then,
        _ => got.meta.last_modified.timestamp_nanos_opt().unwrap_or(0) == modified_ns,
    };
    got.meta.size == size && same_tag
}

impl Read for Object {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size() || buf.is_empty() {
            return Ok(0);
        }
        let bytes = self.bytes(self.at)?;
        let n = bytes.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.at += n as u64;
        self.in_one_go += n as u64;
        Ok(n)
    }
}

impl Seek for Object {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size().checked_add_signed(by),
        };
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        if at != self.at {
            (self.at, self.in_one_go) = (at, 0);
        }
        Ok(at)
    }
}
