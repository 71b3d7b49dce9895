//! Playback: opens a recording, and makes plain streams, video files and pictures of it.
//!
//! | file | idea |
//! |---|---|
//! | [`source`](Source) | an input that is opened record by record, with a verdict at its end |
//! | [`options`](SourceOptions) | what a reader insists on |
//! | [`keyring`](Keyring) | what opens a stream: private keys, and grants |
//! | `files` | the files of an input, opened one after the other |
//! | `admission` | which streams may be read with the keys that were given |
//! | `verify_ahead` | an epoch's signature checked before its frames are released |
//! | `concat` | consecutive excerpts of one stream, read as one stream |
//! | `gap` | the warning of a gap between two pieces of a recording |
//! | `wholeness` | whether all of an input came, and what it lacks |
//! | [`skipped`](Skipped) | what of a stream does not open with the given keys |
//! | [`decrypt`](write_plain) | a source written out again as plain streams |
//! | [`footage`](Footage) | the packets of an input, from one moment to another |
//! | [`moment`](Moment) | moments of a stream as people name them |
//! | [`choice`](TrackChoice) | which tracks are shown |
//! | [`clip`](Span) | which packets are shown |
//! | `shown` | which tracks are shown, over streams that describe them in different words |
//! | `timeline` | one line of time through the streams of an input |
//! | [`seek_index`](SeekIndex) | going to a moment of a file by its index |
//! | `seek_file` | which files of a recording in pieces lie before a moment |
//! | `hidden` | packets that are decoded and not shown, where a file is made |
//! | `opening` | where a video file begins: at 0, with its first picture |
//! | [`remux`](remux()) | packets into a video container, without encoding them again |
//! | [`snapshot`](snapshot()) | the picture that is shown at a moment |
//! | [`contact_sheet`](contact_sheet()) | small pictures over the whole length |
//! | [`picture`](to_png) | decoded pictures as images |
//! | [`font`] | a bitmap font for times and names under pictures |
//! | [`error`](PlaybackError) | what can go wrong |

mod admission;
mod choice;
mod clip;
mod concat;
mod contact_sheet;
mod decrypt;
mod error;
mod files;
pub mod font;
mod footage;
mod gap;
mod hidden;
mod keyring;
mod moment;
mod opening;
mod options;
mod picture;
mod remux;
mod seek_file;
mod seek_index;
mod shown;
mod skipped;
mod snapshot;
mod source;
mod timeline;
mod verify_ahead;
mod wholeness;

pub use choice::TrackChoice;
pub use clip::Span;
pub use contact_sheet::{MOST as MOST_ON_A_SHEET, SheetLayout, contact_sheet};
pub use decrypt::{write_plain, write_plain_noting};
pub use error::{Damage, PlaybackError};
pub use footage::Footage;
pub use keyring::Keyring;
pub use moment::{Moment, hh_mm_ss, moment};
pub use options::SourceOptions;
pub use picture::to_png;
pub use remux::remux;
pub use seek_index::SeekIndex;
pub use skipped::{Skipped, epochs_text, who_could};
pub use snapshot::snapshot;
pub use source::Source;
