//! Names of objects on S3-compatible storage: `s3://BUCKET/KEY`, and `s3://BUCKET/FOLDER/` for what is below a prefix.
//!
//! Who asks, and where storage is, come from the environment, as other tools have it: nothing of it is in the arguments, where everybody
//! on the machine reads it.

use std::io;
use std::path::Path;

#[cfg(not(feature = "s3"))]
use super::handle::Medium;
use crate::cli::{Failure, Status};

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
fn split(path: &Path) -> Result<(&str, &str), Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("{}: {why}", crate::base::text::quoted_path(path))).hint("as in s3://BUCKET/KEY")
    };
    let text = path.to_str().ok_or_else(|| wrong("a name on storage is UTF-8"))?;
    let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("no name on storage"))?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    match bucket.is_empty() {
        true => Err(wrong("there is no bucket in it")),
        false => Ok((bucket, key)),
    }
}

#[cfg(feature = "s3")]
mod with {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use super::super::handle::Medium;
    use super::super::s3::{Access, Bucket, ObjectError, Upload};
    use crate::archive::SegmentName;
    use crate::base::text;
    use crate::cli::Failure;

    /// The bucket of a name, and what of the name is in it.
    ///
    /// # Errors
    ///
    /// The name is none (2), or the environment does not say where storage is and who asks (1).
    pub fn bucket_of(path: &Path) -> anyhow::Result<(Bucket, String)> {
        // connections are kept with the bucket
        static BUCKETS: OnceLock<Mutex<BTreeMap<String, Bucket>>> = OnceLock::new();
        let (name, key) = super::split(path)?;
        let mut buckets = BUCKETS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(name) {
            return Ok((bucket.clone(), key.to_owned()));
        }
        let bucket = Access::new(|name| std::env::var(name).ok()).and_then(|a| a.bucket(name)).map_err(failure)?;
        buckets.insert(name.to_owned(), bucket.clone());
        Ok((bucket, key.to_owned()))
    }

    pub fn open(path: &Path) -> anyhow::Result<Medium> {
        let (bucket, key) = object(path)?;
        Ok(Medium::Object(bucket.open(&key).map_err(failure)?))
    }

    /// Begins an object; one that is there is replaced only by `force`.
    pub fn create(path: &Path, force: bool) -> anyhow::Result<Upload> {
        let (bucket, key) = object(path)?;
        if !force && bucket.look(&key).map_err(failure)?.is_some() {
            return Err(super::super::output::taken(path).into());
        }
        Ok(bucket.create(&key).map_err(failure)?)
    }

    fn object(path: &Path) -> anyhow::Result<(Bucket, String)> {
        if super::is_folder(path) {
            let name = text::quoted_path(path);
            return Err(Failure::usage(format!("{name} is a folder, not an object")).into());
        }
        bucket_of(path)
    }

    pub fn failure(e: ObjectError) -> Failure {
        let failure = Failure::failed(e.to_string());
        match told(&e) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// The segments in a folder, by name.
    pub fn names(folder: &Path) -> anyhow::Result<Vec<SegmentName>> {
        let (bucket, prefix) = bucket_of(folder)?;
        let found = bucket.list_folder(&prefix).map_err(failure)?;
        Ok(found.iter().filter_map(|o| SegmentName::parse(o.key.strip_prefix(&prefix)?)).collect())
    }

    pub fn told(e: &ObjectError) -> Option<String> {
        let hint = match e {
            ObjectError::NoBucket { .. } => "AWS_ENDPOINT_URL says which server is asked",
            ObjectError::NoObject { .. } => "an archive folder on storage ends with a slash: s3://BUCKET/FOLDER/",
            ObjectError::Denied { .. } => {
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and what they may do"
            }
            ObjectError::Unreachable { .. } => "check AWS_ENDPOINT_URL and the network",
            ObjectError::Changed { .. } => "start again: what is there now is another object",
            ObjectError::Settings(_) => "vidveil(7), Storage, says what is read from the environment",
            _ => return None,
        };
        Some(hint.into())
    }
}

#[cfg(feature = "s3")]
pub use with::bucket_of;
#[cfg(feature = "s3")]
pub(crate) use with::{create, failure, names, open};

/// Refuses a name on storage where only a file will do: what is written in several places, keys and certificates.
pub(crate) fn refuse(path: &Path) -> Result<(), Failure> {
    match is_storage(path) {
        false => Ok(()),
        #[cfg(not(feature = "s3"))]
        true => Err(without(path)?),
        #[cfg(feature = "s3")]
        true => {
            let text = format!("{} is on storage, and here it must be a file", crate::base::text::quoted_path(path));
            Err(Failure::usage(text).hint("streams are read from storage, and written there by -o"))
        }
    }
}

/// Opens an object.
///
/// # Errors
///
/// This build has no storage (2).
#[cfg(not(feature = "s3"))]
pub(crate) fn open(path: &Path) -> anyhow::Result<Medium> {
    Err(without(path)?.into())
}

/// The segments in a folder.
///
/// # Errors
///
/// As [`open`].
#[cfg(not(feature = "s3"))]
pub(crate) fn names(folder: &Path) -> anyhow::Result<Vec<crate::archive::SegmentName>> {
    Err(without(folder)?.into())
}

/// The failure of a build without storage.
#[cfg(not(feature = "s3"))]
pub(crate) fn without(path: &Path) -> Result<Failure, Failure> {
    split(path)?;
    let text = format!("{}: this build knows no storage", crate::base::text::quoted_path(path));
    Ok(Failure::usage(text).hint("build it with storage: cargo install vidveil --features s3"))
}

/// Whether the error is storage's own, which says itself what it is about.
pub(crate) fn is_told(e: &io::Error) -> bool {
    #[cfg(feature = "s3")]
    return e.get_ref().is_some_and(|e| e.is::<super::s3::ObjectError>());
    #[cfg(not(feature = "s3"))]
    return {
        let _ = e;
        false
    };
}

/// Status and hint of storage's errors.
pub(crate) fn classify(cause: &(dyn std::error::Error + 'static)) -> Option<(Status, Option<String>)> {
    #[cfg(feature = "s3")]
    {
        use super::s3::ObjectError;
        let inside = |e: &'_ io::Error| e.get_ref().and_then(|e| e.downcast_ref::<ObjectError>()).map(with::told);
        let hint = match cause.downcast_ref::<ObjectError>() {
            Some(e) => Some(with::told(e)),
            None => cause.downcast_ref::<io::Error>().and_then(inside),
        };
        hint.map(|hint| (Status::Failed, hint))
    }
    #[cfg(not(feature = "s3"))]
    {
        let _ = cause;
        None
    }
}
