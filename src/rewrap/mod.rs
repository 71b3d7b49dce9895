//! What `rewrap` does: recipients changed in a copy or in place, and whole epochs cut out. No frame is opened.
//!
//! | file | idea |
//! |---|---|
//! | [`copy`] | stdin to stdout, record by record |
//! | [`copy_file`] | the same from file to file: what is between the keys records is the system's to copy |
//! | [`in_place`] | inside a file |
//! | [`cut`] | some epochs of it |
//! | [`epoch`] | the epoch being read for a cut, and those that were taken |
//! | [`kept`] | who stays with `--add`, and whether anybody vouches for the list |
//! | [`span`] | which frames a cut is for |

mod copy;
mod copy_file;
mod cut;
mod epoch;
mod grant;
mod in_place;
mod kept;
mod span;

pub use copy::copy;
pub use cut::{Excerpt, cut, excerpt};
pub use grant::GrantJob;
pub use grant::GrantSummary;
pub use grant::granted_tracks;
pub use grant::make_grants;
pub use in_place::in_place;
