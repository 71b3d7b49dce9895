//! Private keys that lie where only certificates should.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::text;
use crate::storage::file;

/// What is read of a file to see whether it is one.
const HEAD: u64 = 64 << 10;

/// What to say of each private key in PEM form in a folder of certificates: who takes this machine would open with it
/// everything that is encrypted here. Dot files and what is no regular file are left out.
pub fn stray_keys(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_key(p)).collect();
    paths.sort();
    let say = |path: &PathBuf| {
        let name = text::quoted_path(path);
        format!("{name} is a private key: whoever gets it opens what is encrypted here, so it belongs elsewhere")
    };
    paths.iter().map(say).collect()
}

fn is_key(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|n| n.as_encoded_bytes().starts_with(b"."));
    if hidden || !fs::metadata(path).is_ok_and(|meta| meta.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let read = file::open_regular(path).map(|f| f.take(HEAD).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && head.windows(MARK.len()).any(|w| w == MARK)
}

/// The end of the first line of every private key in PEM form, of SSH's, too.
const MARK: &[u8] = b"PRIVATE KEY-----";
