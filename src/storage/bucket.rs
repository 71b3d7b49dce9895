//! Buckets by name. Who asks, and where storage is, come from the environment, as other tools have it: nothing of it is
//! in the arguments, where everybody on the machine reads it.

#[cfg(feature = "s3")]
mod with {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::{Mutex, OnceLock};

    use super::super::s3::{Access, Bucket, Upload};
    use super::super::{Handle, StorageError, location};
    use crate::base::lock;

    /// The bucket of a name, and what of the name is in it.
    ///
    /// # Errors
    ///
    /// The name is none, or the environment does not say where storage is and who asks.
    pub fn bucket_of(path: &Path) -> Result<(Bucket, String), StorageError> {
        // connections are kept with the bucket
        static BUCKETS: OnceLock<Mutex<BTreeMap<String, Bucket>>> = OnceLock::new();
        let (name, key) = location::split(path)?;
        let mut buckets = lock(BUCKETS.get_or_init(Mutex::default));
        if let Some(bucket) = buckets.get(name) {
            return Ok((bucket.clone(), key.to_owned()));
        }
        let bucket = Access::new(|name| std::env::var(name).ok()).and_then(|a| a.bucket(name))?;
        buckets.insert(name.to_owned(), bucket.clone());
        Ok((bucket, key.to_owned()))
    }

    pub(in crate::storage) fn open(path: &Path) -> Result<Handle, StorageError> {
        let (bucket, key) = object(path)?;
        Ok(Handle::Object(bucket.open(&key)?))
    }

    /// Begins an object; one that is there is replaced only by `force`.
    pub(in crate::storage) fn create(path: &Path, force: bool) -> Result<Upload, StorageError> {
        let (bucket, key) = object(path)?;
        if !force && bucket.look(&key)?.is_some() {
            return Err(StorageError::Exists(path.to_owned()));
        }
        Ok(bucket.create(&key)?)
    }

    fn object(path: &Path) -> Result<(Bucket, String), StorageError> {
        if location::is_folder(path) {
            return Err(StorageError::ObjectFolder(path.to_owned()));
        }
        bucket_of(path)
    }

    /// What stands directly in a folder: its objects' names, without the folder's.
    ///
    /// # Errors
    ///
    /// As [`bucket_of`]; the storage does not answer, or denies it.
    pub fn names(folder: &Path) -> Result<Vec<String>, StorageError> {
        let (bucket, prefix) = bucket_of(folder)?;
        let found = bucket.list_folder(&prefix)?;
        Ok(found.iter().filter_map(|o| o.key.strip_prefix(&prefix).map(str::to_owned)).collect())
    }
}

#[cfg(feature = "s3")]
pub use with::{bucket_of, names};
#[cfg(feature = "s3")]
pub(super) use with::{create, open};

#[cfg(not(feature = "s3"))]
mod without {
    use std::path::Path;

    use super::super::{Handle, StorageError, location};

    pub(in crate::storage) fn open(path: &Path) -> Result<Handle, StorageError> {
        Err(location::no_storage(path))
    }

    /// What stands directly in a folder.
    ///
    /// # Errors
    ///
    /// [`StorageError::NoStorage`]: this build has none.
    pub fn names(folder: &Path) -> Result<Vec<String>, StorageError> {
        Err(location::no_storage(folder))
    }
}

#[cfg(not(feature = "s3"))]
pub use without::names;
#[cfg(not(feature = "s3"))]
pub(super) use without::open;
