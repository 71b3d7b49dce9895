//! What `record` does: the archiver's disk half.
//!
//! | file | idea |
//! |---|---|
//! | [`recorder`] | a stream read, judged by policy, and kept as segments |
//! | [`shelf`] | segments as files of a folder: new names only, synced before they are final |
//! | [`syncer`] | what was written goes to the disk every second, also while nothing comes |
//! | [`leftovers`] | segments that a writer left when it died |
//! | [`keeping`] | the oldest segments removed |
//! | [`repair`] | a damaged file copied as far as it is whole |

mod keeping;
mod leftovers;
mod recorder;
mod repair;
mod shelf;
mod syncer;

pub use recorder::{Policy, RecordSettings, record};
pub use repair::repair;
pub(super) use shelf::{is_being_written, names};
