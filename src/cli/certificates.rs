//! Certificates out of a file, or out of a folder of them.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::{Failure, Session, read_bounded, text};
use crate::keys::certificate::MAX_FILE;

/// What a file of certificates in a folder is named.
const EXTENSIONS: [&str; 4] = ["pem", "crt", "cer", "der"];
/// The most files of one folder.
const MAX_FILES: usize = 4096;

/// Reads one file, or every `*.pem`, `*.crt`, `*.cer` and `*.der` (in any case, no dot files) of one folder in the order
/// of their names. Gives name and bytes of each, as [`RecipientSet::new`](crate::keys::RecipientSet::new) takes them. A
/// file in a folder that cannot be read is warned of and comes without bytes: it counts as unreadable, and the others
/// are used.
///
/// # Errors
///
/// A [`Failure`] (1): the file or the folder is missing, unreadable or too large.
pub fn read_certificates(path: &Path, session: &Session) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    if !path.is_dir() {
        return Ok(vec![(path.to_string_lossy().into_owned(), read_bounded(path, MAX_FILE)?)]);
    }
    let cannot_read = || format!("cannot read the folder {}", text::quoted_path(path));
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).with_context(cannot_read)? {
        let file = entry.with_context(cannot_read)?.path();
        if is_certificate_name(&file) && !file.is_dir() {
            paths.push(file);
        }
        if paths.len() > MAX_FILES {
            return Err(Failure::failed(format!("{} holds too many files", text::quoted_path(path))).into());
        }
    }
    paths.sort();
    let read = |file: &std::path::PathBuf| {
        let bytes = read_bounded(file, MAX_FILE).unwrap_or_else(|error| {
            session.warn(format!("{error:#}"));
            Vec::new()
        });
        (file.to_string_lossy().into_owned(), bytes)
    };
    Ok(paths.iter().map(read).collect())
}

fn is_certificate_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}
