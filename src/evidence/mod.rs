//! What `view --export` does: a case, that is an excerpt of a recording with everything that is needed to check it.
//!
//! | file | idea |
//! |---|---|
//! | [`case`] | what is made, in which order |
//! | [`video`] | the video and the contact sheet, out of the excerpt |
//! | [`documents`] | certificates, verdict and epoch keys of the excerpt |
//! | [`checksums`] | SHA-256 of every file, and the signature over the list |
//! | [`readme`] | how to check it, for people |
//! | [`staging`] | the files before they get their name |
//! | [`zip`] | many files in one |

mod case;
mod checksums;
mod documents;
mod readme;
mod staging;
mod video;
mod zip;

pub use case::{ExportJob, export};
