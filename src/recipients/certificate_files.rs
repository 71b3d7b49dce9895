//! Files and folders of certificates or revocation lists, re-read at every epoch.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::text;
use crate::keys::RecipientSet;
use crate::keys::certificate_file::MAX_FILE;
use crate::keys::revocation::MAX_LIST_FILE;
use crate::seal::RecipientSource;
use crate::storage::StorageError;
use crate::storage::file::{self, read_bounded_into};

use super::RecipientsError;
use super::file_cache::{Files, Listing, Stamp};
use super::stray_keys::stray_keys;
use super::writable_by_others::{folder_writable_by_others, writable_by_others};

/// Extensions of certificates' files.
const CERTIFICATE_EXTENSIONS: &[&str] = &["pem", "crt", "cer", "der"];
/// Of the files in a folder of certificates: also of forms that are not taken, so that it is said how to convert them.
const FOLDER_EXTENSIONS: &[&str] = &["pem", "crt", "cer", "der", "p7b", "p7c", "p12", "pfx"];
/// Extensions of revocation lists' files.
const LIST_EXTENSIONS: &[&str] = &["crl", "pem", "der"];

/// Certificate files and folders of them; or revocation lists and folders of those.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    named: Vec<NamedPath>,
    /// Of a folder, only the files with one of these extensions count.
    extensions: &'static [&'static str],
    /// The size that no file may exceed, in bytes.
    limit: usize,
    /// Where the listed files are, by name.
    paths: BTreeMap<String, PathBuf>,
}

/// The stamp of what cannot be looked at.
const MISSING: Stamp = [0; 5];

#[derive(Debug, Clone)]
struct NamedPath {
    path: PathBuf,
    /// It was a folder at the start: when it is gone, nobody meant to remove what was in it.
    is_folder: bool,
}

impl CertificateFiles {
    /// The certificates in the files and folders at `paths`.
    ///
    /// # Errors
    ///
    /// There are no paths, or one cannot be read: reported at the start, before anything is recorded.
    pub fn new(paths: &[PathBuf]) -> Result<Self, RecipientsError> {
        if paths.is_empty() {
            return Err(RecipientsError::NoneGiven);
        }
        let cannot = |path, source| RecipientsError::Certificates { path, source };
        Self::open(paths, FOLDER_EXTENSIONS, MAX_FILE, cannot)
    }

    /// The revocation lists in the files and folders at `paths`, which may be none.
    ///
    /// # Errors
    ///
    /// One of the paths cannot be read.
    pub fn revocation_lists(paths: &[PathBuf]) -> Result<Self, RecipientsError> {
        let cannot = |path, source| RecipientsError::RevocationLists { path, source };
        Self::open(paths, LIST_EXTENSIONS, MAX_LIST_FILE, cannot)
    }

