//! Names of objects on S3-compatible storage: `s3://BUCKET/KEY`, and `s3://BUCKET/FOLDER/` for what is below a prefix.

use std::path::Path;

use super::StorageError;

const SCHEME: &str = "s3://";

/// Whether the name is one of storage.
pub fn is_storage(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(SCHEME.as_bytes())
}

/// Whether it is that of a bucket, or of a folder in one: it ends with a slash.
pub fn is_folder(path: &Path) -> bool {
    is_storage(path) && split(path).is_ok_and(|(_, key)| key.is_empty() || key.ends_with('/'))
}

/// Bucket and key.
///
/// # Errors
///
/// [`StorageError::Name`]: the name is not UTF-8, not one of storage, or has no bucket.
pub fn split(path: &Path) -> Result<(&str, &str), StorageError> {
    let wrong = |why| StorageError::Name { path: path.to_owned(), why };
    let text = path.to_str().ok_or_else(|| wrong("a name on storage is UTF-8"))?;
    let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("no name on storage"))?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong("there is no bucket in it"));
    }
    Ok((bucket, key))
}

/// Refuses a name on storage where only a file will do: what is written in several places, keys and certificates.
///
/// # Errors
///
/// [`StorageError::MustBeFile`], or [`StorageError::NoStorage`] in a build without storage.
pub fn refuse(path: &Path) -> Result<(), StorageError> {
    if !is_storage(path) {
        return Ok(());
    }
    if cfg!(feature = "s3") {
        return Err(StorageError::MustBeFile(path.to_owned()));
    }
    Err(no_storage(path))
}

/// The error of a build without storage.
pub fn no_storage(path: &Path) -> StorageError {
    match split(path) {
        Ok(_) => StorageError::NoStorage(path.to_owned()),
        Err(e) => e,
    }
}
