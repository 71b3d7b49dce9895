//! What `reprocess` does: a command over every item of an archive, resumable, several at once, in shares on a cluster.
//!
//! | file | idea |
//! |---|---|
//! | [`flags`] | what may be said |
//! | [`store`] | where items come from, outputs go, and state is kept: the interface |
//! | [`folder_store`], [`folder_state`] | a folder as that |
//! | `bucket_store`, `bucket_state`, `bucket_lock` | a folder on storage as that (feature `s3`) |
//! | [`open`] | stores by their names |
//! | [`select`] | which items are meant: camera, time, who can open them |
//! | [`manifest`] | what was done, a line an item |
//! | [`need`] | whether an item is to be done |
//! | [`plan`] | the items of a command, and whose share each is |
//! | [`shard`], [`share`] | shares, how schedulers number them, and which is this run's |
//! | [`in_place`] | commands that change an item where it lies |
//! | [`shell`], [`leash`] | how jobs are started, and that none outlives the run |
//! | [`job`], [`follow`], [`pump`] | one job; its input and output, hashed on the way |
//! | [`outcome`] | what an output is, its name, and whether it is all there |
//! | [`attempt`] | one item: locked, looked at, tried, judged |
//! | [`runner`] | so many jobs at once |
//! | [`commit`] | results synced, named, written down |
//! | [`report`] | events, progress, summary |
//! | [`status`] | how far runs are |
//! | [`work`] | flags in, a run out |

mod attempt;
#[cfg(feature = "s3")]
mod bucket_lock;
#[cfg(feature = "s3")]
mod bucket_state;
#[cfg(feature = "s3")]
mod bucket_store;
mod commit;
mod flags;
mod folder_state;
mod folder_store;
mod follow;
mod in_place;
mod job;
mod leash;
mod manifest;
mod need;
mod open;
mod outcome;
mod plan;
mod pump;
mod report;
mod runner;
mod select;
mod shard;
mod share;
mod shell;
mod status;
mod store;
mod work;

#[cfg(feature = "s3")]
pub use bucket_state::ObjectState;
#[cfg(feature = "s3")]
pub use bucket_store::ObjectStore;
pub use flags::{ReprocessFlags, SelectionFlags};
pub use folder_state::FolderState;
pub use folder_store::FolderStore;
pub use manifest::{Input, Line, Manifests, Outcome, Output, name as manifest_name};
pub use plan::{Head, Item, Plan};
pub use shard::{Choice, Numbering, Shard, Task, array_spec, shares};
pub use store::{Draft, Entry, Listing, Lock, ReadSeek, STATE, Source, State, Store};
pub use work::reprocess;