    fn open(
        paths: &[PathBuf],
        extensions: &'static [&'static str],
        limit: usize,
        cannot: impl Fn(PathBuf, io::Error) -> RecipientsError,
    ) -> Result<Self, RecipientsError> {
        let mut named = Vec::new();
        for path in paths {
            let meta = fs::metadata(path).map_err(|e| cannot(path.clone(), e))?;
            named.push(NamedPath { path: path.clone(), is_folder: meta.is_dir() });
        }
        Ok(CertificateFiles { named, extensions, limit, paths: BTreeMap::new() })
    }

    /// Whether one of the paths was a folder, or there are several.
    pub fn is_collection(&self) -> bool {
        self.named.len() > 1 || self.named.iter().any(|p| p.is_folder)
    }

    /// The paths that were given as files, not as folders.
    pub fn named(&self) -> impl Iterator<Item = &Path> {
        self.named.iter().filter(|p| !p.is_folder).map(|p| p.path.as_path())
    }

    /// What to say of the files and folders, of the files in these and of the folders of those, that others may write.
    pub fn writable_by_others(&self) -> Vec<String> {
        let within = self.named.iter().filter(|p| p.is_folder).filter_map(|p| self.list_named(p).ok()).flatten();
        let all = self.named.iter().map(|p| p.path.clone()).chain(within.map(|(path, _)| path));
        let around = self.named().filter_map(folder_writable_by_others);
        all.filter_map(|path| writable_by_others(&path)).chain(around).collect()
    }

    /// What to say of the private keys in the folders.
    pub fn stray_keys(&self) -> Vec<String> {
        self.named.iter().filter(|p| p.is_folder).flat_map(|p| stray_keys(&p.path)).collect()
    }

    /// Every file's name and content. A file that cannot be read is there without content, so that it is named as left
    /// out.
    ///
    /// # Errors
    ///
    /// A folder cannot be listed: why, ready for a message.
    pub fn read(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut files = Vec::new();
        for named in &self.named {
            let cannot = |e| format!("cannot read {}: {}", text::quoted_path(&named.path), text::io_reason(&e));
            files.extend(self.list_named(named).map_err(cannot)?);
        }
        let read = |(p, _): (PathBuf, Stamp)| (name(&p), self.content(&p).unwrap_or_default());
        Ok(files.into_iter().map(read).collect())
    }

    /// A whole file. What was named may be a pipe; what was found in a folder is a file, or could hold up everything.
    fn content(&self, path: &Path) -> Result<Vec<u8>, StorageError> {
        let is_named = self.named().any(|named| named == path);
        let file = if is_named { file::open(path)? } else { file::open_regular(path)? };
        let mut bytes = Vec::new();
        read_bounded_into(file, path, self.limit, &mut bytes)?;
        Ok(bytes)
    }

    /// The files of a path that was given, by name; of a folder no dot files.
    fn list_named(&self, named: &NamedPath) -> io::Result<Vec<(PathBuf, Stamp)>> {
        if !named.is_folder {
            return match fs::metadata(&named.path) {
                Ok(meta) => Ok(vec![(named.path.clone(), stamp(&meta))]),
                // a file that is replaced is gone for a moment; reading it says what is the matter
                Err(_) => Ok(vec![(named.path.clone(), MISSING)]),
            };
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&named.path)? {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            if hidden || !has_extension(&path, self.extensions) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(meta) if meta.is_file() => files.push((path, stamp(&meta))),
                // what a certificate's name is given to and is none, as a named pipe, is said when it is read
                Ok(meta) if !meta.is_dir() => files.push((path, MISSING)),
                // a link that leads nowhere is there
                Err(e) if e.kind() != io::ErrorKind::NotFound || path.is_symlink() => files.push((path, MISSING)),
                _ => {}
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Files for CertificateFiles {
    fn list(&mut self) -> Vec<Listing> {
        let mut paths = BTreeMap::new();
        let listed = self.named.iter().map(|named| Listing {
            folder: name(&named.path),
            files: self.list_named(named).map_err(|e| text::io_reason(&e)).map(|files| {
                let one = |(path, stamp): (PathBuf, Stamp)| {
                    let name = name(&path);
                    paths.insert(name.clone(), path);
                    (name, stamp)
                };
                files.into_iter().map(one).collect()
            }),
        });
        let listed = listed.collect();
        self.paths = paths;
        listed
    }

    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.paths.get(name).ok_or("not listed")?;
        if let Some(target) = fs::read_link(path).ok().filter(|_| !path.exists()) {
            return Err(format!("it is a link to {}, which is not there", text::quoted_path(&target)));
        }
        self.content(path).map_err(|e| match e.source().and_then(|e| e.downcast_ref::<io::Error>()) {
            Some(e) => text::io_reason(e),
            None => e.to_string(),
        })
    }
}

impl RecipientSource for CertificateFiles {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        Ok(RecipientSet::new(CertificateFiles::read(self)?, now_ns))
    }
}

/// Whether a file with this name counts in a folder of certificates.
pub fn has_certificate_ending(path: &Path) -> bool {
    has_extension(path, CERTIFICATE_EXTENSIONS)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|e| extensions.contains(&e.as_str()))
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// What a file's content is known by. A pipe (`-r <(command)`) gives its content only once, and its times change all
/// the same.
pub(super) fn stamp(meta: &Metadata) -> Stamp {
    if !meta.is_file() {
        return [1; 5];
    }
    let ns = |s: i64, ns: i64| s.wrapping_mul(1_000_000_000).wrapping_add(ns) as u64;
    let content = ns(meta.mtime(), meta.mtime_nsec());
    [content, ns(meta.ctime(), meta.ctime_nsec()), meta.len(), meta.ino(), meta.dev()]
}
