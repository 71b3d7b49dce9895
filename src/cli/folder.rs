//! The certificates of `-r`: files and folders, read again at each epoch.

use std::fs;
use std::path::{Path, PathBuf};

use crate::keys::RecipientSet;
use crate::seal::RecipientSource;

use super::{Failure, read_bounded, text};

/// No certificate file is larger.
const CERTIFICATE_FILE: usize = 1 << 20;
/// What a certificate's file name ends with.
const ENDINGS: [&str; 4] = ["pem", "crt", "cer", "der"];

/// Certificate files and folders of them.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    paths: Vec<PathBuf>,
}

impl CertificateFiles {
    /// The files and folders at `paths`.
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
        for p in paths {
            fs::metadata(p).map_err(|e| {
                Failure::failed(format!("cannot read {}: {}", text::quoted_path(p), text::io_reason(&e)))
                    .hint("enroll-cert makes a certificate")
            })?;
        }
        Ok(CertificateFiles { paths: paths.to_vec() })
    }

    /// Every file's name and content. A file that cannot be read is there without content, so that it is named as left out.
    pub fn read(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut files = Vec::new();
        for path in &self.paths {
            if path.is_dir() {
                files.extend(list(path)?);
            } else {
                files.push(path.clone());
            }
        }
        let read = |p: PathBuf| (p.display().to_string(), read_bounded(&p, CERTIFICATE_FILE).unwrap_or_default());
        Ok(files.into_iter().map(read).collect())
    }
}

impl RecipientSource for CertificateFiles {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        Ok(RecipientSet::new(self.read()?, now_ns))
    }
}

/// The certificate files of a folder, by name; no dot files.
fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot =
        |e: std::io::Error| format!("cannot read the folder {}: {}", text::quoted_path(folder), text::io_reason(&e));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if !hidden && ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
