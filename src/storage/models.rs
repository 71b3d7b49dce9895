//! Where the networks of detectors are kept: `scripts/get-model` puts them there.

use std::env;
use std::path::PathBuf;

/// Names the only folder in which models are looked for; empty, none is used.
const VARIABLE: &str = "VIDVEIL_MODELS";
/// The folder for everybody on the machine.
const SHARED: &str = "/usr/share/vidveil/models";
/// Our folder in a user's folder of data.
const OURS: &str = "vidveil/models";

/// A model that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstalledModel {
    /// It is here.
    Here(PathBuf),
    /// It is in none of the folders.
    Missing,
    /// The environment says that none is to be used.
    Unwanted,
}

/// Looks for the model `name` in `$VIDVEIL_MODELS`; without that in `$XDG_DATA_HOME/vidveil/models`, which is
/// `~/.local/share/vidveil/models` where that is not set, and in `/usr/share/vidveil/models`.
pub fn installed_model(name: &str) -> InstalledModel {
    let folders = match env::var_os(VARIABLE) {
        Some(none) if none.is_empty() => return InstalledModel::Unwanted,
        Some(folder) => vec![PathBuf::from(folder)],
        None => {
            let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
            let home = || env::home_dir().filter(|p| p.is_absolute()).map(|home| home.join(".local/share"));
            let own = data.or_else(home).map(|data| data.join(OURS));
            own.into_iter().chain([PathBuf::from(SHARED)]).collect()
        }
    };
    let here = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    here.map_or(InstalledModel::Missing, InstalledModel::Here)
}
