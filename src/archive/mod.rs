//! Recordings as segments on a disk: how a stream is cut into them, what each holds, and how they are one recording again.
//!
//! This room knows records and names. It opens no file: whoever uses it hands over open files, and a [`Shelf`] to put them on.
//!
//! | file | idea |
//! |---|---|
//! | [`name`] | the name of a segment's file |
//! | [`segmenter`] | a stream cut into excerpts of whole epochs, each in a file of its own |
//! | [`segment`] | what a file holds, told by its records without a key |
//! | [`epoch_walk`] | from record to record of a file, frames passed over |
//! | [`finish_leftover`] | a file whose writer died, ended properly |
//! | [`repair`] | a damaged file copied, as much of it as is whole |
//! | [`retention`] | which segments are the oldest, and too many |
//! | [`recording`] | segments in their order, and what is between them |
//! | [`concat`] | segments as one stream |

mod concat;
pub mod continued;
pub mod encryptor;
mod epoch_walk;
mod error;
mod finish_leftover;
pub mod list_text;
pub mod listing;
mod name;
pub mod playback;
pub mod recorder;
mod recording;
mod repair;
mod retention;
mod segment;
mod segmenter;
pub mod selection;

pub use concat::{Joiner, Part};
pub use error::ArchiveError;
pub use finish_leftover::{Finished, Mend, finish_leftover};
pub use name::{Form, SegmentName};
pub use recording::{Entry, Recording, Seam, Seams, continued, recordings};
pub use repair::{Copied, Lost, TailFrame, copy_whole};
pub use retention::{Aged, Limits, oldest_to_remove};
pub use segment::{Closed, Segment, State, segments};
pub use segmenter::{Kept, SegmentFile, Segmenter, Shelf};

pub use continued::continued_stream;
pub use encryptor::Archiver;
pub use list_text::print_list;
pub use listing::Found;
pub use listing::list;
pub use playback::Checked;
pub use playback::open;
pub use playback::to_check;
pub use selection::ArchiveFlags;
pub use selection::ArchiveSpanFlags;
pub use selection::Choice;
pub use selection::ChosenRole;
