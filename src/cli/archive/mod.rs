//! Archive folders, as `record` makes them: what is in them, and one recording of them as input.
//!
//! | file | idea |
//! |---|---|
//! | [`listing`] | the recordings in a folder |
//! | [`told`] | the same for people and as JSON |
//! | [`choice`] | one camera, from one time to another |
//! | [`playback`] | its segments as one stream |
//! | [`after`] | what the next recording says that it continues |

mod after;
mod choice;
mod listing;
mod playback;
mod told;

pub use after::continued_stream;
pub use choice::{ArchiveFlags, Choice, ChosenRole, choose};
pub use listing::{Found, list};
pub use playback::{is_folder, open};
pub use told::{print_list, seam_text};
