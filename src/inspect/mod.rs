//! What a stream is, learned record by record without a key: for `inspect` and `verify`.
//!
//! | file | idea |
//! |---|---|
//! | `survey` | the facts of a stream, and of one stream after another |
//! | `tracks` | what a track carried, and for how long |
//! | `sessions` | the key sessions and who can open them |
//! | `grants` | the grants, as they claim to be |
//! | `access` | what each certificate can open, from when to when |
//! | `provenance` | which original a public stream was made from |
//! | `index_check` | whether the index is right |
//! | `text` | the facts as text |
//! | `json`, `json_sessions` | the facts as JSON |
//!
//! Memory does not grow with the frames or epochs of a stream; lists stop growing at [`MAX_ENTRIES`] entries, and more
//! are only counted.

mod access;
mod grants;
mod index_check;
mod json;
mod json_sessions;
mod provenance;
mod sessions;
mod survey;
mod text;
mod tracks;

pub use access::{Access, access};
pub use grants::{GrantSurvey, Grants};
pub use json::json;
pub use provenance::Provenance;
pub use sessions::{Holder, KeySession, ListedCertificate, MAX_CERTIFICATES, MAX_ENTRIES, Sessions};
pub use survey::{Ending, Survey, Surveyor};
pub use text::text;
pub use tracks::TrackSurvey;
