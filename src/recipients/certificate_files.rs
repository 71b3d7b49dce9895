//! The files of `-r` and `--crl`: files and folders of them, looked at again at each epoch.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::file_cache::{Files, Listing, Stamp};
use crate::keys::RecipientSet;
use crate::keys::certificate::MAX_FILE;
use crate::keys::revocation::MAX_LIST_FILE;
use crate::seal::RecipientSource;

use crate::base::text;
use crate::cli::Failure;
use crate::storage::read_bounded;

/// What a certificate's file name ends with.
pub(crate) const CERTIFICATES: &[&str] = &["pem", "crt", "cer", "der"];
/// What a revocation list's file name ends with.
const LISTS: &[&str] = &["crl", "pem", "der"];

/// Certificate files and folders of them; or revocation lists and folders of those.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    places: Vec<Place>,
    endings: &'static [&'static str],
    limit: usize,
    paths: BTreeMap<String, PathBuf>,
}

#[derive(Debug, Clone)]
struct Place {
    path: PathBuf,
    /// It was a folder at the start: when it is gone, that is no wish to remove what was in it.
    is_folder: bool,
}

impl CertificateFiles {
    /// The certificates in the files and folders at `paths`.
    ///
    /// # Errors
    ///
    /// None was named (2), or one does not exist (1): said at the start, before anything is recorded.
    pub fn new(paths: &[PathBuf]) -> anyhow::Result<Self> {
        if paths.is_empty() {
            return Err(Failure::usage("no recipient")
                .hint("name a certificate or a folder of them: -r certs/")
                .into());
        }
        Self::open(paths, CERTIFICATES, MAX_FILE, "enroll-cert makes a certificate")
    }

    /// The revocation lists in the files and folders at `paths`, which may be none.
    ///
    /// # Errors
    ///
    /// One does not exist (1).
    pub fn revocation_lists(paths: &[PathBuf]) -> anyhow::Result<Self> {
        Self::open(paths, LISTS, MAX_LIST_FILE, "the authority that issued the certificates publishes the list")
    }

    fn open(paths: &[PathBuf], endings: &'static [&'static str], limit: usize, hint: &str) -> anyhow::Result<Self> {
        let mut places = Vec::new();
        for path in paths {
            let meta = fs::metadata(path).map_err(|e| {
                Failure::failed(format!("cannot read {}: {}", text::quoted_path(path), text::io_reason(&e))).hint(hint)
            })?;
            places.push(Place { path: path.clone(), is_folder: meta.is_dir() });
        }
        Ok(CertificateFiles { places, endings, limit, paths: BTreeMap::new() })
    }

    /// Whether one of the paths was a folder, or there are several.
    pub fn is_collection(&self) -> bool {
        self.places.len() > 1 || self.places.iter().any(|p| p.is_folder)
    }

    /// The files that are named by themselves, not by their folder.
    pub fn named(&self) -> impl Iterator<Item = &Path> {
        self.places.iter().filter(|p| !p.is_folder).map(|p| p.path.as_path())
    }

    /// Every file's name and content. A file that cannot be read is there without content, so that it is named as left out.
    pub fn read(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut files = Vec::new();
        for place in &self.places {
            let cannot = |e| format!("cannot read {}: {}", text::quoted_path(&place.path), text::io_reason(&e));
            files.extend(self.list_place(place).map_err(cannot)?);
        }
        let read = |(p, _): (PathBuf, Stamp)| (name(&p), read_bounded(&p, self.limit).unwrap_or_default());
        Ok(files.into_iter().map(read).collect())
    }

    /// The files of a place, by name; of a folder no dot files.
    fn list_place(&self, place: &Place) -> io::Result<Vec<(PathBuf, Stamp)>> {
        if !place.is_folder {
            return match fs::metadata(&place.path) {
                Ok(meta) => Ok(vec![(place.path.clone(), stamp(&meta))]),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(e) => Err(e),
            };
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&place.path)? {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
            if hidden || !ending.is_some_and(|e| self.endings.contains(&e.as_str())) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(meta) if meta.is_file() => files.push((path, stamp(&meta))),
                Err(e) if e.kind() != io::ErrorKind::NotFound => files.push((path, [0; 5])),
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
        let listed = self.places.iter().map(|place| Listing {
            folder: name(&place.path),
            files: self.list_place(place).map_err(|e| text::io_reason(&e)).map(|files| {
                let named = |(path, stamp): (PathBuf, Stamp)| {
                    let name = name(&path);
                    paths.insert(name.clone(), path);
                    (name, stamp)
                };
                files.into_iter().map(named).collect()
            }),
        });
        let listed = listed.collect();
        self.paths = paths;
        listed
    }

    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.paths.get(name).ok_or("not listed")?;
        read_bounded(path, self.limit).map_err(|e| match e.source().and_then(|e| e.downcast_ref::<io::Error>()) {
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

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// A pipe (`-r <(command)`) gives its content once, and its times change without that.
fn stamp(meta: &Metadata) -> Stamp {
    if !meta.is_file() {
        return [1; 5];
    }
    let ns = |s: i64, ns: i64| s.wrapping_mul(1_000_000_000).wrapping_add(ns) as u64;
    let content = ns(meta.mtime(), meta.mtime_nsec());
    [content, ns(meta.ctime(), meta.ctime_nsec()), meta.len(), meta.ino(), meta.dev()]
}
