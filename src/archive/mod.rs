//! Archives: streams sealed and recorded as segments in a folder, and segments as one recording again.
//!
//! [`Encryptor`] seals a plain stream, [`record`](recorder::record) keeps a stream as segments, [`list`] says what a
//! folder holds, [`open`] reads it as one input.
//!
//! | file | idea |
//! |---|---|
//! | `name` | the name of a segment's file |
//! | `segmenter` | a stream cut into excerpts of whole epochs, each in a file of its own |
//! | `segment` | what a file holds, as its records say without a key |
//! | `epoch_walk` | from record to record of a file, frames passed over |
//! | `folder` | the names in a folder, and whether a segment is being written |
//! | `recording` | segments in their order, and what is between them |
//! | `seam_text` | what is between two segments, in words |
//! | `listing` | the recordings in a folder |
//! | `selection` | one camera of a folder, from one time to another |
//! | `open` | the segments of folders as files of one input |
//! | `files_to_verify` | the files of an archive, to be verified one by one |
//! | `concat` | segments as one stream |
//! | `continue_from` | what the next recording says that it continues |
//! | `encryptor` | plain streams in, sealed streams out |
//! | [`recorder`] | a stream into a folder of segments |
//! | `retention` | which segments are the oldest, and too many |
//! | `finish_leftover` | a file whose writer died, ended properly |
//! | `copy_whole` | of a damaged stream, as much as is whole |
//! | `repair` | a damaged file copied |
//! | `list_journal` | which lists of recipients were seen in a file |
//! | `error` | what can go wrong |

mod concat;
mod continue_from;
mod copy_whole;
mod encryptor;
mod epoch_walk;
mod error;
mod files_to_verify;
mod finish_leftover;
mod folder;
mod list_journal;
mod listing;
mod name;
mod open;
pub mod recorder;
mod recording;
mod repair;
mod retention;
mod seam_text;
mod segment;
mod segmenter;
mod selection;

pub use concat::{Added, Joiner};
pub use continue_from::continued_stream;
pub use copy_whole::{Copied, Lost, TailFrame, copy_whole};
pub use encryptor::Encryptor;
pub use error::ArchiveError;
pub use files_to_verify::{FilesToVerify, files_to_verify};
pub use finish_leftover::{Finished, Mend, finish_leftover};
pub use folder::segment_names;
pub use list_journal::{ListJournal, STATE};
pub use listing::{Found, is_growing, list};
pub use name::{Form, SegmentName};
pub use open::{any_folder, open};
pub use recording::{Entry, Recording, Seam, Seams, continued, recordings};
pub use repair::{Repaired, repair};
pub use retention::{Aged, Limits, oldest_to_remove};
pub use seam_text::{clock_text, seam_text};
pub use segment::{Closed, Segment, SegmentState, segments};
pub use segmenter::{Kept, SegmentFile, SegmentStore, Segmenter};
pub use selection::Selection;
