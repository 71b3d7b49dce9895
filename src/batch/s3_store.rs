//! A folder on storage as a store: `s3://BUCKET/FOLDER/`, or one object.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::storage::bucket::bucket_of;
use crate::storage::s3::{Bucket, Listed, Upload};
use crate::storage::{StorageError, location};

use super::error::BatchError;
use super::plan::is_inside;
use super::s3_state::ObjectState;
use super::store::{Draft, Entry, ItemSource, Listing, ReadSeek, RunState, STATE, Store};

/// A prefix in a bucket.
#[derive(Debug)]
pub struct ObjectStore {
    shown: String,
    bucket: Bucket,
    /// Empty, or with a slash at its end.
    prefix: String,
    /// The one item, where an object was named.
    only: Option<String>,
    /// A folder below that is none of it: where the outputs go.
    without: Option<String>,
}

impl ObjectStore {
    /// A folder of items, or an object as the only item.
    ///
    /// # Errors
    ///
    /// The name is none, or is the destination's; the environment does not say where storage is and who asks.
    pub fn source(name: &str, destination: Option<&str>) -> Result<Self, BatchError> {
        let (bucket, key) = bucket_of(Path::new(name))?;
        let (prefix, only) = match key.rsplit_once('/') {
            _ if location::is_folder(Path::new(name)) => (key, None),
            Some((folder, last)) => (format!("{folder}/"), Some(last.to_owned())),
            None => (String::new(), Some(key)),
        };
        let start = format!("s3://{}/{prefix}", bucket.name());
        let without = destination.map(folder_name).and_then(|d| d.strip_prefix(&start).map(str::to_owned));
        if without.as_deref() == Some("") && only.is_none() {
            return Err(BatchError::SameFolder);
        }
        Ok(ObjectStore { shown: name.into(), bucket, prefix, only, without })
    }

    /// A folder for outputs; it needs no making. A slash at its end may be left out.
    ///
    /// # Errors
    ///
    /// The name is none; the environment does not say where storage is and who asks.
    pub fn destination(name: &str) -> Result<Self, BatchError> {
        let (bucket, prefix) = bucket_of(Path::new(&folder_name(name)))?;
        Ok(ObjectStore { shown: name.into(), bucket, prefix, only: None, without: None })
    }

    /// RunState in this folder itself, not in one of its own below.
    pub fn state_here(&self) -> ObjectState {
        ObjectState::new(self.bucket.clone(), self.prefix.clone())
    }

    /// The state of the runs into this folder, for reading only.
    pub fn state_below(&self) -> ObjectState {
        ObjectState::new(self.bucket.clone(), format!("{}{STATE}/", self.prefix))
    }

    fn key(&self, name: &str) -> io::Result<String> {
        if !is_inside(name) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name leads out of the folder"));
        }
        Ok(format!("{}{name}", self.prefix))
    }

    /// The item that an object is; `None` for what is none.
    fn item(&self, object: &Listed) -> Option<Entry> {
        let name = object.key.strip_prefix(&self.prefix)?;
        let hidden = name.split('/').any(|part| part.starts_with('.'));
        let wanted = match &self.only {
            Some(only) => name == only,
            None => name.ends_with(".vv") && !hidden && self.without.as_ref().is_none_or(|w| !name.starts_with(w)),
        };
        wanted.then(|| entry(object, name))
    }
}

/// Times in listings are finer than those of single objects: whole seconds are what both have.
fn entry(object: &Listed, name: &str) -> Entry {
    let second = 1_000_000_000;
    Entry {
        name: name.into(),
        bytes: object.size,
        modified_ns: object.modified_ns.div_euclid(second) * second,
        changed: object.e_tag.clone(),
    }
}

fn folder_name(name: &str) -> String {
    format!("{}/", name.trim_end_matches('/'))
}

impl Store for ObjectStore {
    fn shown(&self) -> String {
        self.shown.clone()
    }

    fn list(&self) -> Result<Listing, BatchError> {
        let entries = match &self.only {
            Some(name) => self.entry(name)?.into_iter().collect(),
            None => {
                let objects = self.bucket.list(&self.prefix).map_err(StorageError::from)?;
                objects.iter().filter_map(|o| self.item(o)).collect()
            }
        };
        let mut found = Listing { entries, ..Listing::default() };
        found.entries.sort_by(|a, b| a.name.cmp(&b.name));
        if let (Some(only), true) = (&self.only, found.entries.is_empty()) {
            let name = format!("s3://{}/{}{only}", self.bucket.name(), self.prefix);
            return Err(BatchError::NoObject { name });
        }
        Ok(found)
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        Ok(self.bucket.look(&self.key(name)?)?.map(|object| entry(&object, name)))
    }

    fn open(&self, name: &str) -> io::Result<ItemSource> {
        Ok(ItemSource::Stream(Box::new(self.bucket.open(&self.key(name)?)?)))
    }

    fn open_parts(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(self.bucket.open(&self.key(name)?)?))
    }

    fn path(&self, _name: &str) -> Option<PathBuf> {
        None
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(ObjectDraft(self.bucket.create(&self.key(name)?)?, 0)))
    }

    fn settle(&self, _names: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn state(&self) -> Result<Box<dyn RunState>, BatchError> {
        Ok(Box::new(self.state_below()))
    }
}

/// An upload, and its bytes so far; the parts of it that were sent are given up when it is dropped.
#[derive(Debug)]
struct ObjectDraft(Upload, u64);

impl Draft for ObjectDraft {
    fn file(&mut self) -> Option<&mut std::fs::File> {
        None
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1 += bytes.len() as u64;
        self.0.write_all(bytes)
    }

    /// Storage says that it has the bytes when the object is finished.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The time is the storage's, and not known yet.
    fn publish(self: Box<Self>, name: &str) -> io::Result<Option<Entry>> {
        let ObjectDraft(upload, bytes) = *self;
        let e_tag = upload.finish()?;
        Ok(e_tag.map(|e_tag| Entry { name: name.into(), bytes, modified_ns: 0, changed: Some(e_tag) }))
    }
}
