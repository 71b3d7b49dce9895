//! Batch: a command over every item of an archive, resumable, several at once, in shares on a cluster.
//!
//! A run is prepared first, so that it can be inspected, and then done:
//!
//! ```no_run
//! use vidveil::base::Report;
//! use vidveil::batch::{BatchOptions, BatchRun, JobSurroundings, RunVerdict, Selection, Work};
//!
//! let work = Work::Command {
//!     command: "protect -i server.key".into(),
//!     source: "archive".into(),
//!     destination: Some("public".into()),
//!     in_place: false,
//!     selection: Selection { camera: Some("gate".into()), ..Selection::default() },
//!     suffix: None,
//! };
//! let run = BatchRun::prepare(work, BatchOptions { keep_going: true, ..BatchOptions::default() })?;
//! println!("{} items are due", run.due().len());
//! let summary = run.run(&JobSurroundings::default(), &(), &Report::silent())?;
//! assert_eq!(summary.verdict(), RunVerdict::Done);
//! # Ok::<(), vidveil::batch::BatchError>(())
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `options` | what a run does, and how |
//! | `run` | options in, a run out |
//! | `error` | what can go wrong with a run |
//! | `store` | where items come from, outputs go, and state is kept: the interface |
//! | `folder_store`, `folder_state` | a folder as that |
//! | `s3_store`, `s3_state`, `s3_lock` | a folder on storage as that (feature `s3`) |
//! | `open_store` | stores by their names |
//! | `select` | which items are meant: camera, time, who can open them |
//! | `manifest` | what was done, a line an item |
//! | `due` | whether an item is to be done |
//! | `plan` | the items of a command, and whose share each is |
//! | `shard`, `share` | shares, how schedulers number them, and which is this run's |
//! | `in_place` | commands that change an item where it lies |
//! | `shell`, `orphan_guard` | how jobs are started, and that none outlives the run |
//! | `job`, `input_hash`, `pipes` | one job; its input and output, hashed on the way |
//! | `job_end` | how a job ended, by its exit status |
//! | `output_kind` | what an output is, its name, and whether it is all there |
//! | `shared` | what the workers of a run share |
//! | `attempt` | one item: locked, examined, tried, judged |
//! | `runner` | several jobs at once |
//! | `commit` | results synced, named, written down |
//! | `counts` | what became of the items |
//! | `observer` | who follows a run |
//! | `status` | how far runs are |

mod attempt;
mod commit;
mod counts;
mod due;
mod error;
mod folder_state;
mod folder_store;
mod in_place;
mod input_hash;
mod job;
mod job_end;
mod manifest;
mod observer;
mod open_store;
mod options;
mod orphan_guard;
mod output_kind;
mod pipes;
mod plan;
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
mod shared;
mod shell;
mod status;
mod store;

pub use counts::{Counts, FailedItem, RunVerdict, Summary};
pub use error::{BatchError, PlanFault};
pub use folder_state::FolderState;
pub use folder_store::FolderStore;
pub use job_end::JobEnd;
pub use manifest::{InputRecord, ManifestLine, Manifests, Outcome, OutputRecord, name as manifest_name};
pub use observer::Observer;
pub use options::{BatchOptions, Work};
pub use output_kind::check_suffix;
pub use plan::{Plan, PlanHead, PlanItem};
pub use run::BatchRun;
#[cfg(feature = "s3")]
pub use s3_state::ObjectState;
#[cfg(feature = "s3")]
pub use s3_store::ObjectStore;
pub use select::Selection;
pub use shard::{ClusterTask, MAX_SHARDS, Numbering, Shard, ShardChoice, array_spec, shares};
pub use shell::JobSurroundings;
pub use status::{RunStatus, StatusVerdict, UndoneItem, status, verdict as status_verdict};
pub use store::{Draft, Entry, ItemSource, LeftOut, Listing, Lock, ReadSeek, RunState, STATE, Store};
