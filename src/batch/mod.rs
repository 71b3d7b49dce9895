//! What `reprocess` does: a command over every item of an archive, resumable, several at once, in shares on a cluster.
//!
//! | file | idea |
//! |---|---|
//! | [`flags`] | what may be said |
//! | [`store`] | where items come from, outputs go, and state is kept: the interface |
//! | [`folder_store`], [`folder_state`] | a folder as that |
//! | `bucket_store`, `bucket_state`, `bucket_lock` | a folder on storage as that (feature `s3`) |
//! | [`open_store`] | stores by their names |
//! | [`select`] | which items are meant: camera, time, who can open them |
//! | [`manifest`] | what was done, a line an item |
//! | [`due`] | whether an item is to be done |
//! | [`plan`] | the items of a command, and whose share each is |
//! | [`shard`], [`share`] | shares, how schedulers number them, and which is this run's |
//! | [`in_place`] | commands that change an item where it lies |
//! | [`shell`], [`orphan_guard`] | how jobs are started, and that none outlives the run |
//! | [`job`], [`input_hash`], [`pipes`] | one job; its input and output, hashed on the way |
//! | [`output_kind`] | what an output is, its name, and whether it is all there |
//! | [`attempt`] | one item: locked, looked at, tried, judged |
//! | [`runner`] | so many jobs at once |
//! | [`commit`] | results synced, named, written down |
//! | [`report`] | events, progress, summary |
//! | [`status`] | how far runs are |
//! | [`run`] | flags in, a run out |

mod attempt;
mod commit;
mod due;
mod flags;
mod folder_state;
mod folder_store;
mod in_place;
mod input_hash;
mod job;
mod manifest;
mod open_store;
mod orphan_guard;
mod output_kind;
mod pipes;
mod plan;
mod report;
mod run;
mod runner;
#[cfg(feature = "s3")]
mod s3_lock;
#[cfg(feature = "s3")]
mod s3_state;
#[cfg(feature = "s3")]
mod s3_store;
mod select;
mod shard;
mod share;
mod shell;
mod status;
mod store;

pub use flags::{ReprocessFlags, SelectionFlags};
pub use folder_state::FolderState;
pub use folder_store::FolderStore;
pub use manifest::{Input, Line, Manifests, Outcome, Output, name as manifest_name};
pub use plan::{Head, Item, Plan};
pub use run::reprocess;
#[cfg(feature = "s3")]
pub use s3_state::ObjectState;
#[cfg(feature = "s3")]
pub use s3_store::ObjectStore;
pub use shard::{Choice, Numbering, Shard, Task, array_spec, shares};
pub use store::{Draft, Entry, Listing, Lock, ReadSeek, STATE, Source, State, Store};
