//! Stores and states by the names that people give.

use std::path::Path;

use crate::cli::Failure;

use super::folder_state::FolderState;
use super::folder_store::FolderStore;
use super::store::{STATE, State, Store};

/// Where items come from. `destination` is no part of it, where it lies inside.
///
/// # Errors
///
/// There is none (1), or the two are the same (2).
pub fn source(name: &str, destination: Option<&str>) -> anyhow::Result<Box<dyn Store>> {
    Ok(Box::new(FolderStore::source(name, destination.map(Path::new))?))
}

/// Where outputs go; made where it is missing.
///
/// # Errors
///
/// It cannot be made (1).
pub fn destination(name: &str) -> anyhow::Result<Box<dyn Store>> {
    Ok(Box::new(FolderStore::destination(name)?))
}

/// Whether there is something of that name already.
pub fn exists(name: &str) -> bool {
    Path::new(name).exists()
}

/// The state of --state.
///
/// # Errors
///
/// It cannot be made (1).
pub fn state(name: &str) -> anyhow::Result<Box<dyn State>> {
    Ok(Box::new(FolderState::open(Path::new(name))?))
}

/// The state that `status` is asked about: of the runs into a store, or a state folder itself.
///
/// # Errors
///
/// There is none (1).
pub fn state_of(name: &str) -> anyhow::Result<Box<dyn State>> {
    let inside = Path::new(name).join(STATE);
    let path = if inside.is_dir() { inside } else { Path::new(name).to_owned() };
    // only a folder of ours is looked into: nothing is made by asking
    match path.join("locks").is_dir() {
        true => state(&path.to_string_lossy()),
        false => Err(Failure::failed(format!("there is no run in {}", crate::cli::text::quoted(name)))
            .hint("name the folder of the outputs, or that of --state")
            .into()),
    }
}
