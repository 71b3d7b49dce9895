//! Storage: names to bytes. Files, pipes, objects, outputs that appear whole, several inputs as one.

pub(crate) mod atomic_file;
pub(crate) mod handle;
pub(crate) mod input;
pub mod location;
pub(crate) mod output;
pub(crate) mod queue;
#[cfg(feature = "s3")]
pub mod s3;

pub use atomic_file::{AtomicFile, Existing};
pub use input::{Input, NOTHING_ARRIVED, nothing_arrived, read_bounded};
pub use output::StreamOutput;
