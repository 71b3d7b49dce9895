//! Small objects that are made once, or changed by one at a time.

use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::listing::unquoted;
use super::{Bucket, Listed, ObjectError, body, engine};

/// A small object as it was read.
#[derive(Debug, Clone)]
pub struct Mark {
    /// What is in it.
    pub bytes: Vec<u8>,
    e_tag: Option<String>,
}

impl Bucket {
    /// The whole object; `None` when there is none.
    ///
    /// # Errors
    ///
    /// It may not be read, or has more than `limit` bytes.
    pub fn read(&self, key: &str, limit: u64) -> Result<Option<Mark>, ObjectError> {
        let (path, store, asked) = (self.path(key)?, self.store.clone(), self.asked(key));
        engine::run(async move {
            let got = match store.get_opts(&path, GetOptions::default()).await.map_err(|e| asked.error(e)) {
                Err(ObjectError::NoObject { .. }) => return Ok(None),
                got => got?,
            };
            if got.meta.size > limit {
                return Err(ObjectError::Storage { place: asked.place.clone(), why: "it is too long".into() });
            }
            let e_tag = got.meta.e_tag.clone();
            let bytes = body::whole(got, limit, &asked).await?.to_vec();
            Ok(Some(Mark { bytes, e_tag }))
        })?
    }

    /// What a listing would say of it; `None` when there is none.
    ///
    /// # Errors
    ///
    /// Access to it is denied.
    pub fn look(&self, key: &str) -> Result<Option<Listed>, ObjectError> {
        let (path, store, asked) = (self.path(key)?, self.store.clone(), self.asked(key));
        let (key, found) = (key.to_owned(), engine::run(async move { store.head(&path).await })?);
        match found.map_err(|e| asked.error(e)) {
            Err(ObjectError::NoObject { .. }) => Ok(None),
            Err(e) => Err(e),
            Ok(meta) => {
                let modified_ns = meta.last_modified.timestamp_nanos_opt().unwrap_or(0);
                Ok(Some(Listed { key, size: meta.size, modified_ns, e_tag: meta.e_tag.map(unquoted) }))
            }
        }
    }

    /// Makes it with these bytes; `None` when there is one already.
    ///
    /// # Errors
    ///
    /// It may not be written, or the storage knows no conditions.
    pub fn make(&self, key: &str, bytes: &[u8]) -> Result<Option<Mark>, ObjectError> {
        self.put(key, bytes, PutMode::Create)
    }

    /// Changes it, when it is still what `mark` says; `None` when it is not.
    ///
    /// # Errors
    ///
    /// As [`Bucket::make`].
    pub fn change(&self, key: &str, mark: &Mark, bytes: &[u8]) -> Result<Option<Mark>, ObjectError> {
        self.put(key, bytes, PutMode::Update(UpdateVersion { e_tag: mark.e_tag.clone(), version: None }))
    }

    /// Makes it with these bytes, or puts them in the place of those that it has.
    ///
    /// # Errors
    ///
    /// It may not be written.
    pub fn write(&self, key: &str, bytes: &[u8]) -> Result<(), ObjectError> {
        self.put(key, bytes, PutMode::Overwrite).map(|_| ())
    }

    fn put(&self, key: &str, bytes: &[u8], mode: PutMode) -> Result<Option<Mark>, ObjectError> {
        let (path, store, asked) = (self.path(key)?, self.store.clone(), self.asked(key));
        let bytes = bytes.to_vec();
        engine::run(async move {
            let payload = PutPayload::from(bytes.clone());
            let options = PutOptions { mode, ..PutOptions::default() };
            match store.put_opts(&path, payload, options).await.map_err(|e| asked.error(e)) {
                Ok(put) => Ok(Some(Mark { bytes, e_tag: put.e_tag })),
                Err(ObjectError::Taken { .. } | ObjectError::NoObject { .. }) => Ok(None),
                Err(e) => Err(e),
            }
        })?
    }

    /// Removes an object; it may be gone already.
    ///
    /// # Errors
    ///
    /// It may not be removed.
    pub fn remove(&self, key: &str) -> Result<(), ObjectError> {
        let (path, store, asked) = (self.path(key)?, self.store.clone(), self.asked(key));
        match engine::run(async move { store.delete(&path).await })?.map_err(|e| asked.error(e)) {
            Err(ObjectError::NoObject { .. }) => Ok(()),
            done => done,
        }
    }
}
