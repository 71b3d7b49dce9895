//! Recordings as segments on a disk: how a stream is cut into them, what each holds, and how they are one recording again.
//!
//! This room knows records and names. It opens no file: whoever uses it hands over open files, and a [`Shelf`] to put them on.
//!
//! | file | idea |
//! |---|---|
//! | [`name`] | the name of a segment's file |
//! | [`segmenter`] | a stream cut into excerpts of whole epochs, each in a file of its own |
//! | [`segment`] | what a file holds, told by its records without a key |
//! | [`walk`] | from record to record of a file, frames passed over |
//! | [`salvage`] | a file whose writer died, ended properly |
//! | [`repair`] | a damaged file copied, as much of it as is whole |
//! | [`retention`] | which segments are the oldest, and too many |
//! | [`recording`] | segments in their order, and what is between them |
//! | [`joiner`] | segments as one stream |

mod error;
mod joiner;
mod name;
mod recording;
mod repair;
mod retention;
mod salvage;
mod segment;
mod segmenter;
mod walk;

pub use error::ArchiveError;
pub use joiner::{Joiner, Part};
pub use name::{Form, SegmentName, file_name_part};
pub use recording::{Entry, Recording, Seam, Seams, continued, recordings};
pub use repair::{Copied, Lost, TailFrame, copy_whole};
pub use retention::{Aged, Limits, oldest_to_remove};
pub use salvage::{Finished, Mend, finish_leftover};
pub use segment::{Closed, Segment, State, segments};
pub use segmenter::{Kept, SegmentFile, Segmenter, Shelf};
