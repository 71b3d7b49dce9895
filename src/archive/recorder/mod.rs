//! The recorder: a stream into a folder of segments, needing no key.
//!
//! | file | idea |
//! |---|---|
//! | `record` | a stream read, checked against the policy, and kept as segments |
//! | `policy` | what may be recorded |
//! | `segment_files` | segments as files of a folder: new names only, synced before they are final |
//! | `syncer` | what was written goes to the disk every second, also while nothing comes |
//! | `recover` | segments that a writer left when it died |
//! | `sweep` | the oldest segments removed |

mod policy;
mod record;
mod recover;
mod segment_files;
mod sweep;
mod syncer;

pub use policy::Policy;
pub use record::{RecorderOptions, record};
