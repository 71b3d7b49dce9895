//! What a bucket holds below a prefix.

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore};

use super::{Bucket, ObjectError, engine};

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its whole key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, UTC ns by the storage's clock.
    pub modified_ns: i64,
    /// What the storage calls these bytes of it, where it does: another one after every change.
    pub e_tag: Option<String>,
}

/// Objects by key.
pub type Listing = Vec<Listed>;

/// Maximum number of objects that are listed: two hundred bytes of memory each.
const MOST: usize = 20_000_000;

impl Bucket {
    /// Every object in the folder `prefix` and in those below it; all of the bucket when it is empty. A page holds a
    /// thousand.
    ///
    /// # Errors
    ///
    /// No such bucket, or it may not be listed.
    pub fn list(&self, prefix: &str) -> Result<Listing, ObjectError> {
        self.list_after(prefix, None)
    }

    /// Those of them whose key comes after `after`, which alone are asked for.
    ///
    /// # Errors
    ///
    /// As [`Bucket::list`].
    pub fn list_after(&self, prefix: &str, after: Option<&str>) -> Result<Listing, ObjectError> {
        let path = self.folder(prefix)?;
        let after = after.map(|after| self.path(after)).transpose()?;
        let (store, asked) = (self.store.clone(), self.asked(prefix));
        engine::run(async move {
            let mut found = Vec::new();
            let mut pages = match &after {
                Some(after) => store.list_with_offset(path.as_ref(), after),
                None => store.list(path.as_ref()),
            };
            while let Some(meta) = pages.try_next().await.map_err(|e| asked.error(e))? {
                if found.len() == MOST {
                    let why = format!("more than {MOST} objects");
                    return Err(ObjectError::Storage { place: asked.place.clone(), why });
                }
                found.push(listed(meta));
            }
            found.sort_by(|a, b| a.key.cmp(&b.key));
            Ok(found)
        })?
    }

    /// The objects in the folder itself.
    ///
    /// # Errors
    ///
    /// As [`Bucket::list`].
    pub fn list_folder(&self, prefix: &str) -> Result<Listing, ObjectError> {
        let mut found: Listing = self.level(prefix)?.objects.into_iter().map(listed).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// The folders in the folder itself: their whole keys, without a slash at the end.
    ///
    /// # Errors
    ///
    /// As [`Bucket::list`].
    pub fn folders(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        Ok(self.level(prefix)?.common_prefixes.into_iter().map(String::from).collect())
    }

    fn level(&self, prefix: &str) -> Result<ListResult, ObjectError> {
        let path = self.folder(prefix)?;
        let (store, asked) = (self.store.clone(), self.asked(prefix));
        engine::run(async move { store.list_with_delimiter(path.as_ref()).await.map_err(|e| asked.error(e)) })?
    }

    /// `None` for all of the bucket.
    fn folder(&self, prefix: &str) -> Result<Option<Path>, ObjectError> {
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() { Ok(None) } else { self.path(prefix).map(Some) }
    }
}

/// Some storages have the quotes of the header in listings, too, and some have not.
pub(super) fn unquoted(e_tag: String) -> String {
    e_tag.trim_matches('"').to_owned()
}

fn listed(meta: ObjectMeta) -> Listed {
    let modified_ns = meta.last_modified.timestamp_nanos_opt().unwrap_or(0);
    Listed { key: String::from(meta.location), size: meta.size, modified_ns, e_tag: meta.e_tag.map(unquoted) }
}
