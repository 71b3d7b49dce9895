//! A folder for what a target must read from a file; removed when the process ends, if it ends well.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("vidveil-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is room for temporary files");
    folder
});

/// A name in it, for one target: two tests of one process may run at once.
pub fn place(name: &str) -> PathBuf {
    FOLDER.join(name)
}

/// A file with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = place(name);
    write(&path, bytes);
    path
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("there is room for temporary files");
}
