//! Archive folders, as `record` makes them: what is in them, and one recording of them as input.
//!
//! | file | idea |
//! |---|---|
//! | [`listing`] | the recordings in a folder |
//! | [`told`] | the same for people and as JSON |
//! | [`choice`] | one camera, from one time to another |
//! | [`playback`] | its segments as files of one input |
//! | [`after`] | what the next recording says that it continues |

mod after;
mod choice;
mod listing;
mod playback;
mod told;

pub use after::continued_stream;
pub use choice::{ArchiveFlags, ArchiveSpanFlags, Choice, ChosenRole};
pub use listing::{Found, list};
pub use playback::{Checked, open, to_check};
pub use told::print_list;
