//! Playback: opens a recording, and makes plain streams, video files and pictures of it.

pub(crate) mod clip;
pub(crate) mod concat;
pub(crate) mod contact_sheet;
pub(crate) mod decrypt;
pub(crate) mod font;
pub(crate) mod footage;
mod keyring;
pub(crate) mod moment;
mod options;
pub(crate) mod remux;
pub(crate) mod seek_file;
pub(crate) mod seek_index;
pub(crate) mod skipped;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod timeline;
pub(crate) mod verify_ahead;

pub use clip::Span;
pub use contact_sheet::{MOST as MOST_ON_A_SHEET, SheetLayout, contact_sheet};
pub use decrypt::{write_plain, write_plain_noting};
pub use footage::Footage;
pub use keyring::Keyring;
pub use moment::{Moment, moment};
pub use options::SourceOptions;
pub use remux::{reader_is_gone, save};
pub use seek_index::Ground;
pub use snapshot::snapshot;
pub use source::Source;
