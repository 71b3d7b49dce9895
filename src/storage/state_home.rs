//! Where what is known of an archive between two runs is kept: outside of the archive, in the user's own state folder.
//!
//! Who can write an archive must not be able to say what was done to it. So nothing that is believed later lies in it.

use std::env;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::base::text;

/// Our folder in the state folder.
const OURS: &str = "vidveil/archives";
/// Bytes of an archive's name that its folder is named with, so that people find it.
const NAME: usize = 40;

/// The state folder for the archive in `root`, whether there is one or not: in `STATE_DIRECTORY` (of a systemd unit),
/// else `XDG_STATE_HOME`, else `~/.local/state`, and there `vidveil/archives/NAME-HASH`, HASH being of the folder's
/// real path. `None` where the environment names no such place.
pub fn state_folder(root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let path = root.as_os_str().as_encoded_bytes();
    let hash = digest(&SHA256, path);
    let hash = text::hex(hash.as_ref().get(..8).unwrap_or_default());
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(NAME).collect();
    Some(home()?.join(OURS).join(format!("{}-{hash}", plain.trim_start_matches('.'))))
}

/// Makes the state folder `path`; what is missing on the way is made for this user alone.
///
/// # Errors
///
/// It cannot be made.
pub fn make_state_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn home() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    // of several, which a colon parts, the first
    let of_unit = env::var("STATE_DIRECTORY").ok().and_then(|all| all.split(':').next().map(PathBuf::from));
    let of_unit = of_unit.filter(|p| p.is_absolute());
    of_unit
        .or_else(|| folder("XDG_STATE_HOME"))
        .or_else(|| env::home_dir().filter(|p| p.is_absolute()).map(|home| home.join(".local/state")))
}
