//! Stores and states by the names that people give.

use std::path::Path;

use crate::storage::{location, state_folder};

use super::error::BatchError;
use super::folder_state::FolderState;
use super::folder_store::FolderStore;
use super::store::{RunState, Store};

/// Where items come from. `destination` is no part of it, where it lies inside.
///
/// # Errors
///
/// There is none, or the two are the same.
pub fn source(name: &str, destination: Option<&str>) -> Result<Box<dyn Store>, BatchError> {
    if location::is_storage(Path::new(name)) {
        return stored::source(name, destination);
    }
    Ok(Box::new(FolderStore::source(name, destination.map(Path::new))?))
}

/// Where outputs go; made where it is missing.
///
/// # Errors
///
/// It cannot be made.
pub fn destination(name: &str) -> Result<Box<dyn Store>, BatchError> {
    if location::is_storage(Path::new(name)) {
        return stored::destination(name);
    }
    Ok(Box::new(FolderStore::destination(name)?))
}

/// Whether there is something of that name already.
pub fn exists(name: &str) -> bool {
    // asking is a request, and whoever names storage means it
    location::is_storage(Path::new(name)) || Path::new(name).exists()
}

/// The state of --state.
///
/// # Errors
///
/// It cannot be made.
pub fn state(name: &str) -> Result<Box<dyn RunState>, BatchError> {
    if location::is_storage(Path::new(name)) {
        return stored::state(name);
    }
    Ok(Box::new(FolderState::open(Path::new(name))?))
}

/// The state that `status` is asked about: of the runs into a store, or a state folder itself.
///
/// # Errors
///
/// There is none.
pub fn state_of(name: &str) -> Result<Box<dyn RunState>, BatchError> {
    if location::is_storage(Path::new(name)) {
        return stored::state_of(name);
    }
    let known = state_folder(Path::new(name)).filter(|p| p.is_dir());
    let path = known.unwrap_or_else(|| Path::new(name).to_owned());
    // only a folder of ours is looked into: nothing is made by asking
    if !path.join("locks").is_dir() {
        return Err(BatchError::NoRun { place: name.to_owned() });
    }
    state(&path.to_string_lossy())
}

#[cfg(feature = "s3")]
mod stored {
    use super::super::s3_store::ObjectStore;
    use super::{BatchError, RunState, Store};

    pub fn source(name: &str, destination: Option<&str>) -> Result<Box<dyn Store>, BatchError> {
        Ok(Box::new(ObjectStore::source(name, destination)?))
    }

    pub fn destination(name: &str) -> Result<Box<dyn Store>, BatchError> {
        Ok(Box::new(ObjectStore::destination(name)?))
    }

    pub fn state(name: &str) -> Result<Box<dyn RunState>, BatchError> {
        Ok(Box::new(ObjectStore::destination(name)?.state_here()))
    }

    pub fn state_of(name: &str) -> Result<Box<dyn RunState>, BatchError> {
        let store = ObjectStore::destination(name)?;
        for state in [store.state_below(), store.state_here()] {
            if !state.names()?.is_empty() {
                return Ok(Box::new(state));
            }
        }
        Err(BatchError::NoRun { place: name.to_owned() })
    }
}

#[cfg(not(feature = "s3"))]
mod stored {
    use std::path::Path;

    use super::{BatchError, RunState, Store, location};

    pub fn source(name: &str, _destination: Option<&str>) -> Result<Box<dyn Store>, BatchError> {
        Err(location::no_storage(Path::new(name)).into())
    }

    pub fn destination(name: &str) -> Result<Box<dyn Store>, BatchError> {
        source(name, None)
    }

    pub fn state(name: &str) -> Result<Box<dyn RunState>, BatchError> {
        Err(location::no_storage(Path::new(name)).into())
    }

    pub fn state_of(name: &str) -> Result<Box<dyn RunState>, BatchError> {
        state(name)
    }
}
