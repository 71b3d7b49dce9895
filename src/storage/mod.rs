//! Storage: names to bytes. Files, pipes, objects; outputs that appear whole; several inputs read as one.
//!
//! | file | idea |
//! |---|---|
//! | [`mod@file`] | files by name: opened, read whole, distinguished |
//! | [`location`] | names of objects on storage, `s3://BUCKET/KEY` |
//! | [`bucket`] | the bucket that such a name means |
//! | [`handle`] | what an input is read from: a file, a pipe, an object |
//! | `queue` | the files of one input |
//! | [`input`] | an input: the files, one after the other |
//! | [`output`] | where a stream is written |
//! | [`output_file`] | a file that is written, whose errors say which, and how much was wanted |
//! | [`standard_streams`] | stdin and stdout, and whether they are closed |
//! | [`guarded_folder`] | a folder that others may write to: no link followed, nothing foreign changed |
//! | [`models`] | where the networks of detectors are kept |
//! | [`state_home`] | where what is known of an archive is kept, outside of it |
//! | `untrusted` | why a file there is not opened |
//! | [`identity`] | what a file is, whatever its name |
//! | [`permissions`] | permissions of what is written |
//! | `read_files` | what a run reads, so that it writes to none of it |
//! | [`created`] | what a run has made, in case it fails |
//! | [`atomic_file`] | a file that appears whole or not at all |
//! | [`error`] | what can go wrong |
//! | `s3` | objects on S3-compatible storage (feature `s3`) |

pub mod atomic_file;
pub mod bucket;
pub mod created;
pub mod error;
pub mod file;
pub mod guarded_folder;
pub mod handle;
pub mod identity;
pub mod input;
pub mod location;
pub mod models;
pub mod output;
pub mod output_file;
pub mod permissions;
mod queue;
mod read_files;
#[cfg(feature = "s3")]
pub mod s3;
pub mod standard_streams;
pub mod state_home;
mod untrusted;

pub use atomic_file::{AtomicFile, Existing};
pub use created::CreatedFiles;
pub use error::{NOTHING_ARRIVED, StorageError, is_full};
pub use file::read_bounded;
pub use guarded_folder::{GuardedFolder, Kind, read_guarded};
pub use handle::Handle;
pub use identity::FileIdentity;
pub use input::Input;
pub use models::{InstalledModel, installed_model};
pub use output::{OutputOptions, StreamOutput};
pub use output_file::OutputFile;
pub use read_files::guard_read_files;
pub use standard_streams::{check_stdin, keep_closed, open_stdin, open_stdout};
pub use state_home::{make_state_folder, state_folder};
pub use untrusted::Untrusted;
