//! What `reprocess` does: a command over every item of an archive, resumable, several at once, in shares on a cluster.
//!
//! | file | idea |
//! |---|---|
//! | [`flags`] | what may be said |
//! | [`store`] | where items come from, outputs go, and state is kept: the interface |
//! | [`folder_store`], [`folder_state`] | a folder as that |
//! | `object_store`, `object_state`, `object_lock` | a folder on storage as that (feature `s3`) |
//! | [`manifest`] | what was done, a line an item |
//! | [`plan`] | the items of a command, and whose share each is |
//! | [`shard`] | shares, and how schedulers number them |

mod flags;
mod folder_state;
mod folder_store;
mod manifest;
#[cfg(feature = "s3")]
mod object_lock;
#[cfg(feature = "s3")]
mod object_state;
#[cfg(feature = "s3")]
mod object_store;
mod plan;
mod shard;
mod store;

pub use flags::{ReprocessFlags, SelectionFlags};
pub use folder_state::FolderState;
pub use folder_store::FolderStore;
pub use manifest::{Input, Line, Manifests, Outcome, Output, name as manifest_name};
#[cfg(feature = "s3")]
pub use object_state::ObjectState;
#[cfg(feature = "s3")]
pub use object_store::ObjectStore;
pub use plan::{Head, Item, Plan};
pub use shard::{Choice, Numbering, Shard, Task, array_spec, shares};
pub use store::{Draft, Entry, Listing, Lock, ReadSeek, STATE, Source, State, Store};

use crate::cli::{Failure, Session};

/// Does what the flags say.
///
/// # Errors
///
/// Some item failed (1), or was damaged and none failed otherwise (3); a signal came (130).
pub fn reprocess(_flags: ReprocessFlags, _session: &Session) -> anyhow::Result<()> {
    Err(Failure::failed("not built yet").into())
}
