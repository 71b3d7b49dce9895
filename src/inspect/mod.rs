//! What a stream is, learnt record by record without a key: for `inspect` and `verify`.
//!
//! | file | idea |
//! |---|---|
//! | [`survey`] | the facts of one stream |
//! | [`surveyor`] | one stream after the other |
//! | [`tracks`] | what a track carried, and for how long |
//! | [`sessions`] | the key sessions and who can open them |
//! | [`access`] | what each certificate can open, from when to when |
//! | [`provenance`] | which original a public stream was made from |
//! | [`places`] | whether the index is right |
//! | [`text`] | the facts as text |
//! | [`json`], [`json_sessions`] | the facts as JSON |
//!
//! Memory does not grow with the frames or epochs of a stream; lists stop growing at [`LISTED`] entries and only count on.

mod access;
mod json;
mod json_sessions;
mod places;
mod provenance;
mod sessions;
mod survey;
mod surveyor;
mod text;
mod tracks;

pub use access::{Reach, reach};
pub use json::{end_name, json};
pub use provenance::Link;
pub use sessions::{Holder, KeySession, Person, Sessions};
pub use survey::{Ending, GrantSurvey, Survey};
pub use surveyor::Surveyor;
pub use text::report;
pub use tracks::TrackSurvey;

/// The most entries that are kept of a stream: key sessions, their recipients and the certificates left out, together; and
/// grants.
pub const LISTED: usize = 8192;
/// The most certificates that are kept of a stream.
pub const PEOPLE: usize = 1024;
