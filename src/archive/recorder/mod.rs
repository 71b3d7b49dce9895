//! What `record` does: the archiver's disk half.
//!
//! | file | idea |
//! |---|---|
//! | [`recorder`] | a stream read, judged by policy, and kept as segments |
//! | [`segment_files`] | segments as files of a folder: new names only, synced before they are final |
//! | [`syncer`] | what was written goes to the disk every second, also while nothing comes |
//! | [`recover`] | segments that a writer left when it died |
//! | [`sweep`] | the oldest segments removed |
//! | [`repair`] | a damaged file copied as far as it is whole |

mod recorder;
mod recover;
mod repair;
mod segment_files;
mod sweep;
mod syncer;

pub use recorder::{Policy, RecordSettings, record};
pub use repair::repair;
pub(crate) use segment_files::{is_being_written, names};
